"""Who learns page types: our classifier by its inputs, and what others would take from scikit-learn.

What belongs here: contenders, each a function of training and test rows. What does not: folds and scores
(retrain.py).
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl

from webdata_assets.stages.embed.embed import vector_matrix
from webdata_assets.stages.learn.classifier import train
from webdata_assets.tasks.model import Inputs
from webdata_assets_tests.benchmarks.page_types import TASK

Contender = Callable[[pl.DataFrame, pl.DataFrame], list[str]]
"""Training rows, test rows → labels of the latter."""


def _ours(**inputs: Any) -> Contender:
    task = TASK.model_copy(update={"inputs": Inputs(**inputs)})
    return lambda learnt, asked: train(learnt, task).predict(asked).labels


def _linear_svc(learnt: pl.DataFrame, asked: pl.DataFrame, weight: str | None) -> list[str]:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.svm import LinearSVC

    terms = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2)
    model = LinearSVC(class_weight=weight, random_state=0)
    model.fit(terms.fit_transform(learnt["words"]), learnt["label"].to_numpy())
    return list(model.predict(terms.transform(asked["words"])))


def _sgd(learnt: pl.DataFrame, asked: pl.DataFrame, weight: str | None) -> list[str]:
    from sklearn.feature_extraction.text import HashingVectorizer
    from sklearn.linear_model import SGDClassifier

    terms = HashingVectorizer(ngram_range=(1, 2), n_features=2**18, alternate_sign=False)
    model = SGDClassifier(loss="log_loss", class_weight=weight, random_state=0)
    model.fit(terms.transform(learnt["words"]), learnt["label"].to_numpy())
    return list(model.predict(terms.transform(asked["words"])))


def _vectors(learnt: pl.DataFrame, asked: pl.DataFrame, weight: str | None) -> list[str]:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=10, max_iter=1_000, class_weight=weight)
    model.fit(vector_matrix(learnt["vector"]).astype(np.float64), learnt["label"].to_numpy())
    return list(model.predict(vector_matrix(asked["vector"]).astype(np.float64)))


def _weighted(work: Callable[[pl.DataFrame, pl.DataFrame, str | None], list[str]]) -> list[Contender]:
    return [
        lambda learnt, asked: work(learnt, asked, None),
        lambda learnt, asked: work(learnt, asked, "balanced"),
    ]


_SVC, _BALANCED_SVC = _weighted(_linear_svc)
_SGD, _BALANCED_SGD = _weighted(_sgd)
_VECTORS, _BALANCED_VECTORS = _weighted(_vectors)

CONTENDERS: dict[str, Contender] = {
    "ours: text": _ours(vector=False, features="none"),
    "ours: text, features": _ours(vector=False),
    "ours: text, features, vector": _ours(),
    "TF-IDF, LinearSVC: text": _SVC,
    "TF-IDF, LinearSVC balanced: text": _BALANCED_SVC,
    "hashed n-grams, SGD: text": _SGD,
    "hashed n-grams, SGD balanced: text": _BALANCED_SGD,
    "logistic regression: vector": _VECTORS,
    "logistic regression balanced: vector": _BALANCED_VECTORS,
}
"""By name; what stands after the colon is what it sees."""
