"""Partitions that lack the verdict of a check which came later: nothing is published without them."""

import pytest

from webdata_assets.errors import NotAdmittedError
from webdata_assets.schemas import TABLES
from webdata_assets.store.outdated import outdated_partitions, require_judged
from webdata_assets.store.verdict import Verdict
from webdata_assets_tests.store.rows import SHOP, admit, frame, put, row, verdicts

RECORDS = TABLES["records"]


@pytest.fixture
def written(store):
    put(store, "records", frame("records", row("records")))
    return store


def judge(store, *given: Verdict) -> None:
    store.ledger.record(RECORDS, SHOP, given, run_id="run")


def test_a_partition_that_lacks_a_newer_check_stops_publishing_and_names_the_remedy(written):
    judge(written, *(verdict for verdict in verdicts(RECORDS) if verdict.check != "record_count"))
    assert outdated_partitions(written.ledger) == [SHOP]
    with pytest.raises(NotAdmittedError, match=r"1 partitions, such as .*shop.*webdata checks run --source"):
        require_judged(written)


def test_an_admitted_partition_is_not_outdated(written):
    admit(written, "records")
    require_judged(written)


def test_a_partition_that_a_run_has_just_written_is_not_outdated(written):
    require_judged(written)


def test_a_partition_that_failed_is_not_outdated(written):
    judge(written, Verdict("completeness", passed=False))
    require_judged(written)


def test_only_the_sources_that_were_asked_for_count(written):
    judge(written, Verdict("completeness", passed=True))
    assert outdated_partitions(written.ledger, ["blog"]) == []
