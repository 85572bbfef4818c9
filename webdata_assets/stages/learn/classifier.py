"""The classifier: multinomial logistic regression over words, features and vector, kept as plain arrays.

What belongs here: training, predicting, saving. What does not: how rows become numbers (inputs.py), which
rows (training_set.py), how good it is (evaluation.py), and whether it is used (promotion.py).
"""

import json
from collections.abc import Iterable
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
from webdata_assets.stages.learn.inputs import Floats, Inputs, learn_inputs
from webdata_assets.tasks.model import Task

MIN_TRAINING_ROWS = 10
WEIGHTS_FILE = "classifier.safetensors"

_INVERSE_REGULARISATION = 3.0
_MAX_ITERATIONS = 1_000


class Predictions(NamedTuple):
    """Per row the most probable label, and the probability of each class in the classifier's order."""

    labels: list[str]
    probabilities: npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Classifier:
    """A trained model: softmax(x · weightsᵀ + bias) over `classes`; x is what `inputs` make of a row."""

    classes: tuple[str, ...]
    model_id: str
    """Of the encoder that made the vectors of the training rows."""
    inputs: Inputs
    weights: Floats
    """Classes × inputs."""
    bias: Floats

    @property
    def features(self) -> tuple[str, ...]:
        """The features that it reads, in their order."""
        return self.inputs.features

    def reads(self, frame: pl.DataFrame) -> bool:
        """Return whether the frame's vectors are of the encoder that this classifier was trained with.

        One that was trained without vectors reads any.
        """
        return self.inputs.dimensions == 0 or bool((frame["model_id"] == self.model_id).all())

    def predict(self, frame: pl.DataFrame) -> Predictions:
        """Return labels and probabilities for rows with `words`, the features, `vector` and `model_id`.

        What it was trained without may be missing; a feature that is null counts as the training rows' mean.

        Raises:
            PermanentError: the vectors are of another encoder.
        """
        if self.inputs.dimensions:
            self.require_encoder(frame["model_id"].unique())
        scores = self.inputs.rows(frame) @ self.weights.T.astype(np.float64) + self.bias
        exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
        probabilities = exponentials / exponentials.sum(axis=1, keepdims=True)
        labels = [self.classes[index] for index in probabilities.argmax(axis=1)]
        return Predictions(labels, probabilities)

    def require_encoder(self, model_ids: Iterable[str]) -> None:
        """Raise PermanentError unless all vectors are of the encoder that it was trained with."""
        if others := sorted(set(model_ids) - {self.model_id}):
            raise PermanentError(
                f"The classifier was trained on vectors of {self.model_id}, not {others}: train it again",
                failure_domain=FailureDomain.MODEL,
            )

    @cached_property
    def content(self) -> bytes:
        """The whole classifier as safetensors; the same classifier gives the same bytes."""
        from safetensors.numpy import save

        names = json.dumps(self._names(), sort_keys=True)
        tensors: dict[str, npt.NDArray[Any]] = {
            "buckets": self.inputs.buckets,
            "mean": self.inputs.mean,
            "scale": self.inputs.scale,
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

    def save(self, folder: Path, probe: pl.DataFrame | None = None) -> None:
        """Write the classifier as an immutable folder; saving it again there changes nothing.

        What was written is read back and compared.

        Args:
            folder: where it shall lie.
            probe: examples that the classifier read back must predict as this one does, bit for bit.

        Raises:
            FileExistsError: the folder already holds something else.
        """
        facts = {"artefact_hash": self.artefact_hash, **self._names()}
        write_artefact(folder, {WEIGHTS_FILE: self.content}, facts)
        loaded = Classifier.load(folder)
        if loaded.content != self.content:
            raise RuntimeError(f"the classifier in {folder} is not the one that was saved")
        if probe is not None:
            predicted, repeated = self.predict(probe), loaded.predict(probe)
            if not np.array_equal(predicted.probabilities, repeated.probabilities):
                raise RuntimeError(f"the classifier in {folder} predicts other than the one that was saved")

    @classmethod
    def load(cls, folder: Path, version: str = "") -> "Classifier":
        """Read a classifier that `save` wrote.

        Args:
            folder: where it lies.
            version: the beginning of the hash that it must have; any if empty.

        Raises:
            PermanentError: a file is missing or changed, it is of another version, or a feature that it reads
                is no more.
        """
        from safetensors.numpy import load

        content = read_artefact(folder, failure_domain=FailureDomain.MODEL).files[WEIGHTS_FILE]
        if not blake3(content).hexdigest().startswith(version):
            raise PermanentError(
                f"The classifier in {folder} is not version {version}: it was put in its place; restore it, "
                "or train again",
                failure_domain=FailureDomain.MODEL,
            )
        tensors = load(content)
        names = json.loads(tensors["names"].tobytes())
        if unknown := sorted(set(names["features"]) - set(FEATURE_COLUMNS)):
            raise PermanentError(
                f"The classifier in {folder} was trained on other features than today's, such as "
                f"{unknown[0]}: train it again",
                failure_domain=FailureDomain.MODEL,
            )
        inputs = Inputs(
            buckets=tensors["buckets"],
            features=tuple(names["features"]),
            mean=tensors["mean"],
            scale=tensors["scale"],
            dimensions=names["dimensions"],
        )
        return cls(tuple(names["classes"]), names["model_id"], inputs, tensors["weights"], tensors["bias"])

    def _names(self) -> dict[str, Any]:
        return {
            "classes": list(self.classes),
            "features": list(self.inputs.features),
            "dimensions": self.inputs.dimensions,
            "model_id": self.model_id,
        }


def train(frame: pl.DataFrame, task: Task) -> Classifier:
    """Train on exactly these rows of the training set. The same rows give the same classifier, bit for bit.

    Rare labels weigh as much as frequent ones when the task's metric is macro F1.

    Args:
        frame: rows of the `training_set` table, usually those whose split is `train`.
        task: says which inputs are read, and by what the model is judged.

    Raises:
        PermanentError: MODEL, fewer than two labels, or fewer than `MIN_TRAINING_ROWS` rows; CONFIGURATION, a
            feature that the task names cannot be taken.
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
        inputs = learn_inputs(frame, task.inputs)
        regression = LogisticRegression(
            C=_INVERSE_REGULARISATION,
            class_weight="balanced" if task.evaluation.metric == "macro_f1" else None,
            solver="lbfgs",
            max_iter=_MAX_ITERATIONS,
        )
        regression.fit(inputs.rows(frame), frame["label"].to_numpy())
    weights, bias = regression.coef_, regression.intercept_
    if len(classes) == 2:
        # scikit-learn keeps one row for two classes: the log odds of the second
        weights, bias = np.vstack([np.zeros_like(weights), weights]), np.concatenate([[0.0], bias])
    return Classifier(
        classes=classes,
        model_id=frame["model_id"][0],
        inputs=inputs,
        # one order in memory, so that a reloaded classifier adds up in the same order
        weights=np.ascontiguousarray(weights, dtype=np.float32),
        bias=np.ascontiguousarray(bias, dtype=np.float32),
    )
