"""Content types of stored files.

What belongs here: telling them by name and first bytes. What does not: reading files (files.py).
"""

import functools
import mimetypes
import re

_SNIFFED_BYTES = 1_024
_HTML = re.compile(
    rb"^(?:\xef\xbb\xbf)?\s*(?:<!--(?:(?!-->).)*-->\s*)*<(?:!doctype html|html|head|body)[\s>]",
    re.IGNORECASE | re.DOTALL,
)


def content_type_of(name: str, body: bytes) -> str:
    """Return the content type by the name's extension, or by what the file begins with."""
    by_name, compression = _types().guess_type(name, strict=False)
    if compression is not None:
        return "application/gzip" if compression == "gzip" else "application/octet-stream"
    if by_name is not None:
        return by_name
    return "text/html" if _HTML.match(body[:_SNIFFED_BYTES]) else "application/octet-stream"


@functools.cache
def _types() -> mimetypes.MimeTypes:
    # the table of Python itself: by that of the machine, pages would differ from one machine to the next
    return mimetypes.MimeTypes()
