"""Extraction: real pages of Debian's documentation, each repetition with words of its own."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from webdata_assets.schemas.pages import PAGES
from webdata_assets_tests.benchmarks.growth.material import FIRST
from webdata_assets_tests.benchmarks.growth.running import declare, noon_of, ready_run, store_of
from webdata_assets_tests.benchmarks.growth.site import url_of
from webdata_assets_tests.real_sites import documentation
from webdata_assets_tests.store.rows import admit, digest, put, row

_PAGES_AT_ONCE = 200
_BODY_BYTES = 200_000
"""Larger pages are indexes of thousands of entries: few, and not what the others are like."""


@dataclass(frozen=True)
class RealPages:
    """Real pages over and over, with further words in each repetition. Implements `Parts`."""

    files: tuple[Path, ...]
    height: int
    bytes_per_row: int = 20_000

    def frames(self, *, without: tuple[str, ...] = ()) -> Iterator[pl.DataFrame]:
        """Yield pages by URL."""
        for start in range(0, self.height, _PAGES_AT_ONCE):
            rows = [self._row(number) for number in range(start, min(start + _PAGES_AT_ONCE, self.height))]
            yield pl.DataFrame(rows, schema=PAGES.polars_schema).drop(without, strict=False)

    def _row(self, number: int) -> dict[str, object]:
        round_, place = divmod(number, len(self.files))
        body = self.files[place].read_bytes()
        words = " ".join(f"word{number * 7 + each * 104_729}" for each in range(20 * (round_ > 0)))
        body = body.replace(b"</p>", f" {words}</p>".encode(), 3)
        facts = {"payload": body, "payload_bytes": len(body), "payload_hash": digest(body)}
        return row("pages", FIRST, url=url_of(number), **facts, fetched_at=noon_of(FIRST),
                   observed_at=noon_of(FIRST), content_type="text/html; charset=utf-8")  # fmt: skip


def _prepare(folder: Path, size: int) -> None:
    declare(folder, extract={"kind": "document", "fields": {}})
    found = [
        at / path.removeprefix(prefix)
        for prefix, at in documentation.present().items()
        for path in documentation.page_paths()
        if path.startswith(prefix)
    ]
    files = [file for file in found if file.stat().st_size <= _BODY_BYTES]
    if not files:
        raise FileNotFoundError(documentation.NEEDS_DOCUMENTATION)
    # spread over all of them, so that few are as many are
    few = tuple(files[place * len(files) // size] for place in range(size)) if size < len(files) else files
    store = store_of(folder)
    put(store, "pages", RealPages(tuple(few), size))
    admit(store, "pages", FIRST)


PREPARE: dict[str, Callable[[Path, int], None]] = {"records": _prepare}
READY: dict[str, Callable[[Path, int], Callable[[], dict[str, float]]]] = {
    "records": lambda folder, _: ready_run(folder, "records", "quarantine", partition=FIRST),
}
