"""The way in of folders: files that stand for pages, each under a URL of its own.

What belongs here: listing files, and answering a request from one. What does not: their URLs (file_urls.py),
and archives of captures (warc.py).

The URL of a file is `base_url` and the file's path below the folder, percent-encoded. Each file has one URL,
and each URL one file: a folder has none, `index.html` is not hidden, and no query names a file.
"""

import datetime as dt
import errno
import os
import re
import stat
import time
from collections.abc import Iterator, Mapping
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path
from types import MappingProxyType

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.sources.discover import DiscoverFiles
from webdata_assets.sources.model import Source
from webdata_assets.stages.crawl.http.bodies import body_too_large
from webdata_assets.stages.crawl.stored import prefixes
from webdata_assets.stages.crawl.stored.content_types import content_type_of
from webdata_assets.stages.crawl.stored.file_urls import base_of, name_of, url_of
from webdata_assets.stages.crawl.transport import Request, Response
from webdata_assets.stages.objects import Objects

_NONE: Mapping[str, str] = MappingProxyType({})
_ABSENT = frozenset({errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.ELOOP})


def name_of_file(url: str, rule: DiscoverFiles) -> str:
    """Return the path below the rule's folder of a file that `list_files` has named."""
    return name_of(url, base_of(rule)) or ""


def list_files(
    rule: DiscoverFiles, date: dt.date | None = None, options: Mapping[str, str] = _NONE
) -> list[str]:
    """Return the URLs of the files that match the rule's pattern and its `allow` and `deny`, in order.

    Args:
        rule: names the folder.
        date: whose folder is meant, where each has one.
        options: of the object store, where the folder lies in one.

    Symbolic links to files are listed, and refused when they are read, where they lead out of the folder.
    Symbolic links to folders are not followed.

    Raises:
        PermanentError: CONFIGURATION, when there is no such folder, a folder in it may not be read, or the
            pattern leads out of it.
    """
    base, place = base_of(rule), rule.at(date)
    names = (
        prefixes.list_names(Objects(place, options), rule.pattern) if "://" in place else _names(rule, place)
    )
    allow, deny = [re.compile(text) for text in rule.allow], [re.compile(text) for text in rule.deny]
    return sorted(
        url
        for url in (url_of(name, base) for name in names)
        if name_of(url, base) is not None
        and (not allow or any(pattern.search(url) for pattern in allow))
        and not any(pattern.search(url) for pattern in deny)
    )


def validators_of(
    rule: DiscoverFiles, date: dt.date | None = None, options: Mapping[str, str] = _NONE
) -> dict[str, str]:
    """Return URL → entity tag of the files that are there now; see list_files."""
    base, place = base_of(rule), rule.at(date)
    if "://" in place:
        return {url_of(info.key, base): info.etag or "" for info in Objects(place, options).list()}
    found = {}
    for name in _names(rule, place):
        try:
            found[url_of(name, base)] = _validators((Path(place) / name).stat())["etag"]
        except OSError as error:
            if error.errno not in _ABSENT:
                raise _unreadable(Path(place) / name, error) from error
    return found


def _names(rule: DiscoverFiles, place: str) -> Iterator[str]:
    folder = _folder(place)
    if not rule.pattern or rule.pattern.startswith("/") or ".." in rule.pattern.split("/"):
        raise _wrong(f"the pattern {rule.pattern!r} leads out of {folder}", "write one such as `**/*.html`")
    for _ in os.walk(folder, onerror=_refuse_folder):
        # glob passes over folders that it may not read, and their files would seem to be gone
        pass
    for path in folder.glob(rule.pattern):
        if path.is_file() or (path.is_symlink() and not path.is_dir()):
            yield path.relative_to(folder).as_posix()


class FilesTransport:
    """Answers requests from folders. Validators are a file's size and time of change."""

    name = "files"

    def __init__(
        self, source: Source, date: dt.date | None = None, options: Mapping[str, str] = _NONE
    ) -> None:
        """Take the source's folders. Of several that have a file for a URL, the first counts.

        Args:
            source: names them.
            date: whose folders are meant, where each date has its own.
            options: of the object store, for folders that lie in one.

        Raises:
            PermanentError: CONFIGURATION, when there is no such folder.
        """
        rules = [rule for rule in source.fetch.discover if isinstance(rule, DiscoverFiles)]
        self._places: list[tuple[str, Path | Objects]] = []
        for rule in rules:
            place = rule.at(date)
            opened = Objects(place, options) if "://" in place else _folder(place)
            self._places.append((base_of(rule), opened))

    async def fetch(self, request: Request) -> Response:
        """Return the file of a URL, 304 where it has the validators that the request names, or 404.

        Raises:
            PermanentError: ACCESS, when the file may not be read, is no plain file, or lies outside the
                folder; RESOURCE, when it is larger than the cap.
            TransientError: RESOURCE, when the disk fails.
        """
        # read in the event loop: nothing else is being waited for, and a thread costs more than most files
        started = time.perf_counter()
        status, headers, body = self._answer(request)
        elapsed_ms = round((time.perf_counter() - started) * 1000)
        return Response(request.url, status, headers, body, elapsed_ms)

    async def close(self) -> None:
        """Nothing is held open."""

    def _answer(self, request: Request) -> tuple[int, dict[str, str], bytes]:
        for base, place in self._places:
            name = name_of(request.url, base)
            if name is None:
                continue
            if isinstance(place, Objects):
                found = prefixes.read(place, name, request.max_body_bytes)
                if found is not None:
                    return _of_object(name, request, *found)
                continue
            try:
                return _answer(place, name, request)
            except OSError as error:
                if error.errno not in _ABSENT:
                    raise _unreadable(place / name, error) from error
        return 404, {}, b""


def _answer(folder: Path, name: str, request: Request) -> tuple[int, dict[str, str], bytes]:
    # not Path.resolve, which has an error of its own for links in a circle
    real = Path(os.path.realpath(folder / name, strict=True))
    if not real.is_relative_to(folder.resolve()):
        raise PermanentError(
            f"{folder / name} is a link that leads out of the folder", failure_domain=FailureDomain.ACCESS
        )
    with open(real, "rb", opener=_open_at_once) as file:
        state = os.fstat(file.fileno())
        if not stat.S_ISREG(state.st_mode):
            raise PermanentError(f"{folder / name} is no plain file", failure_domain=FailureDomain.ACCESS)
        headers = _validators(state)
        if _is_unmodified(request, headers):
            return 304, headers, b""
        body = file.read(request.max_body_bytes + 1)
    if len(body) > request.max_body_bytes:
        raise body_too_large(request.max_body_bytes)
    return 200, headers | {"content-type": content_type_of(name, body)}, body


def _of_object(name: str, request: Request, body: bytes, etag: str) -> tuple[int, dict[str, str], bytes]:
    headers = {"etag": etag} if etag else {}
    if headers and _is_unmodified(request, headers):
        return 304, headers, b""
    return 200, headers | {"content-type": content_type_of(name, body)}, body


def _open_at_once(place: str, flags: int) -> int:
    # a pipe is opened without waiting for a writer, to be refused
    return os.open(place, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)


def _validators(state: os.stat_result) -> dict[str, str]:
    changed = dt.datetime.fromtimestamp(state.st_mtime_ns // 1_000_000_000, dt.UTC)
    return {
        "etag": f'"{state.st_mtime_ns:x}-{state.st_size:x}"',
        "last-modified": format_datetime(changed, usegmt=True),
    }


def _is_unmodified(request: Request, validators: dict[str, str]) -> bool:
    """Return whether the conditions of a request hold (RFC 9110, 13.1.2 and 13.1.3)."""
    conditions = {name.lower(): value for name, value in request.headers.items()}
    if (tags := conditions.get("if-none-match")) is not None:
        return validators["etag"] in (tag.strip().removeprefix("W/") for tag in tags.split(","))
    if "last-modified" not in validators or (since := conditions.get("if-modified-since")) is None:
        return False
    try:
        moment = parsedate_to_datetime(since)
    except (ValueError, OverflowError):
        return False
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return parsedate_to_datetime(validators["last-modified"]) <= moment


def _folder(place: str) -> Path:
    folder = Path(place)
    if not folder.is_dir():
        raise _wrong(f"there is no folder {folder}", "correct `path` under `by: files`")
    return folder


def _wrong(what: str, remedy: str) -> PermanentError:
    return PermanentError(f"{what}; {remedy}", failure_domain=FailureDomain.CONFIGURATION)


def _refuse_folder(error: OSError) -> None:
    raise _wrong(
        f"the folder {error.filename} cannot be read ({error.strerror})", "give this user read permission"
    ) from error


def _unreadable(place: Path, error: OSError) -> PermanentError | TransientError:
    what = f"{place} cannot be read ({error.strerror})"
    if isinstance(error, PermissionError):
        return PermanentError(what, failure_domain=FailureDomain.ACCESS)
    return TransientError(what, failure_domain=FailureDomain.RESOURCE)
