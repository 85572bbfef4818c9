"""What is told of checks and runs: once when it begins, once when it is over, however often one looks."""

import datetime as dt
from collections.abc import Iterator

import dagster as dg
import pytest

from webdata_assets.automation.alerts import outbox
from webdata_assets.automation.jobs import CRAWL, PUBLISH, REPLAY
from webdata_assets.store.alerts import open_alerts
from webdata_assets_tests.automation.alerts.told import log, look, pretend_run, rows, start, titles
from webdata_assets_tests.automation.history import DAY, HOUR, MINUTE, NOON, History, news
from webdata_assets_tests.site.mailboxes import Webhook, free_port, webhook

FAILED, RECOVERED = ("check_failed", "raised"), ("check_failed", "recovered")
TITLE = f"news {DAY}: pages.schema failed"


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    """The one receiver of the deployment."""
    with webhook() as serving:
        monkeypatch.setenv("WEBDATA_ALERTS", serving.url)
        yield serving


def fail(history: History, at: dt.datetime = NOON, content: str = "") -> None:
    history.write("frontier", at - MINUTE, partition=news())
    history.write("pages", at, partition=news(), failed=["schema"], content=content)


def mend(history: History, at: dt.datetime = NOON + HOUR) -> None:
    history.write("pages", at, partition=news(), content="mended")


class TestChecks:
    def test_a_failed_check_is_told_once_and_its_end_once(self, history: History, hook: Webhook):
        fail(history)
        assert look(history) == "1 open, 1 raised, 1 messages sent"
        for _ in range(4):
            assert look(history) == "1 open"
        mend(history)
        assert look(history) == "0 open, 1 recovered, 1 messages sent"
        for _ in range(2):
            assert look(history) == "0 open"
        assert hook.titles == [TITLE, f"Recovered: {TITLE}"]
        assert [message["type"] for message in hook.messages] == ["failure", "success"]
        assert log(history) == [FAILED, RECOVERED]

    def test_what_fails_again_after_its_end_is_told_again(self, history: History, hook: Webhook):
        for turn in range(2):
            fail(history, NOON + 2 * turn * HOUR, content=f"{turn}")
            look(history)
            mend(history, NOON + (2 * turn + 1) * HOUR)
            look(history)
        assert hook.titles == [TITLE, f"Recovered: {TITLE}"] * 2

    def test_a_partition_that_is_written_again_is_not_over_before_its_verdict(self, history: History):
        fail(history)
        look(history)
        history.write("pages", NOON + HOUR, partition=news(), unchecked=True, content="again")
        assert look(history) == "1 open"
        history.write("pages", NOON + 2 * HOUR, partition=news(), failed=["schema"], content="again")
        assert look(history) == "1 open"
        assert log(history) == [FAILED]

    def test_several_failed_checks_of_a_partition_are_one_message(self, history: History, hook: Webhook):
        history.write("frontier", NOON - MINUTE, partition=news())
        history.write("pages", NOON, partition=news(), failed=["schema", "unique_keys", "payload_hash"])
        assert look(history) == "3 open, 3 raised, 1 messages sent"
        [message] = hook.messages
        assert message["title"].endswith("and 2 more")
        for check in ("schema", "unique_keys", "payload_hash"):
            assert f"pages.{check} failed" in message["message"]

    def test_many_failed_checks_are_one_message_with_a_sample(self, history: History, hook: Webhook):
        days = [DAY + dt.timedelta(days=number) for number in range(40)]
        for day in days:
            history.write("frontier", NOON, partition=news(day), failed=["schema"])
        assert look(history) == "40 open, 40 raised, 1 messages sent"
        [message] = hook.messages
        assert message["title"] == "40 alerts of one kind: check failed"
        assert message["message"].count("frontier.schema failed") == 10
        assert "and 30 more" in message["message"]
        for day in days:
            history.write("frontier", NOON + HOUR, partition=news(day), content="mended")
        assert look(history) == "0 open, 40 recovered, 1 messages sent"
        assert hook.titles[1:] == ["40 causes are over"]

    def test_a_patch_that_is_awaited_is_told_as_such(self, history: History):
        history.admit(news(), NOON - HOUR, layers=["frontier", "pages"])
        history.write("records", NOON, partition=news(), failed=["completeness"], parser=history.parser)
        look(history)
        assert titles(history) == [f"news {DAY}: records.completeness failed, awaiting a patch"]
        [row] = open_alerts(history.store).iter_rows(named=True)
        assert (row["kind"], row["failure_domain"], row["source"]) == ("awaiting_patch", "parse", "news")
        assert "Awaiting a patch of the source's extraction" in row["body"]
        history.patch()
        assert look(history) == "1 open"

    def test_what_is_stored_of_a_source_that_is_gone_is_told_to_nobody(self, history: History):
        fail(history)
        history.declare(enabled=False)
        history.declare("other")
        assert look(history) == "0 open"


class TestReceivers:
    def test_without_receivers_alerts_are_kept_and_do_not_grow(self, history: History):
        fail(history)
        for _ in range(4):
            look(history)
        assert rows(history).height == 1
        [row] = open_alerts(history.store).iter_rows(named=True)
        assert (row["title"], row["sent"], row["pending"]) == (TITLE, False, [])
        mend(history)
        for _ in range(3):
            look(history)
        assert rows(history).height == 2

    def test_a_receiver_that_was_down_gets_each_message_once_when_it_is_up(
        self, history: History, monkeypatch: pytest.MonkeyPatch
    ):
        port = free_port()
        monkeypatch.setenv("WEBDATA_ALERTS", f"json://127.0.0.1:{port}/hook")
        fail(history)
        for _ in range(3):
            assert "1 not taken by every receiver yet" in look(history)
        assert rows(history).height == 1
        with webhook(port=port) as hook:
            for _ in range(3):
                look(history)
            assert hook.titles == [TITLE]
        [row] = open_alerts(history.store).iter_rows(named=True)
        assert (row["sent"], row["pending"]) == (True, [])

    def test_a_receiver_that_is_down_keeps_nothing_from_the_others_nor_repeats_it_to_them(
        self, history: History, monkeypatch: pytest.MonkeyPatch
    ):
        port = free_port()
        with webhook() as good:
            monkeypatch.setenv("WEBDATA_ALERTS", f"json://127.0.0.1:{port}/hook nonsense {good.url}")
            fail(history)
            for _ in range(3):
                look(history)
            assert good.titles == [TITLE]
            with webhook(port=port) as late:
                for _ in range(2):
                    look(history)
                assert late.titles == good.titles == [TITLE]
        [row] = open_alerts(history.store).iter_rows(named=True)
        assert (row["sent"], row["pending"]) == (True, [2])

    def test_a_process_that_dies_after_sending_repeats_that_message_once_and_loses_none(
        self, history: History, hook: Webhook, monkeypatch: pytest.MonkeyPatch
    ):
        class Killed(BaseException):
            pass

        def die(*_: object) -> None:
            raise Killed

        fail(history)
        with monkeypatch.context() as patched:
            patched.setattr(outbox, "record", die)
            with pytest.raises(Killed):
                look(history)
        for _ in range(3):
            look(history)
        assert hook.titles == [TITLE, TITLE]
        assert log(history) == [FAILED]


class TestRuns:
    def test_a_crashed_run_is_told_until_a_later_one_succeeds(self, history: History, hook: Webhook):
        failure, success = dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.SUCCESS
        pretend_run(history, CRAWL, failure, news())
        for _ in range(2):
            look(history)
        pretend_run(history, CRAWL, failure, news())
        pretend_run(history, CRAWL, success, news(DAY + dt.timedelta(days=1)))
        pretend_run(history, PUBLISH, success)
        assert look(history) == "1 open"
        pretend_run(history, REPLAY, success, news())
        look(history)
        look(history)
        assert hook.titles == [
            f"news {DAY}: a run of crawl failed",
            f"Recovered: news {DAY}: a run of crawl failed",
        ]

    def test_a_run_that_failed_its_checks_is_no_crash(self, history: History):
        history.deployment.connect_to = {"nowhere.test": "127.0.0.1:1"}
        outcome = history.deployment.run(CRAWL, news().key)
        assert "pages.completeness" in outcome.failed_checks
        look(history)
        assert "run_failed" not in {kind for kind, _ in log(history)}

    def test_a_run_that_takes_much_longer_than_its_like_is_told(self, history: History):
        now = dt.datetime.now(dt.UTC)
        for days in (1, 2, 3):
            earlier = pretend_run(history, CRAWL, dg.DagsterRunStatus.STARTED, news())
            start(history, earlier, now - days * 24 * HOUR, now - days * 24 * HOUR + 20 * MINUTE)
        run = pretend_run(history, CRAWL, dg.DagsterRunStatus.STARTED, news())
        start(history, run, now)
        for minutes, said in ((29, "0 open"), (59, "0 open"), (61, "1 open, 1 raised"), (90, "1 open")):
            history.deployment.now = (now + minutes * MINUTE).isoformat()
            assert look(history).startswith(said)
        start(history, run, now, now + 95 * MINUTE)
        look(history)
        assert log(history) == [("run_long", "raised"), ("run_long", "recovered")]
