"""What the folder of a sentence encoder tells of it, in the layout that sentence-transformers publishes.

What belongs here: names, checksums, and the small JSON files. What does not: weights, which are hashed here
and opened elsewhere (onnx_folder.py, static.py, sentence_transformers.py).
"""

import functools
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from webdata_assets.stages.embed.encoders.local import refusal
from webdata_assets.stages.embed.encoders.onnx_runtime import Pooling

POOLING_FILE = "1_Pooling/config.json"
PROMPTS_FILE = "config_sentence_transformers.json"
TOKENIZER_FILE = "tokenizer.json"
_OTHER_BACKENDS = frozenset({"onnx", "openvino"})
"""Folders of the same weights for other libraries."""
_UNLIMITED = 1_000_000
"""From here on a tokenizer's limit means that it knows none."""
_LIMITS = (
    ("sentence_bert_config.json", "max_seq_length"),
    ("tokenizer_config.json", "model_max_length"),
    ("config.json", "max_position_embeddings"),
)
_DOCUMENT_PROMPTS, _QUERY_PROMPTS = ("document", "passage"), ("query",)


@dataclass(frozen=True)
class Prompts:
    """What a model wants before each text and before each query."""

    document: str = ""
    query: str = ""


def require_folder(folder: Path) -> None:
    """Raise PermanentError unless the folder is there."""
    if not folder.is_dir():
        raise refusal(f"WEBDATA_ENCODER_MODEL={folder} is no folder; name one that holds the encoder's files")


def fingerprint(folder: Path, weights: Iterable[Path]) -> str:
    """Return 12 hex digits of the weights' sha256, a plus, and 6 of that of every JSON file beside them.

    Tokenizer, pooling and prompts are such files. The sha256 of several files is that of their names and
    checksums.
    """
    files = sorted(weights)
    beside = [path for path in sorted(folder.rglob("*.json")) if is_own(folder, path)]
    own = file_sha256(files[0]) if len(files) == 1 else _combined(folder, files)
    return f"{own[:12]}+{_combined(folder, beside)[:6]}"


def is_own(folder: Path, path: Path) -> bool:
    """Return whether a file in the folder is none for another library."""
    return path.relative_to(folder).parts[0] not in _OTHER_BACKENDS


def file_sha256(path: Path) -> str:
    """Return a file's sha256 in hex; it is read again only when its size or time of change differ."""
    state = path.stat()
    return _hashed(path, state.st_size, state.st_mtime_ns)


def name_of(folder: Path) -> str:
    """Return the folder's own name, as far as an id may hold it."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", folder.resolve().name)


def pooling_of(folder: Path) -> Pooling | None:
    """Return how token vectors become one, None where the folder does not tell.

    Raises:
        PermanentError: in a way that is not supported.
    """
    told = read_json(folder / POOLING_FILE)
    if not told:
        return None
    modes = [name.removeprefix("pooling_mode_") for name, chosen in told.items() if chosen is True]
    modes = [mode for mode in modes if mode != "include_prompt"] or [str(told.get("pooling_mode"))]
    match modes:
        case ["mean_tokens" | "mean"]:
            return "mean"
        case ["cls_token" | "cls"]:
            return "cls"
        case _:
            raise refusal(f"{folder / POOLING_FILE}: only mean and cls are supported, not {modes}")


def prompts_of(folder: Path) -> Prompts:
    """Return the prefixes for texts and queries, empty where the folder names none.

    Raises:
        PermanentError: the model leaves them out of its pooling, which is not supported.
    """
    told = read_json(folder / PROMPTS_FILE).get("prompts") or {}
    document, query = (
        next((told[name] for name in names if told.get(name)), "")
        for names in (_DOCUMENT_PROMPTS, _QUERY_PROMPTS)
    )
    if (document or query) and read_json(folder / POOLING_FILE).get("include_prompt") is False:
        raise refusal(f"{folder / POOLING_FILE}: pooling without the prompt is not supported")
    return Prompts(document, query)


def readable_tokens(folder: Path) -> int:
    """Return how many tokens the model reads, special ones included.

    Raises:
        PermanentError: the folder does not tell.
    """
    for name, key in _LIMITS:
        limit = read_json(folder / name).get(key)
        if isinstance(limit, int) and limit < _UNLIMITED:
            return limit
    raise refusal(
        f"{folder} does not tell how many tokens the model reads: add sentence_bert_config.json with "
        '{"max_seq_length": …}'
    )


def read_json(path: Path) -> Mapping[str, Any]:
    """Return a JSON file's object, an empty one where there is no file or no object."""
    if not path.is_file():
        return {}
    try:
        told = json.loads(path.read_bytes())
    except ValueError as error:
        raise refusal(f"{path} is not JSON: {error}") from error
    return told if isinstance(told, dict) else {}


def _combined(folder: Path, files: Iterable[Path]) -> str:
    lines = "".join(f"{path.relative_to(folder).as_posix()} {file_sha256(path)}\n" for path in files)
    return hashlib.sha256(lines.encode()).hexdigest()


@functools.lru_cache(maxsize=256)
def _hashed(path: Path, size: int, changed_ns: int) -> str:  # noqa: ARG001
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
