"""What is installed is what is locked, file by file."""

from importlib.metadata import Distribution, distributions
from pathlib import Path

from webdata_assets_tests.supply.installed import changed_files, differences


def distribution(site: Path) -> Distribution:
    return next(iter(distributions(path=[str(site)])))


def test_what_is_missing_other_or_extra_is_named():
    assert differences({"a": "1", "b": "2", "c": "3"}, {"a": "1", "b": "2.1", "d": "4", "pip": "26"}) == [
        "b is 2.1 and not 2", "c 3 is missing", "d 4 is in no lock",
    ]  # fmt: skip


def test_files_as_they_were_shipped_are_fine(site: Path):
    assert list(changed_files(distribution(site))) == []


def test_a_file_that_was_changed_or_removed_is_named(site: Path):
    (site / "tiny.py").write_text("VALUE = 2\n")
    (site / "tiny-1.0.dist-info" / "WHEEL").unlink()
    assert list(changed_files(distribution(site))) == [
        "tiny: tiny.py differs from its RECORD",
        "tiny: tiny-1.0.dist-info/WHEEL is missing",
    ]
