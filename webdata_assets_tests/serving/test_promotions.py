"""Promotions while a real server answers: none is missed, none is mixed, no request is lost."""

import itertools
import re
import signal
import threading

import pytest

from webdata_assets_tests.serving.process import Serving, served, wait_until

CLIENTS = 4
MODES = ("hybrid", "text", "vector")
VISIBLE_SECONDS = 5.0
MOST_BYTES_PER_RELOAD = 4 * 1024 * 1024


class Caller(threading.Thread):
    """Asks again and again on one connection, and keeps what was wrong with the answers."""

    def __init__(self, serving: Serving, until: threading.Event, models: dict[int, str]) -> None:
        super().__init__()
        self._client = serving.client()
        self._until = until
        self._models = models
        self.searches = 0
        self.predictions = 0
        self.failed: list[str] = []
        self.mixed: list[str] = []
        self.releases: list[int] = []

    def run(self) -> None:
        for number in itertools.count():
            if self._until.is_set():
                return
            predicts = number % 10 == 9
            try:
                if predicts:
                    answered = self._client.predict("a kettle")
                else:
                    words = f"kettle number{number % 20}"
                    answered = self._client.ask("/search", q=words, mode=MODES[number % 3])
            except OSError as error:
                self.failed.append(repr(error))
                return
            if answered.status != 200:
                self.failed.append(f"{answered.status} {answered.body!r}")
                return
            self.searches += not predicts
            self.predictions += predicts
            self._judge(answered.json)

    def _judge(self, answer: dict) -> None:
        release = answer["release"]
        self.releases.append(release)
        told = [hit["snippet"] for hit in answer.get("hits", ())]
        told += [each["label"] for each in answer.get("predictions", ())]
        named = set(re.findall(r"release(\d+)", " ".join(told)))
        parts = (answer["index_snapshot"], answer["model_version"])
        if named != {str(release)} or parts != (f"{release:016x}", self._models[release]):
            self.mixed.append(f"{answer}")


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("searches", "promotions"), [(300, 5), pytest.param(1_000, 10, marks=pytest.mark.soak)]
)
def test_searches_during_promotions_none_failed_none_mixed(searches, promotions, releasing):
    models = {number: releasing.train(number) for number in range(1, promotions + 2)}
    releasing.release(1, model_version=models[1])
    with served(releasing.environment, releasing.folder) as serving:
        serving.wait_for_release(1)
        enough = threading.Event()
        callers = [Caller(serving, enough, models) for _ in range(CLIENTS)]
        for caller in callers:
            caller.start()
        visible, memory = [], []
        try:
            for number in range(2, promotions + 2):
                share = (number - 2) * searches // promotions
                wait_until(lambda share=share: _progress(callers) >= share, 60)
                releasing.release(number, model_version=models[number])
                visible.append(serving.wait_for_release(number, seconds=VISIBLE_SECONDS))
                memory.append(serving.client().metric("process_resident_memory_bytes"))
            wait_until(lambda: _progress(callers) >= searches, 60)
        finally:
            enough.set()
            for caller in callers:
                caller.join()
        client = serving.client()
        assert [caller.failed for caller in callers] == [[]] * CLIENTS
        assert [caller.mixed for caller in callers] == [[]] * CLIENTS
        assert sum(caller.predictions for caller in callers) > 0
        assert set().union(*(caller.releases for caller in callers)) == set(models)
        # once it has answered from a release, no connection hears of an earlier one
        assert all(caller.releases == sorted(caller.releases) for caller in callers)
        assert max(visible) < VISIBLE_SECONDS
        assert client.metric("webdata_reloads_total") == promotions + 1
        assert client.metric("webdata_failed_reloads_total") == 0
        # libraries take what they need once with the first reloads
        settled = promotions // 2
        assert (memory[-1] - memory[settled]) / (promotions - 1 - settled) < MOST_BYTES_PER_RELOAD


def _progress(callers: list[Caller]) -> int:
    """Return how many searches were answered; a caller that has failed ends the waiting."""
    failed = [line for caller in callers for line in caller.failed]
    assert failed == []
    return sum(caller.searches for caller in callers)


@pytest.fixture
def serving(releasing):
    with served(releasing.environment, releasing.folder) as serving:
        yield serving


def test_before_the_first_release_every_answer_says_so_and_then_the_server_begins(releasing, serving):
    assert "Every answer is 503 until there is a release" in serving.said[1]
    client = serving.client()
    wait_until(lambda: "webdata publish" in client.ask("/health").json["detail"], 20)
    for answered in (client.ask("/health"), client.ask("/search", q="a"), client.predict("a")):
        assert answered.status == 503
        assert answered.headers["retry-after"] == "1"
        assert "nothing was released yet" in answered.json["detail"]
    releasing.release(1)
    serving.wait_for_release(1)
    assert client.ask("/search", q="kettle").status == 200
    assert client.predict("a").json["detail"] == "Release 1 has no model: none was good enough so far"


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_requests_in_flight_are_answered_before_the_end(releasing, serving, how):
    releasing.release(1, model_version=releasing.train(1), chunks=1)
    serving.wait_for_release(1)
    answers = []

    def ask() -> None:
        answers.append(serving.client().predict(*["a kettle boils " * 500] * 5))

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    client = serving.client()
    # the three, and this one
    wait_until(lambda: client.metric("webdata_requests_in_progress") >= 4, 20)
    serving.process.send_signal(how)
    for thread in threads:
        thread.join()
    assert [answered.status for answered in answers] == [200] * 3
    assert serving.process.wait(20) == 0
