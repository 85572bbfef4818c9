"""The reference of source files is rendered from the model."""

from webdata_assets.sources.reference import REFERENCE_PATH, render


def test_the_committed_reference_is_current() -> None:
    assert REFERENCE_PATH.read_text(encoding="utf-8") == render(), "run `make schema`"


def test_every_key_has_a_meaning() -> None:
    rows = [line for line in render().splitlines() if line.startswith("| `")]
    assert [row for row in rows if row.endswith("|  |")] == []
