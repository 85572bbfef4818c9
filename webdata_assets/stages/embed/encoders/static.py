"""A static encoder (model2vec): the mean of fixed token vectors.

What belongs here: opening and running one. What does not: distilling one. It encodes tens of times faster
than a transformer and ranks worse: fused with text search it can end below text search alone, so measure
before choosing it.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from webdata_assets.stages.embed.encoder import OnProgress, Vectors
from webdata_assets.stages.embed.encoders.folders import (
    TOKENIZER_FILE,
    fingerprint,
    name_of,
    require_folder,
)
from webdata_assets.stages.embed.encoders.local import (
    LocalEncoder,
    import_extra,
    limited_tokens,
    model_id,
    refusal,
    unit_rows,
)

READABLE_TOKENS = 512
"""A mean knows no limit; of longer texts it says ever less."""
_WEIGHTS = "model.safetensors"
_BLOCK_TEXTS = 4_096


def static_id(folder: Path, max_tokens: int = 0) -> str:
    """Return the id of the vectors of the model in `folder`.

    Raises:
        PermanentError: a file is missing.
    """
    require_folder(folder)
    for name in (_WEIGHTS, TOKENIZER_FILE, "config.json"):
        if not (folder / name).is_file():
            raise refusal(f"{folder} holds no {name}; save one there with StaticModel.save_pretrained")
    tokens = limited_tokens(max_tokens, READABLE_TOKENS)
    return model_id(name_of(folder), fingerprint(folder, [folder / _WEIGHTS]), "as-is", "static", tokens)


class StaticEncoder(LocalEncoder):
    """A model2vec `StaticModel` from a folder.

    A text without a known token gets the vector whose components are equal.
    """

    def __init__(self, folder: Path, max_tokens: int = 0) -> None:
        """Load the model. Raises PermanentError when a file or the extra `static` is missing."""
        from tokenizers import Tokenizer

        self.model_id = static_id(folder, max_tokens)
        self.max_tokens = limited_tokens(max_tokens, READABLE_TOKENS)
        self._model: Any = import_extra("model2vec", "static").StaticModel.from_pretrained(
            folder, force_download=False
        )
        self.dimensions = int(self._model.dim)
        self._whole = Tokenizer.from_file(str(folder / TOKENIZER_FILE))
        self._whole.no_padding()
        self._whole.no_truncation()

    def encode(self, texts: Sequence[str], on_progress: OnProgress | None = None) -> Vectors:
        """Return one unit vector per text, as float32 rows in the order of the texts."""
        vectors = np.empty((len(texts), self.dimensions), dtype=np.float32)
        for start in range(0, len(texts), _BLOCK_TEXTS):
            block = list(texts[start : start + _BLOCK_TEXTS])
            found = self._model.encode(
                block, max_length=self.max_tokens, normalize=False, use_multiprocessing=False
            )
            vectors[start : start + len(block)] = unit_rows(found)
            if on_progress is not None:
                on_progress(start + len(block), len(texts))
        return vectors

    def token_offsets_batch(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        """Return start and end, in characters, of each token of each text."""
        encodings = self._whole.encode_batch(list(texts), add_special_tokens=False)
        return [encoding.offsets for encoding in encodings]
