"""The classifier: multinomial logistic regression over features and vector, kept as plain arrays.

What belongs here: training, predicting, saving. What does not: which rows (training_set.py), how good it is
(evaluation.py), and whether it is used (promotion.py).
"""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl
from blake3 import blake3

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.schemas.features import FEATURE_COLUMNS
from webdata_assets.stages.artefacts import read_artefact, write_artefact
from webdata_assets.stages.embed.embed import vector_matrix

MIN_TRAINING_ROWS = 10
WEIGHTS_FILE = "classifier.safetensors"

_MAX_ITERATIONS = 1_000
_MIN_SCALE = 1e-9

Floats = npt.NDArray[np.float32]


class Predictions(NamedTuple):
    """Per row the most probable label, and the probability of each class in the classifier's order."""

    labels: list[str]
    probabilities: npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Classifier:
    """A trained model: softmax((x - mean) / scale · weightsᵀ + bias) over `classes`.

    x is the feature columns in their order, then the vector.
    """

    classes: tuple[str, ...]
    features: tuple[str, ...]
    """Those that it was trained on, in their order; features that came later are not read."""
    model_id: str
    """Of the encoder that made the vectors."""
    mean: Floats
    scale: Floats
    weights: Floats
    """Classes × inputs."""
    bias: Floats

    def reads(self, frame: pl.DataFrame) -> bool:
        """Return whether the frame's vectors are of the encoder that this classifier was trained with."""
        return bool((frame["model_id"] == self.model_id).all())

    def predict(self, frame: pl.DataFrame) -> Predictions:
        """Return labels and probabilities for rows with the feature columns, `vector` and `model_id`.

        Raises:
            PermanentError: the vectors are of another encoder.
        """
        if not self.reads(frame):
            raise PermanentError(
                f"The classifier was trained on vectors of {self.model_id}, not "
                f"{sorted(set(frame['model_id']) - {self.model_id})}: train it again",
                failure_domain=FailureDomain.MODEL,
            )
        if frame.is_empty():
            return Predictions([], np.empty((0, len(self.classes))))
        inputs = (_inputs(frame, self.features) - self.mean) / self.scale
        scores = inputs @ self.weights.T.astype(np.float64) + self.bias
        exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
        probabilities = exponentials / exponentials.sum(axis=1, keepdims=True)
        labels = [self.classes[index] for index in probabilities.argmax(axis=1)]
        return Predictions(labels, probabilities)

    @cached_property
    def content(self) -> bytes:
        """The whole classifier as safetensors; the same classifier gives the same bytes."""
        from safetensors.numpy import save

        names = json.dumps(
            {"classes": self.classes, "features": self.features, "model_id": self.model_id}, sort_keys=True
        )
        tensors: dict[str, npt.NDArray[Any]] = {
            "mean": self.mean,
            "scale": self.scale,
            "weights": self.weights,
            "bias": self.bias,
            # as a tensor, because the order of safetensors' own metadata is not fixed
            "names": np.frombuffer(names.encode(), dtype=np.uint8),
        }
        # safetensors writes an array's memory as it lies, whatever its strides say
        return bytes(save({name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}))

    @cached_property
    def artefact_hash(self) -> str:
        """BLAKE3 of `content`."""
        return blake3(self.content).hexdigest()

    def save(self, folder: Path) -> None:
        """Write the classifier as an immutable folder; saving it again there changes nothing.

        Raises:
            FileExistsError: the folder already holds something else.
        """
        facts = {
            "artefact_hash": self.artefact_hash,
            "classes": list(self.classes),
            "features": list(self.features),
            "model_id": self.model_id,
        }
        write_artefact(folder, {WEIGHTS_FILE: self.content}, facts)

    @classmethod
    def load(cls, folder: Path) -> "Classifier":
        """Read a classifier that `save` wrote.

        Raises:
            PermanentError: a file is missing or changed, or a feature that it reads is no more.
        """
        from safetensors.numpy import load

        tensors = load(read_artefact(folder, failure_domain=FailureDomain.MODEL).files[WEIGHTS_FILE])
        names = json.loads(tensors["names"].tobytes())
        if unknown := sorted(set(names["features"]) - set(FEATURE_COLUMNS)):
            raise PermanentError(
                f"The classifier in {folder} was trained on other features than today's, such as "
                f"{unknown[0]}: train it again",
                failure_domain=FailureDomain.MODEL,
            )
        return cls(
            classes=tuple(names["classes"]),
            features=tuple(names["features"]),
            model_id=names["model_id"],
            **{name: tensors[name] for name in ("mean", "scale", "weights", "bias")},
        )


def train(frame: pl.DataFrame) -> Classifier:
    """Train on exactly these rows of the training set. The same rows give the same classifier, bit for bit.

    Args:
        frame: rows of the `training_set` table, usually those whose split is `train`.

    Raises:
        PermanentError: fewer than two labels, or fewer than `MIN_TRAINING_ROWS` rows.
        ValueError: vectors of several models.
    """
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    classes = tuple(sorted(frame["label"].unique()))
    if len(classes) < 2 or len(frame) < MIN_TRAINING_ROWS:
        raise PermanentError(
            f"{len(frame)} rows with {len(classes)} labels {list(classes)} are too few to train on: "
            f"at least {MIN_TRAINING_ROWS} rows and 2 labels",
            failure_domain=FailureDomain.MODEL,
        )
    if frame["model_id"].n_unique() > 1:
        raise ValueError(f"vectors of several models: {sorted(frame['model_id'].unique())}")
    frame = frame.sort("record_id")
    # sums in one fixed order, whatever the number of cores
    with threadpool_limits(limits=1):
        inputs = _inputs(frame, FEATURE_COLUMNS)
        mean = inputs.mean(axis=0).astype(np.float32)
        scale = inputs.std(axis=0).astype(np.float32)
        scale[scale < _MIN_SCALE] = 1
        regression = LogisticRegression(solver="lbfgs", max_iter=_MAX_ITERATIONS, random_state=0)
        regression.fit((inputs - mean) / scale, frame["label"].to_numpy())
    weights, bias = regression.coef_, regression.intercept_
    if len(classes) == 2:
        # scikit-learn keeps one row for two classes: the log odds of the second
        weights, bias = np.vstack([np.zeros_like(weights), weights]), np.concatenate([[0.0], bias])
    return Classifier(
        classes=classes,
        features=FEATURE_COLUMNS,
        model_id=frame["model_id"][0],
        mean=mean,
        scale=scale,
        # one order in memory, so that a reloaded classifier adds up in the same order
        weights=np.ascontiguousarray(weights, dtype=np.float32),
        bias=np.ascontiguousarray(bias, dtype=np.float32),
    )


def _inputs(frame: pl.DataFrame, names: tuple[str, ...]) -> npt.NDArray[np.float64]:
    features = frame.select(pl.col(names).cast(pl.Float64)).to_numpy()
    return np.hstack([features, vector_matrix(frame["vector"]).astype(np.float64)])
