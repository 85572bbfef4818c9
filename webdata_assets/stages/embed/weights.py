"""The encoder's folder: made once from the verified checkpoint, kept, and verified again at each load.

What belongs here: the cache. What does not: getting the checkpoint (checkpoint.py), converting it
(convert.py), and running the result (encoder.py).
"""

import fcntl
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

from webdata_assets.errors import FailureDomain
from webdata_assets.stages.artefacts import MANIFEST, read_artefact, write_artefact
from webdata_assets.stages.embed.checkpoint import NAME, WEIGHTS, Checkpoint, obtain_checkpoint

MAX_TOKENS = 256
"""What the model was trained to read (its card); longer texts are cut."""
MODEL_ID = f"{NAME}@{WEIGHTS.sha256[:12]}/int8/mean/{MAX_TOKENS}"
MODEL_FILE = "model.onnx"
TOKENIZER_FILE = "tokenizer.json"


def ensure_encoder(
    folder: Path, given: Path | None = None, on_progress: Callable[[str], None] | None = None
) -> Path:
    """Return the folder of the default encoder, making it first where it is missing.

    Safe to call from several processes at once: one makes it, the others wait.

    Args:
        folder: where encoders are kept, one folder each.
        given: a folder with the published files, for machines without network.
        on_progress: called with a sentence before each step that may take seconds.

    Raises:
        PermanentError: the published files, or the kept ones, are not what they should be.
        TransientError: no network.
    """
    target = folder / re.sub(r"[^A-Za-z0-9.]+", "-", MODEL_ID)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (target / MANIFEST).is_file():
            checkpoint = obtain_checkpoint(given, on_progress)
            if on_progress is not None:
                on_progress(f"Converting {NAME} to ONNX int8")
            _convert(checkpoint, target)
    read_artefact(target, failure_domain=FailureDomain.CONFIGURATION)
    return target


def _convert(checkpoint: Checkpoint, target: Path) -> None:
    from safetensors.numpy import load

    from webdata_assets.stages.embed.convert import Architecture, build_graph, quantize

    tensors = load(checkpoint.weights)
    graph = build_graph(tensors, Architecture(), int8_embeddings=True)
    with tempfile.TemporaryDirectory(prefix="webdata-encoder-") as folder:
        quantized = Path(folder) / MODEL_FILE
        quantize(graph, quantized)
        model = quantized.read_bytes()
    write_artefact(
        target,
        {MODEL_FILE: model, TOKENIZER_FILE: checkpoint.tokenizer},
        {
            "model_id": MODEL_ID,
            "dimensions": int(tensors["embeddings.word_embeddings.weight"].shape[1]),
            "max_tokens": MAX_TOKENS,
            "weights_sha256": WEIGHTS.sha256,
        },
    )
