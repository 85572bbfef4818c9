"""The default encoder, all-MiniLM-L6-v2: made once from the verified checkpoint, kept, verified at each load.

What belongs here: its id, and the folder where it is kept. What does not: getting the checkpoint
(checkpoint.py), converting it (convert.py), and running the result (onnx_runtime.py).
"""

import fcntl
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from webdata_assets.errors import FailureDomain
from webdata_assets.stages.artefacts import MANIFEST, read_artefact, write_artefact
from webdata_assets.stages.embed.encoders.checkpoint import NAME, WEIGHTS, Checkpoint, obtain_checkpoint
from webdata_assets.stages.embed.encoders.local import model_id
from webdata_assets.stages.embed.encoders.onnx_runtime import OnnxEncoder

Precision = Literal["int8", "fp32"]

MAX_TOKENS = 256
"""What the model was trained to read (its card); longer texts are cut."""
GRAPH = 2
"""Raised when convert.py makes another graph: what is kept of an older one is not taken for it."""
MODEL_FILE = "model.onnx"
TOKENIZER_FILE = "tokenizer.json"


def minilm_id(precision: Precision = "int8", max_tokens: int = MAX_TOKENS) -> str:
    """Return the id of the default encoder's vectors."""
    return model_id(NAME, WEIGHTS.sha256[:12], precision, "mean", max_tokens)


def ensure_encoder(
    folder: Path,
    given: Path | None = None,
    on_progress: Callable[[str], None] | None = None,
    precision: Precision = "int8",
) -> Path:
    """Return the folder of the default encoder, making it first where it is missing.

    Safe to call from several processes at once: one makes it, the others wait.

    Args:
        folder: where encoders are kept, one folder each.
        given: a folder with the published files, for machines without network.
        on_progress: called with a sentence before each step that may take seconds.
        precision: of the weights.

    Raises:
        PermanentError: the published files, or the kept ones, are not what they should be.
        TransientError: no network.
    """
    target = folder / re.sub(r"[^A-Za-z0-9.]+", "-", f"{minilm_id(precision)}-graph-{GRAPH}")
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (target / MANIFEST).is_file():
            checkpoint = obtain_checkpoint(given, on_progress)
            if on_progress is not None:
                on_progress(f"Converting {NAME} to ONNX {precision}")
            _convert(checkpoint, precision, target)
    read_artefact(target, failure_domain=FailureDomain.CONFIGURATION)
    return target


def open_encoder(folder: Path, max_tokens: int = MAX_TOKENS, threads: int | None = None) -> OnnxEncoder:
    """Load the encoder that `ensure_encoder` made.

    Raises:
        PermanentError: a file is missing or is not what the manifest says.
    """
    artefact = read_artefact(folder, failure_domain=FailureDomain.CONFIGURATION)
    return OnnxEncoder(
        artefact.files[MODEL_FILE],
        artefact.files[TOKENIZER_FILE],
        model_id=f"{artefact.facts['model_id'].rpartition('/')[0]}/{max_tokens}",
        max_tokens=max_tokens,
        threads=threads,
    )


def _convert(checkpoint: Checkpoint, precision: Precision, target: Path) -> None:
    from safetensors.numpy import load

    from webdata_assets.stages.embed.encoders.convert import Architecture, build_graph, quantize

    graph = build_graph(load(checkpoint.weights), Architecture(), int8_embeddings=precision == "int8")
    if precision == "int8":
        with tempfile.TemporaryDirectory(prefix="webdata-encoder-") as folder:
            quantized = Path(folder) / MODEL_FILE
            quantize(graph, quantized)
            model = quantized.read_bytes()
    else:
        model = graph.SerializeToString()
    write_artefact(
        target,
        {MODEL_FILE: model, TOKENIZER_FILE: checkpoint.tokenizer},
        {"model_id": minilm_id(precision), "weights_sha256": WEIGHTS.sha256},
    )
