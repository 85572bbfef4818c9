"""Folders in an object store: the objects below a prefix, as a folder's files.

What belongs here: names, patterns, and reading one object under a cap. What does not: folders of this
machine, and URLs (files.py).
"""

from collections.abc import Iterator
from fnmatch import fnmatchcase

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.stages.crawl.http.bodies import body_too_large
from webdata_assets.stages.objects import Objects


def list_names(objects: Objects, pattern: str) -> Iterator[str]:
    """Yield the keys below the prefix that match a glob: `*` within a part, `**/` for any parts.

    Raises:
        PermanentError: CONFIGURATION, the prefix cannot be read, or the pattern leads out of it.
        TransientError: RESOURCE, the store does not answer.
    """
    wanted = pattern.split("/")
    if not pattern or pattern.startswith("/") or ".." in wanted:
        raise PermanentError(
            f"the pattern {pattern!r} leads out of {objects.uri}; write one such as `**/*.html`",
            failure_domain=FailureDomain.CONFIGURATION,
        )
    return (info.key for info in objects.list() if _matches(info.key.split("/"), wanted))


def read(objects: Objects, name: str, max_bytes: int) -> tuple[bytes, str] | None:
    """Return an object's bytes and entity tag; None where there is none.

    Raises:
        PermanentError: RESOURCE, when it is larger than the cap.
    """
    size = objects.size(name)
    if size is None:
        return None
    if size > max_bytes:
        raise body_too_large(max_bytes)
    found = objects.get_with_etag(name)
    if found is not None and len(found[0]) > max_bytes:
        # it was replaced in between
        raise body_too_large(max_bytes)
    return found


def _matches(parts: list[str], wanted: list[str]) -> bool:
    """Return whether a path matches a glob, part by part, as `Path.glob` finds files."""
    if not wanted or not parts:
        return not wanted and not parts
    if wanted[0] == "**":
        return any(_matches(parts[skipped:], wanted[1:]) for skipped in range(len(parts)))
    return fnmatchcase(parts[0], wanted[0]) and _matches(parts[1:], wanted[1:])
