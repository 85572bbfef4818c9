"""The verdict of each quality rule beside that of datatrove's filters, on real texts."""

import json
from importlib.util import find_spec

import polars as pl
import pytest

from webdata_assets.sources.clean import Quality
from webdata_assets.stages.clean.normalise import clean_body
from webdata_assets.stages.clean.quality.rules import quality_flags
from webdata_assets.stages.clean.quality.signals import signals
from webdata_assets_tests.extract.making import data_folder

pytestmark = pytest.mark.skipif(
    not (find_spec("datatrove") and find_spec("spacy")),
    reason="datatrove is the oracle, and splits English words by spaCy: install the extra `benchmark`",
)

TEXTS = 30


@pytest.fixture(scope="module")
def texts() -> pl.Series:
    """Main contents of real pages, short ones, so that the test is short too."""
    found = []
    for path in sorted((data_folder("wcxb") / "dev/ground-truth").glob("*.json")):
        text = clean_body(json.loads(path.read_text())["ground_truth"].get("main_content") or "")
        if 200 < len(text) < 4_000:
            found.append(text)
    return pl.Series(found[:: max(1, len(found) // TEXTS)][:TEXTS])


def test_verdicts_are_those_of_datatrove(texts: pl.Series) -> None:
    from webdata_assets_tests.clean.datatrove_filters import breaks, filters

    flags = quality_flags(texts, pl.Series(["en"] * len(texts)), Quality()).to_list()
    letters = signals(texts).select(pl.col("alphabetic_words") / pl.col("tokens")).to_series()
    unexplained = []
    disagreements = 0
    for name, oracle in filters().items():
        for number, text in enumerate(texts):
            if (name in flags[number]) == breaks(oracle, text):
                continue
            disagreements += 1
            # spaCy keeps `foo(bar`, `e.g.` and `24GB` together or apart by long lists; a word more or less
            # moves a text over a threshold that it was next to
            if name != "gopher:alphabetic_words" or abs(letters[number] - 0.8) > 0.02:
                unexplained.append((name, text[:60]))
    compared = len(filters()) * len(texts)
    assert disagreements <= 0.01 * compared
    assert len(unexplained) <= 0.002 * compared, unexplained
