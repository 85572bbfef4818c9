"""Which partitions need repair, and how: the rules over ledgers written for the test."""

import datetime as dt

import pytest

from webdata_assets.automation.causes import INTERRUPTED_AFTER
from webdata_assets.automation.jobs import COMPARE, CRAWL, REPLAY
from webdata_assets.automation.rules import CHECK_RULES, Action, Rule
from webdata_assets_tests.automation.history import DAY, HOUR, LAYERS, MINUTE, NOON, History, news

ONE_DAY = dt.timedelta(days=1)
MENDED = [rule for rule in CHECK_RULES if rule.asset in LAYERS and rule.action is not Action.ALERT]
"""Rules of partitioned layers that a run answers."""


def layers_up_to(last: str) -> tuple[str, ...]:
    return LAYERS[: LAYERS.index(last) + 1]


def test_nothing_is_repaired_where_everything_is_admitted(history: History):
    history.admit(news(), NOON - HOUR)
    assert history.repairs() == []


def test_a_partition_is_compared_again_when_an_earlier_date_came_later(history: History):
    history.outdate(news(), NOON - HOUR)
    [repair] = history.repairs()
    assert (repair.partition, repair.layer, repair.job) == (news(), "changes", COMPARE)
    assert repair.reason == "an earlier date was admitted, or changed, since"


def test_nothing_is_compared_again_before_the_earlier_date_is_judged(history: History):
    history.outdate(news(), NOON - HOUR)
    history.write("records", NOON - MINUTE, partition=news(DAY - ONE_DAY), unchecked=True)
    assert history.repairs() == []


def test_nothing_is_repaired_in_an_empty_store(history: History):
    assert history.repairs() == []


@pytest.mark.parametrize("rule", MENDED, ids=lambda rule: f"{rule.asset}.{rule.check}")
def test_each_failure_is_answered_by_the_action_of_its_rule(history: History, rule: Rule):
    history.admit(news(), NOON - HOUR)
    history.write(
        rule.asset, NOON - MINUTE, partition=news(), failed=[rule.check], parser="an earlier parser"
    )
    [repair] = history.repairs()
    assert (repair.partition, repair.action, repair.job) == (news(), rule.action, rule.action.job)
    assert repair.cause.startswith(f"{rule.asset}.{rule.check}:")
    assert repair.reason == f"{rule.asset}.{rule.check} failed"


@pytest.mark.parametrize(
    ("layer", "check"),
    [("frontier", "schema"), ("pages", "page_bytes"), ("records", "unique_keys"), ("features", "drift")],
)
def test_a_failure_that_no_run_can_mend_is_left_to_a_person(history: History, layer: str, check: str):
    history.admit(news(), NOON - HOUR)
    history.write(layer, NOON - MINUTE, partition=news(), failed=[check])
    [repair] = history.repairs()
    assert (repair.job, repair.awaits) == (None, "person")
    assert repair.reason.startswith(f"{layer}.{check} failed, a person is needed: ")


def test_of_several_failures_of_a_layer_that_with_the_first_rule_counts(history: History):
    history.write("pages", NOON, partition=news(), failed=["page_bytes", "freshness", "completeness"])
    assert [repair.action for repair in history.repairs()] == [Action.RECRAWL_MISSING]


def test_records_whose_payloads_are_not_sound_are_crawled_again(history: History):
    history.write("records", NOON - MINUTE, partition=news(), failed=["completeness"], parser=history.parser)
    [repair] = history.repairs()
    assert (repair.action, repair.job) == (Action.RECRAWL_MISSING, CRAWL)


def test_records_that_fail_wait_while_the_parser_is_unchanged(history: History):
    history.admit(news(), NOON - HOUR, layers=["frontier", "pages"])
    history.write("records", NOON - MINUTE, partition=news(), failed=["completeness"], parser=history.parser)
    [repair] = history.repairs()
    assert repair.job is None
    assert "awaiting a patch of news's extraction" in repair.reason


def test_records_that_wait_for_a_patch_hold_back_no_paused_crawl(history: History):
    history.admit(news(), NOON - HOUR, layers=["frontier", "pages"])
    deferred = {"check": "finished", "passed": False, "blocking": False, "severity": "WARN", "value": 3.0}
    history.entries.append({**history.entries[-1], **deferred, "detail": "news.test is down"})
    history.write("records", NOON - MINUTE, partition=news(), failed=["record_count"], parser=history.parser)
    [repair] = history.repairs()
    assert (repair.action, repair.cause.partition(":")[0]) == (Action.RECRAWL_MISSING, "paused")


def test_records_that_failed_are_made_again_from_pages_that_were_crawled_since(history: History):
    history.admit(news(), NOON - 3 * HOUR, layers=["frontier", "pages"])
    history.write(
        "records", NOON - 2 * HOUR, partition=news(), failed=["completeness"], parser=history.parser
    )
    history.admit(news(), NOON - HOUR, layers=["pages"], content="again")
    [repair] = history.repairs()
    assert (repair.job, repair.reason) == (REPLAY, "records is behind pages")


@pytest.mark.parametrize(("layer", "check"), [("features", "drift"), ("records", "unique_keys")])
def test_a_layer_that_waits_for_a_person_holds_back_only_what_is_made_from_it(
    history: History, layer: str, check: str
):
    history.admit(news(), NOON - 3 * HOUR)
    history.write(layer, NOON - 3 * HOUR + MINUTE, partition=news(), failed=[check])
    expected = Action.REEMBED if layer == "features" else Action.ALERT
    assert [repair.action for repair in history.repairs(model="another")] == [expected]


def test_records_that_fail_are_replayed_once_the_source_file_is_patched(history: History):
    history.admit(news(), NOON - HOUR, layers=["frontier", "pages"])
    history.write("records", NOON - MINUTE, partition=news(), failed=["completeness"], parser=history.parser)
    [waiting] = history.repairs()
    history.patch()
    [repair] = history.repairs()
    assert repair.job == REPLAY
    assert repair.cause != waiting.cause
    assert history.repairs() == [repair]


def test_a_patch_of_how_pages_are_fetched_is_no_patch_of_the_parser(history: History):
    history.admit(news(), NOON - HOUR, layers=["frontier", "pages"])
    history.write("records", NOON - MINUTE, partition=news(), failed=["completeness"], parser=history.parser)
    history.declare(
        fetch={"discover": [{"by": "urls", "start": ["http://nowhere.test/other"]}], "concurrency": 1}
    )
    assert [repair.job for repair in history.repairs()] == [None]


def test_other_content_that_fails_again_is_another_cause(history: History):
    causes = set()
    for number, content in enumerate(("first", "second")):
        at = NOON + number * MINUTE
        history.write("pages", at, partition=news(), failed=["completeness"], content=content)
        causes |= {repair.cause for repair in history.repairs()}
    assert len(causes) == 2


def test_the_failure_of_the_earliest_layer_is_repaired_first(history: History):
    history.write("records", NOON - HOUR, partition=news(), failed=["completeness"], parser="earlier")
    history.write("pages", NOON - MINUTE, partition=news(), failed=["completeness"])
    assert [(repair.partition, repair.job) for repair in history.repairs()] == [(news(), CRAWL)]


def test_a_disabled_source_is_not_repaired(history: History):
    history.write("pages", NOON - MINUTE, partition=news(), failed=["completeness"])
    history.declare("other")
    history.declare(enabled=False)
    assert history.repairs() == []


def test_a_failure_that_later_checks_found_mended_is_over(history: History):
    history.write("pages", NOON - HOUR, partition=news(), failed=["completeness"], content="broken")
    history.admit(news(), NOON - MINUTE, content="whole")
    assert history.repairs() == []


@pytest.mark.parametrize(
    ("layer", "job"),
    [
        ("frontier", CRAWL),
        ("pages", CRAWL),
        ("records", REPLAY),
        ("features", REPLAY),
        ("embeddings", REPLAY),
    ],
)
def test_a_write_without_verdicts_is_taken_for_interrupted_after_ten_minutes(
    history: History, layer: str, job: str
):
    above = [name for name in layers_up_to(layer)[:-1] if name not in ("features", "embeddings")]
    history.admit(news(), NOON, layers=above)
    history.write(layer, NOON, partition=news(), unchecked=True)
    assert history.repairs(NOON + INTERRUPTED_AFTER) == []
    repair = history.repairs(NOON + INTERRUPTED_AFTER + dt.timedelta(seconds=1))[0]
    assert (repair.job, repair.reason) == (job, f"{layer} was not checked")


def test_an_interrupted_crawl_of_a_live_source_is_not_repeated_once_its_date_is_over(history: History):
    history.declare(as_of=None)
    history.write("pages", NOON, partition=news(), unchecked=True)
    assert [repair.job for repair in history.repairs(NOON + HOUR)] == [CRAWL]
    assert history.repairs(NOON + 3 * ONE_DAY) == []


def test_a_failed_crawl_of_a_live_source_is_left_to_a_person_once_its_date_is_over(history: History):
    history.declare(as_of=None)
    history.write("pages", NOON, partition=news(), failed=["completeness"])
    assert [repair.job for repair in history.repairs(NOON + HOUR)] == [CRAWL]
    [repair] = history.repairs(NOON + 3 * ONE_DAY)
    assert repair.job is None
    assert "the site no longer shows that date" in repair.reason


def test_an_interrupted_extraction_of_a_live_source_is_replayed_at_any_time(history: History):
    history.declare(as_of=None)
    history.admit(news(), NOON, layers=["frontier", "pages"])
    history.write("records", NOON + MINUTE, partition=news(), unchecked=True)
    assert [repair.job for repair in history.repairs(NOON + 3 * ONE_DAY)] == [REPLAY]


@pytest.mark.parametrize(
    ("present", "missing"),
    [
        (["frontier", "pages"], "records"),
        *(
            ([layer for layer in LAYERS if layer != missing], missing)
            for missing in ("changes", "fingerprints", "features", "embeddings")
        ),
    ],
)
def test_a_layer_that_was_never_written_is_replayed(history: History, present: list[str], missing: str):
    history.admit(news(), NOON, layers=present)
    assert history.repairs(NOON + INTERRUPTED_AFTER) == []
    [repair] = history.repairs(NOON + INTERRUPTED_AFTER + MINUTE)
    assert (repair.job, repair.cause.split(":")[:2]) == (REPLAY, ["behind", missing])


def test_a_layer_that_is_older_than_the_one_above_is_replayed(history: History):
    history.admit(news(), NOON - HOUR)
    history.admit(news(), NOON, layers=["pages"], content="crawled again")
    [repair] = history.repairs(NOON + HOUR)
    assert (repair.job, repair.reason) == (REPLAY, "records is behind pages")


class TestSchedules:
    """What never arrived, and what grew stale: sources with a schedule only."""

    @pytest.fixture(autouse=True)
    def scheduled(self, history: History) -> None:
        history.declare(schedule="0 6 * * *")

    def test_the_partition_after_the_newest_is_missed_when_its_date_is_over(self, history: History):
        history.admit(news(DAY - ONE_DAY), NOON - ONE_DAY, observed_at=NOON - ONE_DAY)
        midnight = dt.datetime.combine(DAY + ONE_DAY, dt.time(), dt.UTC)
        assert history.repairs(midnight - MINUTE) == []
        [repair] = history.repairs(midnight)
        assert (repair.partition, repair.job, repair.cause) == (news(), CRAWL, f"never_arrived:pages:{DAY}")

    def test_a_date_that_a_live_source_shows_no_more_is_answered_by_todays(self, history: History):
        history.declare(schedule="0 6 * * *", as_of=None)
        history.admit(news(DAY - ONE_DAY), NOON - ONE_DAY, observed_at=NOON - ONE_DAY)
        [repair] = history.repairs(NOON + ONE_DAY + 6 * HOUR)
        assert (repair.partition, repair.job) == (news(DAY + ONE_DAY), CRAWL)
        assert repair.cause == f"never_arrived:pages:{DAY}"

    def test_a_source_that_never_arrived_is_not_missed(self, history: History):
        assert history.repairs(NOON) == []

    def test_a_source_at_rest_is_not_missed(self, history: History):
        history.admit(news(DAY - ONE_DAY), NOON - ONE_DAY, observed_at=NOON - ONE_DAY)
        assert history.repairs(NOON + 2 * ONE_DAY) != []
        assert history.repairs(NOON + 3 * ONE_DAY) == []

    def test_a_source_without_a_schedule_is_neither_missed_nor_stale(self, history: History):
        history.declare()
        history.admit(news(DAY - ONE_DAY), NOON - 20 * ONE_DAY)
        assert history.repairs(NOON + ONE_DAY) == []

    def test_the_cadence_says_which_date_is_expected(self, history: History):
        history.declare(schedule="0 6 * * 1", cadence_hours=7 * 24)
        history.admit(news(DAY - 7 * ONE_DAY), NOON - 7 * ONE_DAY)
        assert history.repairs(NOON) == []
        assert [repair.cause for repair in history.repairs(NOON + ONE_DAY)] == [f"never_arrived:pages:{DAY}"]

    def test_todays_partition_is_crawled_again_when_its_newest_observation_is_too_old(self, history: History):
        history.declare(schedule="0 * * * *", cadence_hours=4)
        history.admit(news(), NOON - 8 * HOUR, observed_at=NOON - 6 * HOUR)
        assert history.repairs(NOON) == []
        [repair] = history.repairs(NOON + MINUTE)
        assert (repair.partition, repair.job) == (news(), CRAWL)
        assert repair.cause.startswith("stale:")

    def test_a_stale_partition_that_was_crawled_again_is_fresh(self, history: History):
        history.declare(schedule="0 * * * *", cadence_hours=4)
        history.admit(news(), NOON - 8 * HOUR, observed_at=NOON - 8 * HOUR)
        [repair] = history.repairs(NOON)
        assert repair.cause.startswith("stale:")
        history.admit(news(), NOON, content="again", observed_at=NOON)
        assert history.repairs(NOON + MINUTE) == []
