"""Any sentence encoder in ONNX, from a folder.

What belongs here: which files it takes, and what they say of it. What does not: running the graph
(onnx_runtime.py). The layout is that of sentence-transformers: `model.onnx` or `onnx/model.onnx`,
`tokenizer.json`, and beside them what folders.py reads. A `manifest.json` as stages/artefacts.py writes it
may replace the small files and pins the checksums of all.
"""

from dataclasses import dataclass
from pathlib import Path

from webdata_assets.errors import FailureDomain
from webdata_assets.stages.artefacts import MANIFEST, read_artefact
from webdata_assets.stages.embed.encoders.folders import (
    TOKENIZER_FILE,
    Prompts,
    fingerprint,
    name_of,
    pooling_of,
    prompts_of,
    read_json,
    readable_tokens,
    require_folder,
)
from webdata_assets.stages.embed.encoders.local import limited_tokens, model_id, refusal
from webdata_assets.stages.embed.encoders.onnx_runtime import OnnxEncoder, Pooling

_MODEL_FILES = ("model.onnx", "onnx/model.onnx")


@dataclass(frozen=True)
class OnnxFolder:
    """What is known of an ONNX encoder without opening it."""

    model: Path
    tokenizer: Path
    model_id: str
    max_tokens: int
    pooling: Pooling | None
    """None where the graph itself must return one vector per text."""
    prompts: Prompts


def describe(folder: Path, max_tokens: int = 0) -> OnnxFolder:
    """Return what the folder tells.

    Args:
        folder: the encoder's.
        max_tokens: read of a text at most; all that the model reads if 0.

    Raises:
        PermanentError: a file is missing, or the folder does not tell what must be known.
    """
    require_folder(folder)
    model = next((path for name in _MODEL_FILES if (path := folder / name).is_file()), None)
    tokenizer = folder / TOKENIZER_FILE
    if model is None or not tokenizer.is_file():
        raise refusal(f"{folder} must hold model.onnx (or onnx/model.onnx) and {TOKENIZER_FILE}")
    facts = read_json(folder / MANIFEST).get("facts") or {}
    pooling = facts.get("pooling") or pooling_of(folder)
    if pooling not in {"mean", "cls", None}:
        raise refusal(f"{folder / MANIFEST}: pooling is mean or cls, not {pooling}")
    tokens = limited_tokens(max_tokens, facts.get("max_tokens") or readable_tokens(folder))
    # a graph of more than 2 GB keeps its tensors in further files, model.onnx_data or model.onnx.data
    weights = fingerprint(folder, model.parent.glob(f"{model.name}*"))
    return OnnxFolder(
        model=model,
        tokenizer=tokenizer,
        model_id=model_id(facts.get("name") or name_of(folder), weights, "as-is", pooling or "graph", tokens),
        max_tokens=tokens,
        pooling=pooling,
        prompts=prompts_of(folder),
    )


def open_folder(folder: Path, max_tokens: int = 0, threads: int | None = None) -> OnnxEncoder:
    """Load the encoder; `threads` texts are encoded at once, one for each core if None.

    Raises:
        PermanentError: as `describe`; or a file is not what the folder's manifest says; or the graph is no
            sentence encoder's.
    """
    told = describe(folder, max_tokens)
    if (folder / MANIFEST).is_file():
        read_artefact(folder, failure_domain=FailureDomain.CONFIGURATION)
    return OnnxEncoder(
        told.model,
        told.tokenizer.read_bytes(),
        model_id=told.model_id,
        max_tokens=told.max_tokens,
        pooling=told.pooling,
        document_prompt=told.prompts.document,
        query_prompt=told.prompts.query,
        threads=threads,
    )
