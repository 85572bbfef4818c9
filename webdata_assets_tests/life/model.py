"""What partitions, readers and sinks should hold: the promises, in plain dictionaries.

What belongs here: what follows from what happened. What does not: anything of the implementation.
"""

from dataclasses import dataclass, field, replace

from webdata_assets.partitions import Partition
from webdata_assets_tests.life.deployment import NUMBERS, PARTITIONS, SOURCES, Declared, Shown, title

Titles = dict[int, str | None]
Delivered = dict[tuple[str, int], str | None]


DEFERRED, FAILED, GONE = "deferred", "failed", "gone"


@dataclass(frozen=True)
class Page:
    """A page as it was fetched."""

    version: int
    layout: str


Visits = dict[int, Page | str]
"""What a crawl found, by page number: a page, or one of DEFERRED, FAILED and GONE."""


@dataclass(frozen=True)
class Pages:
    """The newest crawl of a partition. `whole` is false when its write never committed."""

    visits: Visits
    admitted: bool
    whole: bool = True


@dataclass(frozen=True)
class Records:
    """The newest write of a partition's records. `judged` is false when that write never committed."""

    titles: Titles
    admitted: bool
    judged: bool = True


@dataclass
class Model:
    """Attributes by partition, but for `delivered`: source and page number → title.

    Attributes:
        spool: the visits of a crawl whose write never committed, or that left pages for the next one.
        corpus: what was published last: source and page number → its partition and title.
        passed: what each data version of records was judged to be, the last time.
    """

    pages: dict[Partition, Pages] = field(default_factory=dict)
    records: dict[Partition, Records] = field(default_factory=dict)
    spool: dict[Partition, Visits] = field(default_factory=dict)
    passed: dict[tuple[Partition, str], bool] = field(default_factory=dict)
    corpus: dict[tuple[str, int], tuple[Partition, str | None]] = field(default_factory=dict)
    delivered: Delivered = field(default_factory=dict)

    def crawl(self, partition: Partition, shown: Shown, declared: Declared) -> bool:
        """Return whether the run succeeds."""
        visits = self._visit(partition, shown)
        if DEFERRED not in visits.values():
            del self.spool[partition]
        self.pages[partition] = Pages(visits, admitted=FAILED not in visits.values())
        return FAILED not in visits.values() and self.replay(partition, declared)

    def die_before_pages(self, partition: Partition, shown: Shown) -> None:
        """A crawl that ends between entering the write of its pages and committing it."""
        visits = self._visit(partition, shown)
        before = self.pages.get(partition)
        self.pages[partition] = Pages(before.visits if before else visits, admitted=False, whole=False)

    def asked(self, partition: Partition, shown: Shown) -> tuple[set[int], set[int]]:
        """Return the pages that a crawl asks for exactly once, and those for which it may ask more often."""
        left = {
            number for number in NUMBERS if self.spool.get(partition, {}).get(number, DEFERRED) == DEFERRED
        }
        broken = {number for number in left if number >= shown.down_from}
        return left - broken, broken

    def _visit(self, partition: Partition, shown: Shown) -> Visits:
        """Return what is known after a crawl: what the spool had stays, the rest is as the site shows it."""
        visits = self.spool.setdefault(partition, {})
        for number in NUMBERS:
            if visits.get(number, DEFERRED) == DEFERRED:
                if number >= shown.down_from:
                    visits[number] = DEFERRED
                elif number in shown.gone:
                    visits[number] = GONE
                elif number in shown.failing:
                    visits[number] = FAILED
                else:
                    visits[number] = Page(shown.version, shown.layout)
        return dict(visits)

    def replay(self, partition: Partition, declared: Declared) -> bool:
        """Return whether the run succeeds; without admitted pages it changes nothing."""
        if not self.is_admitted(self.pages, partition):
            return False
        titles: Titles = {
            number: title(partition, number, page.version) if declared.parser == page.layout else None
            for number, page in self.pages[partition].visits.items()
            if isinstance(page, Page)
        }
        self.records[partition] = Records(titles, admitted=good(titles, declared))
        return self.records[partition].admitted

    def die_before_records(self, partition: Partition) -> None:
        """A replay that ends between entering the write of its records and committing it."""
        if self.is_admitted(self.pages, partition):
            before = self.records.get(partition)
            self.records[partition] = Records(before.titles if before else {}, admitted=False, judged=False)

    def judge(self, partition: Partition, declared: Declared) -> None:
        """What is stored is judged by what is expected now."""
        records = self.records[partition]
        self.records[partition] = replace(records, admitted=good(records.titles, declared))

    def publish(self) -> None:
        """What is admitted, each page as its newest date has it, and no page that is gone since."""
        self.corpus = {}
        for source in SOURCES:
            for number in NUMBERS:
                for partition in sorted(each for each in PARTITIONS if each.source == source):
                    if not self.is_admitted(self.records, partition):
                        continue
                    if number in self.records[partition].titles:
                        self.corpus[source, number] = partition, self.records[partition].titles[number]
                    visits = self.pages[partition].visits if self.is_admitted(self.pages, partition) else {}
                    if visits.get(number) == GONE:
                        self.corpus.pop((source, number), None)
        self.deliver()

    def deliver(self) -> None:
        """What was published last, but for partitions that failed since."""
        self.delivered = {
            page: title
            for page, (partition, title) in self.corpus.items()
            if self.records[partition].admitted or not self.records[partition].judged
        }

    @staticmethod
    def is_admitted(layer: "dict[Partition, Pages] | dict[Partition, Records]", partition: Partition) -> bool:
        return partition in layer and layer[partition].admitted


def good(titles: Titles, declared: Declared) -> bool:
    """Whether records pass what is expected of them."""
    return None not in titles.values() and not declared.strict
