"""Index and model come into use together or not at all, whenever a run dies."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from webdata_assets.errors import NotAdmittedError, PermanentError
from webdata_assets.schemas.release import RELEASE
from webdata_assets.stages.index.lance import LanceIndex
from webdata_assets.stages.learn.registry import version_of
from webdata_assets.store.ledger import Ledger
from webdata_assets.store.releases import current_release, decide_release
from webdata_assets.store.tables import Tables
from webdata_assets_tests.assets.conftest import Awaiting, Released, copy, metadata
from webdata_assets_tests.learn.pairs import Pairs
from webdata_assets_tests.store.rows import admit


class KilledError(Exception):
    """Stands for the end of a process: whatever was stored until here stays."""


@pytest.fixture
def pairs(tmp_path: Path) -> Pairs:
    """An empty store."""
    return Pairs(tmp_path / "store")


def test_the_index_is_released_before_there_is_any_model(only_index: Released):
    pairs, found = only_index
    assert pairs.pair == (20, None)
    assert (found["release"], found["chunks"], found["promoted"]) == (1, 20, 0)
    assert found["model_version"] == "none"


def test_a_promotable_model_comes_into_use_with_the_newest_index(only_index: Released, tmp_path: Path):
    pairs = copy(only_index.pairs, tmp_path)
    classifier = pairs.train()
    pairs.fill_index(20)
    assert pairs.pair == (20, None)
    found = metadata(pairs.release())
    assert pairs.pair == (40, version_of(classifier))
    assert (found["release"], found["promoted"]) == (2, 1)
    assert found["reason"].startswith(f"index {current_release(pairs.store).index_snapshot[:8]} of 40 chunks")


def test_a_release_again_changes_nothing(with_model: Pairs, tmp_path: Path):
    pairs = copy(with_model, tmp_path)
    before = pairs.store.tables.read(RELEASE)
    found = metadata(pairs.release())
    assert pairs.store.tables.read(RELEASE).equals(before)
    assert (found["promoted"], found["reason"]) == (0, "release 1 is up to date")


def test_models_of_a_registry_that_failed_its_checks_are_not_released(pairs: Pairs):
    pairs.fill_index(10)
    pairs.train()
    admit(pairs.store, "model", None, artefact_hash=False)
    pairs.release()
    assert pairs.pair == (20, None)


def test_an_index_whose_checks_failed_is_not_released(only_index: Released, tmp_path: Path):
    pairs = copy(only_index.pairs, tmp_path)
    pairs.fill_index(20, admitted=False)
    with pytest.raises(NotAdmittedError):
        pairs.release()
    assert pairs.pair == (20, None)


def test_an_index_that_was_written_after_its_manifest_is_refused(pairs: Pairs):
    pairs.fill_index(10)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Ledger, "begin_write", lambda *_, **__: None)
        patch.setattr(Tables, "overwrite", lambda *_, **__: 0)
        patch.setattr(Ledger, "record", lambda *_, **__: None)
        pairs.fill_index(20)
    with pytest.raises(PermanentError, match="holds 40 chunks, which are not the 20 that vector_index lists"):
        pairs.release()
    pairs.fill_index(20)
    pairs.release()
    assert pairs.pair == (40, None)


def test_a_model_whose_files_were_changed_is_refused_and_the_pair_in_use_stays(
    only_index: Released, tmp_path: Path
):
    pairs = copy(only_index.pairs, tmp_path)
    classifier = pairs.train()
    weights = next(pairs.store.location.model(version_of(classifier)).glob("*.safetensors"))
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    with pytest.raises(PermanentError, match=r"cannot be released, and the one in use stays.*was changed"):
        pairs.release()
    assert pairs.pair == (20, None)


def test_index_and_model_of_another_encoder_come_into_use_together(with_model: Pairs, tmp_path: Path):
    pairs = copy(with_model, tmp_path)
    first = current_release(pairs.store).model_version
    pairs.fill_index(20, "tiny@2")
    assert metadata(pairs.release())["reason"].startswith("the pair in use stays whole")
    assert pairs.pair == (20, first)
    second = pairs.train(model_id="tiny@2")
    pairs.release()
    assert pairs.pair == (40, version_of(second))


def test_a_rollback_takes_both_back(awaiting: Awaiting, tmp_path: Path):
    pairs = copy(awaiting.pairs, tmp_path)
    past = current_release(pairs.store)
    pairs.release()
    assert pairs.pair == (40, awaiting.second)
    left = current_release(pairs.store)
    decide_release(
        pairs.store, "rollback", model_version=past.model_version, index_snapshot=past.index_snapshot,
        left=left, by="ann", reason=None,
    )  # fmt: skip
    pairs.release()
    assert pairs.pair == (20, awaiting.first)
    pairs.release()
    assert pairs.pair == (20, awaiting.first)


@pytest.fixture
def kept_releases(monkeypatch: pytest.MonkeyPatch) -> int:
    """So few, that they are soon made."""
    monkeypatch.setattr("webdata_assets.assets.release.KEPT_RELEASES", 2)
    return 2


def test_states_are_forgotten_once_no_kept_release_needs_them(
    only_index: Released, tmp_path: Path, kept_releases: int
):
    pairs = copy(only_index.pairs, tmp_path)
    for count in range(1, kept_releases + 1):
        pairs.fill_index(count)
        pairs.release()
    kept = pairs.store.tables.read(RELEASE)["index_snapshot"].to_list()[-kept_releases:]
    assert set(kept) < set(pairs.index.names())
    # the one that left the kept ones with the last release goes with the next
    pairs.release()
    assert set(pairs.index.names()) == set(kept)


def raising(original: Callable[..., Any], *, after: bool, table: str | None = None) -> Callable[..., Any]:
    """Return a function that dies before or after its work, for one table only if given."""

    def function(*arguments: Any, **named: Any) -> Any:
        if table is not None and arguments[1].name != table:
            return original(*arguments, **named)
        if after:
            original(*arguments, **named)
        raise KilledError

    return function


STEPS: list[tuple[type, str, str | None]] = [
    (LanceIndex, "name", None),
    (LanceIndex, "forget", None),
    (Ledger, "begin_write", "release"),
    (Tables, "overwrite", "release"),
    (Ledger, "record", "release"),
]
# the store looks after a step as it does before the next one: of the later moments, the last is its own
MOMENTS = [
    *(pytest.param(*step, False, id=f"{step[1]}-before") for step in STEPS),
    *(pytest.param(*step, True, id=f"{step[1]}-after", marks=pytest.mark.soak) for step in STEPS[:-1]),
    pytest.param(*STEPS[-1], True, id=f"{STEPS[-1][1]}-after"),
]


@pytest.mark.parametrize(("owner", "method", "table", "after"), MOMENTS)
def test_a_run_that_dies_leaves_a_whole_pair_and_the_next_one_goes_on(
    awaiting: Awaiting,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    owner: type,
    method: str,
    table: str | None,
    after: bool,
):
    pairs, (_, first, second) = copy(awaiting.pairs, tmp_path), awaiting
    with monkeypatch.context() as patch:
        patch.setattr(owner, method, raising(getattr(owner, method), after=after, table=table))
        assert not pairs.release(raises=False).success
    was_judged = (method, after) == ("record", True)
    assert pairs.pair == ((40, second) if was_judged else (20, first))
    pairs.release()
    assert pairs.pair == (40, second)
    rows = pairs.store.tables.read(RELEASE)
    assert rows.select("release", "model_version", "chunks").rows() == [
        (1, first, 20),
        (2, second, 40),
    ]
    assert set(pairs.index.names()) == set(rows["index_snapshot"])


def test_readers_keep_a_release_that_is_forgotten_meanwhile(
    only_index: Released, tmp_path: Path, kept_releases: int
):
    pairs = copy(only_index.pairs, tmp_path)
    first = current_release(pairs.store).index_snapshot
    held = pairs.index.at(first)
    for count in range(1, 2 + kept_releases):
        pairs.fill_index(count)
        pairs.release()
    assert first not in pairs.index.names()
    assert held.count() == 20
    assert held.rows(["chunk_id"]).height == 20
