"""Predictions for texts that are no records: what a server is sent.

What belongs here: a text as an example, by the very steps that records take. What does not: predicting
(classifier.py), and serving (serving/).
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import polars as pl

from webdata_assets.schemas import TABLES
from webdata_assets.schemas.features import FEATURE_COLUMNS
from webdata_assets.stages.clean.normalise import clean_body, clean_line
from webdata_assets.stages.embed.cache import MemoryCache
from webdata_assets.stages.embed.embed import embed_records
from webdata_assets.stages.embed.encoder import TextEncoder
from webdata_assets.stages.featurize.features import featurize
from webdata_assets.stages.featurize.text import readability, text_features
from webdata_assets.stages.learn.classifier import Classifier, Predictions
from webdata_assets.stages.learn.training_set import mean_vectors, words

_NO_DATE = dt.date(1970, 1, 1)
_OF_TEXTS = frozenset(formula.meta.output_name() for formula in (*text_features(), *readability()))


def predict_texts(
    classifier: Classifier, encoder: TextEncoder, items: Sequence[tuple[str | None, str | None]]
) -> Predictions:
    """Return labels and probabilities of texts, in their order.

    Features of the text itself are computed; those of a page or of a past, which a text has not, count as the
    training rows' mean. Where the classifier reads no vectors, nothing is encoded.

    Args:
        classifier: the model in use.
        encoder: that of its vectors.
        items: title and text; either may be missing.

    Raises:
        PermanentError: the classifier was trained on vectors of another encoder.
    """
    encoded = classifier.inputs.dimensions > 0
    if encoded:
        classifier.require_encoder([encoder.model_id])
    return classifier.predict(_examples(items, encoder, encoded=encoded))


def _examples(
    items: Sequence[tuple[str | None, str | None]], encoder: TextEncoder, *, encoded: bool
) -> pl.DataFrame:
    known: dict[str, list[Any]] = {
        "date": [_NO_DATE] * len(items),
        "source": ["text"] * len(items),
        "record_id": [f"{number:032x}" for number in range(len(items))],
        "title": [clean_line(title or "") or None for title, _ in items],
        "text": [clean_body(text or "") or None for _, text in items],
    }
    schema = TABLES["records"].polars_schema
    records = pl.DataFrame(
        [pl.Series(name, known.get(name, [None] * len(items)), dtype) for name, dtype in schema.items()]
    )
    unknown = [name for name in FEATURE_COLUMNS if name not in _OF_TEXTS]
    features = featurize(records, _NO_DATE).select(
        "record_id",
        *(name for name in FEATURE_COLUMNS if name in _OF_TEXTS),
        *(pl.lit(None, pl.Float64).alias(name) for name in unknown),
    )
    examples = records.select("record_id", words()).join(features, on="record_id", validate="1:1")
    if encoded:
        chunks = embed_records(records, encoder, MemoryCache()).sort("record_id", "ordinal")
        vectors = mean_vectors(chunks).select("record_id", "vector")
        nothing = pl.lit([0.0] * encoder.dimensions, pl.List(pl.Float32))
        examples = examples.join(vectors, on="record_id", how="left", validate="1:1").with_columns(
            pl.col("vector").fill_null(nothing), model_id=pl.lit(encoder.model_id)
        )
    return examples.sort("record_id")
