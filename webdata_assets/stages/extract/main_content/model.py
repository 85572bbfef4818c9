"""The trained weights: block features → probabilities, page features → page type.

What belongs here: loading and running them. What does not: training (training/), features (features.py).
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

BLOCKS_FILE = "blocks.onnx"
PAGE_TYPES_FILE = "page_types.onnx"
MANIFEST_FILE = "manifest.json"

_SURENESS = 0.7
"""By which log odds are multiplied: trees that learnt from some hundred sites are too sure on others. Of 0.6,
0.7, 0.8, 1 and 1.3 the value with the best F1 on left-out sites."""


@dataclass(frozen=True, eq=False)
class ContentModel:
    """Two ensembles of decision trees in ONNX.

    Attributes:
        features: names of the block features in the order of the weights.
        page_features: names of the page features likewise.
        page_types: names of the classes.
    """

    blocks: "InferenceSession"
    types: "InferenceSession"
    features: tuple[str, ...]
    page_features: tuple[str, ...]
    page_types: tuple[str, ...]

    def probabilities(self, table: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return of each row the probability that the block is part of the main content, shape (blocks,)."""
        [scores] = self.blocks.run(None, {"features": table})
        odds = _SURENESS * scores[:, 0].astype(np.float64)
        result: NDArray[np.float64] = 1.0 / (1.0 + np.exp(-odds))
        return result

    def page_type(self, page: NDArray[np.float32]) -> tuple[str, float]:
        """Return the most probable type of a page, and its probability."""
        [scores] = self.types.run(None, {"features": page[None, :]})
        weights = np.exp(scores[0].astype(np.float64) - scores[0].max())
        best = int(np.argmax(weights))
        return self.page_types[best], float(weights[best] / weights.sum())


def open_model(blocks: bytes, page_types: bytes, manifest: bytes) -> ContentModel:
    """Return the model of the given weights and their manifest."""
    told = json.loads(manifest)
    return ContentModel(
        _session(blocks),
        _session(page_types),
        tuple(told["features"]),
        tuple(told["page_features"]),
        tuple(told["page_types"]),
    )


@cache
def shipped_model() -> ContentModel:
    """Return the model that comes with the package; read once per process."""
    folder = files("webdata_assets.stages.extract.main_content") / "weights"
    return open_model(
        *((folder / name).read_bytes() for name in (BLOCKS_FILE, PAGE_TYPES_FILE, MANIFEST_FILE))
    )


def _session(weights: bytes) -> "InferenceSession":
    from onnxruntime import InferenceSession, SessionOptions

    options = SessionOptions()
    # pages are spread over processes; a page alone is too small for threads
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return InferenceSession(weights, options, providers=["CPUExecutionProvider"])
