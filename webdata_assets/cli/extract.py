"""`webdata extract`: pages in files → one JSON line each, without any source file."""

import datetime as dt
import gzip
import json
import os
import sys
import time
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.settings import Settings

if TYPE_CHECKING:
    from webdata_assets.stages.extract.any_page import Mode
    from webdata_assets.stages.extract.extraction import Payload

MAX_PAGE_BYTES = 64_000_000
"""After decompression: a small file may hold gigabytes of zeros."""

_SUFFIXES = (".html", ".html.gz")


def extract_files(paths: Sequence[Path], out: Path, mode: "Mode", workers: int | None) -> dict[str, Any]:
    """Read pages from files, and write one JSON line for each, in the order of the files.

    Args:
        paths: files, and folders that are searched for `.html` and `.html.gz`, each in order of its names.
        out: the file to write; it is there whole or not at all.
        mode: how the main content is found.
        workers: processes; as the settings say if None.

    Returns:
        `path`, `pages`, `errors` (lines that hold an error), and `seconds`.

    Raises:
        PermanentError: CONFIGURATION, when a path does not exist, there is no page, or `out` cannot be.
    """
    from webdata_assets.stages.export.whole_file import whole_file
    from webdata_assets.stages.extract.workers.limits import Limits
    from webdata_assets.stages.extract.workers.pool import WorkerPool
    from webdata_assets.stages.extract.workers.progress import Progress
    from webdata_assets.stages.extract.workers.tasks import reading_any_page

    settings = Settings()
    files = _files(paths)
    limits = Limits(settings.extract_page_seconds, settings.extract_memory_mb)
    progress = Progress(_tell, len(files))
    begun, errors = time.monotonic(), 0
    with (
        whole_file(out, suffix=".jsonl") as lines,
        WorkerPool(workers or settings.extract_workers, limits) as pool,
    ):
        unreadable: dict[str, str] = {}
        answers = pool.run(reading_any_page(mode), _payloads(files, unreadable))
        for line in _lines(files, answers, unreadable):
            errors += "error" in line
            lines.write(json.dumps(line, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
            progress.add(1)
    return {
        "path": str(out),
        "pages": len(files),
        "errors": errors,
        "seconds": round(time.monotonic() - begun, 1),
    }


def _files(paths: Sequence[Path]) -> list[Path]:
    """Return the files to read, in order, each once."""
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            files += sorted(
                file for file in path.rglob("*") if file.name.endswith(_SUFFIXES) and not file.is_dir()
            )
        elif path.exists():
            files.append(path)
        else:
            raise _wrong(f"{path} does not exist: give files of HTML, or folders that hold them")
    if not files:
        folders = ", ".join(map(str, paths))
        raise _wrong(f"no page in {folders}: files whose names end in {' or '.join(_SUFFIXES)} are read")
    return list(dict.fromkeys(files))


def _payloads(files: Iterable[Path], unreadable: dict[str, str]) -> Iterator["Payload"]:
    """Yield the pages of files; those that cannot be read are noted instead."""
    from webdata_assets.stages.extract.extraction import Payload

    today = dt.datetime.now(dt.UTC).date()
    for file in files:
        try:
            body = _read(file)
        except (OSError, EOFError, zlib.error) as error:
            unreadable[str(file)] = f"cannot be read: {getattr(error, 'strerror', None) or error}"
            continue
        if len(body) > MAX_PAGE_BYTES:
            unreadable[str(file)] = f"is larger than {MAX_PAGE_BYTES:,} bytes"
            continue
        # the page's own address, if it gives one, comes before this one
        yield Payload(str(file), "http://localhost/", "text/html", body, "", today)


def _read(file: Path) -> bytes:
    """Return a page's bytes, and one more than allowed at most."""
    with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as page:
        return page.read(MAX_PAGE_BYTES + 1)


def _lines(
    files: Iterable[Path], answers: Iterator[tuple["Payload", Any]], unreadable: dict[str, str]
) -> Iterator[dict[str, object]]:
    """Yield one line for each file, in their order."""
    from webdata_assets.stages.extract.workers.pool import Lost

    answer = next(answers, None)
    for file in map(str, files):
        if answer is not None and answer[0].url == file:
            given = answer[1]
            facts = {"error": given.reason} if isinstance(given, Lost) else given
            answer = next(answers, None)
        else:
            facts = {"error": unreadable[file]}
        yield {"file": os.fsencode(file).decode("utf-8", "replace"), **facts}


def _tell(line: str) -> None:
    if sys.stderr.isatty():
        typer.echo(line, err=True)


def _wrong(message: str) -> PermanentError:
    return PermanentError(message, failure_domain=FailureDomain.CONFIGURATION)
