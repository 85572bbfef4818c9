"""Dead letters over time: which stand, which are asked again by themselves, and what a person decides."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.partitions import Partition
from webdata_assets.schemas.dead_letter_decisions import DEAD_LETTER_DECISIONS
from webdata_assets.stages.crawl.frontier import Retried
from webdata_assets.store import Store
from webdata_assets.store.dead_letters import DeadLetters
from webdata_assets_tests.store.rows import DAY, NOON, admit, frame, put, row

NEXT = DAY + dt.timedelta(days=1)
THIRD = DAY + dt.timedelta(days=2)
URL = "https://shop.example.com/1"


class Clock:
    """What the store takes for now."""

    def __init__(self) -> None:
        self.now = NOON + dt.timedelta(hours=1)

    def __call__(self) -> dt.datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Callable[[], dt.datetime]) -> Store:
    return Store.open(str(tmp_path / "store"), clock)


@pytest.fixture
def letters(store: Store) -> DeadLetters:
    return DeadLetters(store.tables, store.ledger)


def crawled(
    store: Store,
    date: dt.date,
    *,
    source: str = "shop",
    failed: dict[int, dict[str, object]] | None = None,
    reached: tuple[int, ...] = (),
    gone: tuple[int, ...] = (),
    admitted: bool = True,
) -> None:
    """Write pages and dead letters of one partition, by number; failures have their letter's values."""
    partition = Partition(date, source)
    tried = dt.datetime.combine(date, dt.time(12), dt.UTC)
    pages = [row("pages", partition, number) for number in reached]
    unreached = {
        "payload": None,
        "payload_hash": None,
        "payload_date": None,
        "payload_bytes": None,
        "reason": "no",
    }
    pages += [row("pages", partition, number, outcome="gone", **unreached) for number in gone]
    dead = []
    for number, values in (failed or {}).items():
        place = {"role": "both", "discovery": 1, "depth": number}
        pages.append(
            row("pages", partition, number, outcome="failed", failure_domain="target", **place, **unreached)
        )
        dead.append(row("dead_letters", partition, number, last_tried_at=tried, **values))
    put(store, "pages", frame("pages", *pages), partition)
    put(store, "dead_letters", frame("dead_letters", *dead), partition)
    if admitted:
        admit(store, "pages", partition)


def standing(letters: DeadLetters, **given: object) -> list[str]:
    return letters.standing(**given)["url"].to_list()  # type: ignore[arg-type]


def test_an_empty_store_has_none(letters: DeadLetters) -> None:
    assert letters.standing().height == 0
    assert letters.urls_to_retry("shop", NEXT) == []
    assert letters.dropped("shop") == set()


@pytest.mark.parametrize("admitted", [True, False])
def test_a_failed_page_stands_whether_or_not_its_partition_is_admitted(
    store: Store, letters: DeadLetters, admitted: bool
) -> None:
    crawled(store, DAY, failed={1: {}}, admitted=admitted)
    assert standing(letters) == [URL]
    assert letters.urls_to_retry("shop", NEXT) == [Retried(URL, "both", 1, 1)]


@pytest.mark.parametrize("how", ["reached", "gone"])
def test_a_letter_is_settled_once_its_page_is_reached_or_gone(
    store: Store, letters: DeadLetters, how: str
) -> None:
    crawled(store, DAY, failed={1: {}})
    crawled(store, NEXT, **{how: (1,)})  # type: ignore[arg-type]
    assert standing(letters) == []
    assert standing(letters, before=NEXT) == [URL]
    assert letters.urls_to_retry("shop", THIRD) == []
    assert letters.on(DAY)["url"].to_list() == [URL]


def test_a_visit_that_is_not_admitted_settles_nothing(store: Store, letters: DeadLetters) -> None:
    crawled(store, DAY, failed={1: {}})
    crawled(store, NEXT, reached=(1,), admitted=False)
    assert standing(letters) == [URL]


def test_a_page_that_fails_again_has_one_letter_the_newest(store: Store, letters: DeadLetters) -> None:
    crawled(store, DAY, failed={1: {"reason": "503"}})
    crawled(store, NEXT, failed={1: {"reason": "timeout"}}, reached=(2,))
    found = letters.standing("shop")
    assert found.select("date", "reason").rows() == [(NEXT, "timeout")]
    assert letters.urls_to_retry("shop", THIRD) == [Retried(URL, "both", 1, 1)]


def test_a_partition_that_asks_again_sees_what_came_before_it_only(
    store: Store, letters: DeadLetters
) -> None:
    crawled(store, NEXT, failed={1: {}})
    assert letters.urls_to_retry("shop", NEXT) == []
    assert letters.urls_to_retry("shop", DAY) == []


@pytest.mark.parametrize(
    ("values", "asked"),
    [
        ({"failure_domain": "target"}, True),
        ({"failure_domain": "target", "http_status": 503}, True),
        ({"failure_domain": "target", "http_status": 429}, True),
        ({"failure_domain": "target", "http_status": 200}, True),
        ({"failure_domain": "target", "http_status": 400}, False),
        ({"failure_domain": "access"}, True),
        ({"failure_domain": "access", "http_status": 403}, False),
        ({"failure_domain": "access", "http_status": 200}, False),
        ({"failure_domain": "resource"}, False),
        ({"failure_domain": "parse", "http_status": 200}, False),
    ],
    ids=str,
)
def test_what_time_may_mend_is_asked_again_by_itself(
    store: Store, letters: DeadLetters, values: dict[str, object], asked: bool
) -> None:
    crawled(store, DAY, failed={1: values})
    assert bool(letters.urls_to_retry("shop", NEXT)) == asked


def test_sources_do_not_mix(store: Store, letters: DeadLetters) -> None:
    crawled(store, DAY, failed={1: {}})
    crawled(store, DAY, source="blog", failed={1: {}})
    crawled(store, NEXT, source="blog", reached=(1,))
    assert standing(letters) == [URL]
    assert letters.urls_to_retry("blog", THIRD) == []


def test_a_dropped_page_is_never_asked_again(store: Store, letters: DeadLetters) -> None:
    crawled(store, DAY, failed={1: {}, 2: {}})
    letters.decide("shop", [URL], "drop", by="ann", reason="gone for good")
    assert letters.dropped("shop") == {URL}
    assert letters.dropped("blog") == set()
    assert [letter.url for letter in letters.urls_to_retry("shop", NEXT)] == ["https://shop.example.com/2"]
    assert letters.standing()["decision"].to_list() == ["drop", None]


def test_a_permanent_failure_is_asked_again_once_when_a_person_says_so(
    store: Store, letters: DeadLetters, clock: Clock
) -> None:
    crawled(store, DAY, failed={1: {"failure_domain": "access", "http_status": 403}})
    letters.decide("shop", [URL], "retry", by="ann")
    assert [letter.url for letter in letters.urls_to_retry("shop", NEXT)] == [URL]
    # refused again, after the decision
    clock.now += dt.timedelta(days=1)
    crawled(store, NEXT, failed={1: {"failure_domain": "access", "http_status": 403}})
    assert letters.urls_to_retry("shop", THIRD) == []


def test_the_newest_decision_counts_even_when_the_clock_was_set_back(
    store: Store, letters: DeadLetters, clock: Clock
) -> None:
    crawled(store, DAY, failed={1: {}})
    letters.decide("shop", [URL], "drop", by="ann")
    clock.now -= dt.timedelta(minutes=10)
    letters.decide("shop", [URL], "retry", by="ben")
    assert letters.dropped("shop") == set()
    letters.decide("shop", [URL, URL], "drop", by="ann")
    assert letters.dropped("shop") == {URL}
    decisions = store.tables.read(DEAD_LETTER_DECISIONS)
    DEAD_LETTER_DECISIONS.schema.validate(decisions)
    assert decisions.select("decision", "decided_by").rows() == [
        ("drop", "ann"),
        ("retry", "ben"),
        ("drop", "ann"),
    ]


def test_a_url_that_is_no_dead_letter_cannot_be_decided_on(store: Store, letters: DeadLetters) -> None:
    crawled(store, DAY, failed={1: {}}, reached=(2,))
    with pytest.raises(
        PermanentError, match=r"/2 is no dead letter of shop; see `webdata deadletters list shop`"
    ) as caught:
        letters.decide("shop", [URL, "https://shop.example.com/2"], "drop", by="ann")
    assert caught.value.failure_domain is FailureDomain.CONFIGURATION
    assert not store.tables.exists(DEAD_LETTER_DECISIONS)


def test_a_page_that_was_not_asked_since_still_stands(store: Store, letters: DeadLetters) -> None:
    crawled(store, DAY, failed={1: {}})
    crawled(store, NEXT, reached=(2,))
    assert [letter.url for letter in letters.urls_to_retry("shop", THIRD)] == [URL]
