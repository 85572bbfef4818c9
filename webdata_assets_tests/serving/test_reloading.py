"""The pair in use: when it is renewed, and what it takes to lose it (nothing)."""

import asyncio
import time

import pytest

from webdata_assets.schemas.release import RELEASE
from webdata_assets.serving import reloading
from webdata_assets.serving.metrics import Metrics
from webdata_assets.serving.reloading import Reloader
from webdata_assets.store.verdict import Verdict


@pytest.fixture
def reloader(releasing):
    return Reloader(releasing.store, releasing.settings, Metrics())


def renew(reloader):
    asyncio.run(reloader.renew())
    return reloader.pair.release.release if reloader.pair else None


def counted(reloader, name):
    return reloader._metrics.registry.get_sample_value(name)


def test_without_a_release_there_is_no_pair_and_nothing_has_failed(reloader, releasing):
    assert renew(reloader) is None
    assert "nothing was released yet" in reloader.problem
    assert counted(reloader, "webdata_failed_reloads_total") == 0
    releasing.release(1)
    assert renew(reloader) == 1
    assert reloader.problem is None


def test_a_pair_is_kept_while_there_is_no_newer_release(reloader, releasing):
    releasing.release(1)
    renew(reloader)
    pair = reloader.pair
    releasing.store.ledger.record(RELEASE, None, [Verdict("another", passed=True)], run_id="run")
    renew(reloader)
    assert reloader.pair is pair
    assert counted(reloader, "webdata_reloads_total") == 1


def test_a_newer_release_takes_its_place_with_the_same_encoder(reloader, releasing):
    releasing.release(1)
    renew(reloader)
    encoder = reloader.pair.encoder
    releasing.release(2)
    assert renew(reloader) == 2
    assert reloader.pair.encoder is encoder
    assert counted(reloader, "webdata_release") == 2
    assert counted(reloader, "webdata_reloads_total") == 2


def test_a_pair_that_no_check_has_judged_yet_is_not_taken(reloader, releasing):
    releasing.release(1)
    renew(reloader)
    releasing.release(2, passed=False)
    assert renew(reloader) == 1
    assert reloader.problem is None
    releasing.judge()
    assert renew(reloader) == 2


def test_a_release_that_cannot_be_opened_leaves_the_old_one_and_is_tried_again_after_a_gap(
    reloader, releasing, monkeypatch
):
    monkeypatch.setattr(reloading, "FIRST_GAP_SECONDS", 0.2)
    releasing.release(1)
    renew(reloader)
    model = releasing.store.location.model(releasing.train(2))
    away = model.rename(model.with_name("away"))
    releasing.release(2, model_version=model.name)
    assert renew(reloader) == 1
    assert model.name in reloader.problem
    away.rename(model)
    assert renew(reloader) == 1
    assert counted(reloader, "webdata_failed_reloads_total") == 1
    time.sleep(0.25)
    assert renew(reloader) == 2
    assert reloader.problem is None


def test_gaps_between_tries_grow_and_a_newer_release_need_not_wait(reloader, releasing, monkeypatch):
    monkeypatch.setattr(reloading, "FIRST_GAP_SECONDS", 0.01)
    releasing.release(1, model_version="0" * 16)
    gaps = []
    for _ in range(3):
        renew(reloader)
        gaps.append(reloader._gap)
        time.sleep(reloader._gap)
    assert gaps == [0.02, 0.04, 0.08]
    monkeypatch.setattr(reloader, "_gap", 3_600.0)
    renew(reloader)
    releasing.release(2)
    assert renew(reloader) == 2


def test_a_bug_in_opening_is_logged_with_its_trace_and_changes_nothing(
    reloader, releasing, monkeypatch, caplog
):
    releasing.release(1)
    renew(reloader)

    def stumble(*_):
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(reloading, "open_pair", stumble)
    releasing.release(2)
    assert renew(reloader) == 1
    assert reloader.problem == "ZeroDivisionError"
    assert caplog.records[-1].exc_info[0] is ZeroDivisionError
