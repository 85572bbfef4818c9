"""The targets themselves: each stands its own samples and what its mutator makes of them, without atheris."""

import random
from pathlib import Path

import pytest

from webdata_assets_tests.fuzz.finds import keep, kept
from webdata_assets_tests.fuzz.target import NAMES, Target, judge, load_target

_MUTATIONS = 2


def changed_byte(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + b"\xff" + data[middle + 1 :]


@pytest.mark.parametrize("name", NAMES)
def test_a_target_stands_its_samples_and_mutations_of_them(name: str) -> None:
    target, rng = load_target(name), random.Random(1)
    for sample in target.samples:
        judge(target, sample)
    for _ in range(_MUTATIONS if target.mutate else 0):
        assert target.mutate is not None
        judge(target, target.mutate(rng.choice(target.samples), rng, changed_byte)[: target.max_bytes])


def test_a_target_is_a_module_and_a_name() -> None:
    modules = {path.stem for path in (Path(__file__).parent / "targets").glob("*.py")} - {"__init__"}
    assert modules == set(NAMES)


def failing(data: bytes) -> None:
    raise KeyError(data.decode()) if data.startswith(b"key") else IndexError


def test_the_smallest_input_of_each_cause_is_kept(tmp_path: Path) -> None:
    target = Target(failing, frozenset(), (), lambda _: ())
    new = []
    for data in (b"key 1", b"key", b"key 22", b"other"):
        with pytest.raises(LookupError) as caught:
            judge(target, data)
        new.append(keep(tmp_path, caught.value, data))
    assert new == [True, False, False, True]
    assert sorted(find.read_bytes() for find in kept(tmp_path)) == [b"key", b"other"]
    told = [find.with_suffix(".txt").read_text() for find in kept(tmp_path)]
    assert all("Traceback" in text for text in told)


def test_seeds_are_short_enough_and_come_of_every_data_set_that_is_there() -> None:
    data = Path(__file__).parents[2] / "../shared/data"
    if not data.is_dir():
        pytest.skip(f"{data} is absent: real pages are not part of the repository")
    target = load_target("robots")
    found = list(target.seeds(data))
    assert len(found) > 10
    assert max(map(len, found)) <= target.max_bytes
