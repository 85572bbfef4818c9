"""Fitting the two ensembles.

What belongs here: their parameters. What does not: labels (labels.py), data sets (pages.py).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from webdata_assets.stages.extract.main_content.model import ContentModel, open_model
from webdata_assets.stages.extract.main_content.training.onnx_trees import to_onnx
from webdata_assets.stages.extract.main_content.training.pages import TrainingPage

_BLOCK_PARAMETERS = {
    "objective": "binary", "learning_rate": 0.06, "num_leaves": 24, "min_data_in_leaf": 40, "lambda_l2": 5,
    "feature_fraction": 0.3, "bagging_fraction": 0.8, "bagging_freq": 1, "max_bin": 63,
}  # fmt: skip
_BLOCK_ROUNDS = 300
_TYPE_PARAMETERS = {
    "objective": "multiclass", "learning_rate": 0.06, "num_leaves": 7, "min_data_in_leaf": 8, "lambda_l2": 5,
    "feature_fraction": 0.6, "bagging_fraction": 0.8, "bagging_freq": 1, "max_bin": 63,
}  # fmt: skip
_TYPE_ROUNDS = 90
_ALWAYS = {"seed": 0, "deterministic": True, "force_col_wise": True, "num_threads": 1, "verbose": -1}


@dataclass(frozen=True)
class Weights:
    """The three files of a trained model."""

    blocks: bytes
    page_types: bytes
    manifest: bytes

    def open(self) -> ContentModel:
        """Return the model that runs them."""
        return open_model(self.blocks, self.page_types, self.manifest)


def fit(pages: Sequence[TrainingPage]) -> Weights:
    """Return weights learnt from these pages; the same pages give the same weights."""
    import lightgbm

    table = np.concatenate([page.features.table for page in pages])
    labels = np.concatenate([page.labels for page in pages])
    weights = np.concatenate([page.weights for page in pages])
    blocks = lightgbm.train(
        {**_BLOCK_PARAMETERS, **_ALWAYS},
        lightgbm.Dataset(table, labels, weight=weights * (len(weights) / weights.sum())),
        _BLOCK_ROUNDS,
    )
    typed = [page for page in pages if page.page.page_type is not None]
    names = sorted({str(page.page.page_type) for page in typed})
    types = lightgbm.train(
        {**_TYPE_PARAMETERS, **_ALWAYS, "num_class": len(names)},
        lightgbm.Dataset(
            np.stack([page.features.page for page in typed]),
            [names.index(str(page.page.page_type)) for page in typed],
        ),
        _TYPE_ROUNDS,
    )
    manifest = {
        "features": pages[0].features.names,
        "page_features": pages[0].features.page_names,
        "page_types": names,
        "trained_on": sorted(page.page.digest for page in pages),
    }
    return Weights(
        to_onnx(blocks), to_onnx(types, outputs=len(names)), (json.dumps(manifest, indent=0) + "\n").encode()
    )
