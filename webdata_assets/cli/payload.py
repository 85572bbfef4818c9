"""`webdata payload`: the stored bytes of a page, as a file. They are written, and never opened.

What belongs here: from a hash to a file. What does not: reading what the bytes mean (stages/extract/).
"""

import re
from pathlib import Path
from typing import Any

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.settings import Settings

_EXTENSIONS = {
    "text/html": "html", "application/xhtml+xml": "xhtml", "application/json": "json", "text/plain": "txt",
    "application/xml": "xml", "text/xml": "xml", "application/rss+xml": "xml", "application/atom+xml": "xml",
    "image/svg+xml": "svg", "text/css": "css", "text/javascript": "js", "application/javascript": "js",
    "application/pdf": "pdf", "image/png": "png", "image/jpeg": "jpeg", "image/gif": "gif",
    "image/webp": "webp",
}  # fmt: skip
_INERT = re.compile(r"txt|json|png|jpeg|gif|webp")
"""What a double click shows and does not run. All else ends in `.txt`, or in `.bin` where it is binary."""


def write_payload(prefix: str, out: Path | None) -> dict[str, Any]:
    """Write the bytes of a payload to a file that was not there.

    Args:
        prefix: the first digits of its hash.
        out: the file; the hash with a harmless extension, in the working folder, if none.

    Returns:
        `path`, `payload_hash`, `content_type`, `bytes`, `url` and `partition`.

    Raises:
        UnknownKeyError: no payload, or several, have a hash that begins so.
        PayloadMissingError: it is named, and not there any more.
        PayloadCorruptError: the stored bytes have another hash.
        PermanentError: the file exists, or cannot be written.
    """
    from webdata_assets.partitions import Partition
    from webdata_assets.store import Store
    from webdata_assets.store.trace import find_payload

    store = Store.of(Settings())
    page = find_payload(store, prefix)
    digest = page["payload_hash"]
    body = (
        store.blobs.get(digest)
        if page["in_blobs"]
        else store.payloads.load(page["source"], page["url"], digest, page["payload_date"])
    )
    path = out or Path(f"{digest}.{extension(page['content_type'], in_blobs=page['in_blobs'])}")
    try:
        with path.open("xb") as file:
            file.write(body)
    except FileExistsError as error:
        raise PermanentError(
            f"{path} exists; name another file with --out", failure_domain=FailureDomain.CONFIGURATION
        ) from error
    except OSError as error:
        raise PermanentError(
            f"{path} cannot be written ({error.strerror}); name another file with --out",
            failure_domain=FailureDomain.CONFIGURATION,
        ) from error
    return {
        "path": str(path),
        "payload_hash": digest,
        "content_type": page["content_type"],
        "bytes": len(body),
        "url": page["url"],
        "partition": Partition(page["date"], page["source"]).key,
    }


def extension(content_type: str | None, *, in_blobs: bool) -> str:
    """Return a file name extension by which nothing runs what a site sent.

    Args:
        content_type: as the server said it.
        in_blobs: whether the payload is a binary.
    """
    said = _EXTENSIONS.get((content_type or "").partition(";")[0].strip().lower(), "")
    if _INERT.fullmatch(said):
        return said
    return ".".join(filter(None, [said, "bin" if in_blobs else "txt"]))
