"""Scanning a WARC file: where each of its captures lies, and which of its parts are damaged.

What belongs here: one pass from end to end, and going on behind damage. What does not: what a record's head
says (warc_entries.py), and keeping what was found (warc_build.py).
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from fastwarc.warc import ArchiveIterator, WarcRecord

from webdata_assets.stages.crawl.stored.warc_entries import Damage, Entry, Forget, NoPages, read_entry
from webdata_assets.stages.crawl.stored.warc_file import WarcFile, disk_failed, open_archive

_NO_RECORD = "no record can be read here"
_NOT_WHOLE = "the record is not whole"
_LARGEST_PAGE_BYTES = 100_000_000
"""Of a damaged record whose head does not tell its length."""


def scan_archive(path: Path) -> Iterator[Entry | NoPages | Damage | Forget]:
    """Yield what a WARC file holds, in its order, in constant memory.

    Behind damage, records count again only where they go on beyond the damaged record's end, or to the end of
    the file: a damaged page may itself hold what looks like a record.

    Raises:
        PermanentError: PARSE, when the file is no WARC, or one whose records cannot be read one by one;
            CONFIGURATION, when it may not be read.
        TransientError: RESOURCE, when the disk fails.
    """
    with open_archive(path) as opened:
        file = WarcFile(path, opened)
        start: int | None = 0
        bound = -1
        is_archive = False
        while start is not None:
            segment = _Segment(file, start)
            yield from segment.scan()
            if segment.has_records:
                # a file that is cut off hardly ever ends where a record quoted in its last page ends
                is_trusted = segment.reached > bound or segment.reached == file.size
                is_archive = is_archive or is_trusted
                if not is_trusted:
                    yield Forget(start)
                elif segment.no_pages:
                    yield NoPages(frozenset(segment.no_pages))
                if segment.reached == file.size:
                    break
            if segment.has_records or start == 0:
                yield Damage(segment.reached, _NOT_WHOLE if segment.is_cut else _NO_RECORD)
                claimed = file.claimed_end(segment.reached)
                if claimed is not None and claimed >= file.size and not file.is_gzip:
                    # whatever looks like a record from here on lies within the one that was cut off
                    break
                bound = max(bound, segment.reached + _LARGEST_PAGE_BYTES if claimed is None else claimed)
            start = file.next_beginning(segment.reached + 1)
        if not is_archive:
            raise file.unusable("is no web archive: no record can be read in it", "take the file away")


class _Segment:
    """The records that follow each other from one place on, up to damage or to the file's end.

    Attributes, once it is scanned:
        has_records: whether there is any.
        is_cut: whether the last of them is not whole.
        reached: where the last of them ends, or begins if it is not whole; the file's end if nothing but
            padding follows.
        no_pages: ids of requests of other methods than GET, and of their answers.
    """

    def __init__(self, file: WarcFile, start: int) -> None:
        self.file = file
        self.has_records = False
        self.is_cut = False
        self.reached = start
        self.no_pages: set[str] = set()
        self._start = start

    def scan(self) -> Iterator[Entry | Damage]:
        offset, waiting = -1, None
        for record in self._records():
            if not self._begins_alone(record.stream_pos, offset):
                break
            offset = record.stream_pos
            if waiting is not None:
                yield replace(waiting, length=offset - waiting.offset)
            found = read_entry(record, self.no_pages)
            waiting = found if isinstance(found, Entry) else None
            if found is not None and waiting is None:
                yield found
        if offset < 0:
            return
        end = self.file.end_of(offset)
        self.has_records, self.is_cut = True, end is None
        if end is None:
            self.reached = offset
        else:
            self.reached = self.file.size if self.file.is_padding(end) else end
        if waiting is not None:
            end = end or min(self.file.claimed_end(offset) or self.file.size, self.file.size)
            yield replace(waiting, length=end - offset)

    def _begins_alone(self, offset: int, before: int) -> bool:
        """Return whether a record has a place of its own, which a gzip member shared by several is not."""
        alone = self.file.begins_at(offset) and offset > before
        if not alone and self._start == 0:
            raise self.file.unusable("is compressed as a whole, so that no record can be read alone")
        return alone

    def _records(self) -> Iterator[WarcRecord]:
        self.file.file.seek(self.reached)
        try:
            for record in ArchiveIterator(self.file.file, parse_http=False):
                if not (record.headers.get("Content-Length") or "").strip().isdecimal():
                    # the head of a record that was cut off, or a line that only looks like one
                    return
                yield record
        except OSError as error:
            # fastwarc tells of broken formats by an OSError without a number
            if error.errno is not None:
                raise disk_failed(self.file.path, error) from error
