"""The encoder: texts to unit vectors, on this machine's cores.

What belongs here: what an encoder offers, and the default that runs in ONNX Runtime. What does not: cutting
records into chunks (chunks.py), and which texts need encoding (embed.py).
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from webdata_assets.errors import FailureDomain
from webdata_assets.stages.artefacts import read_artefact
from webdata_assets.stages.embed.weights import MODEL_FILE, TOKENIZER_FILE

Vectors = npt.NDArray[np.float32]

_BLOCK_TEXTS = 512


class TextEncoder(Protocol):
    """What chunking, embedding and search need of an encoder."""

    @property
    def model_id(self) -> str:
        """`name@weights-sha/precision/pooling/max-length`: vectors of two ids are never mixed."""

    @property
    def dimensions(self) -> int:
        """Length of a vector."""

    @property
    def max_tokens(self) -> int:
        """What the model reads of one text, special tokens included."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector per text, as rows in the order of the texts."""

    def token_offsets(self, text: str) -> list[tuple[int, int]]:
        """Return start and end, in characters of `text`, of each of its tokens, special ones left out."""


class Encoder:
    """A sentence encoder in ONNX Runtime.

    Each text is encoded by itself, on one core: a dynamically quantized model's vectors depend on what
    shares the batch, and so would every hash built on them. Cores work on different texts, which is also
    faster than padded batches.
    """

    def __init__(
        self,
        model: bytes,
        tokenizer: bytes,
        *,
        model_id: str,
        dimensions: int,
        max_tokens: int,
        threads: int | None = None,
    ) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        self.model_id = model_id
        self.dimensions = dimensions
        self.max_tokens = max_tokens
        self._threads = threads or len(os.sched_getaffinity(0))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self._session: Any = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self._whole = Tokenizer.from_buffer(tokenizer)
        self._whole.no_padding()
        self._whole.no_truncation()
        self._cut = Tokenizer.from_buffer(tokenizer)
        self._cut.no_padding()
        self._cut.enable_truncation(max_tokens)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector per text, as float32 rows in the order of the texts.

        Texts longer than `max_tokens` are cut. The same text gives the same vector, bit for bit, whatever
        is encoded beside it.
        """
        vectors = np.empty((len(texts), self.dimensions), dtype=np.float32)
        with ThreadPoolExecutor(self._threads, thread_name_prefix="encode") as pool:
            for start in range(0, len(texts), _BLOCK_TEXTS):
                block = list(texts[start : start + _BLOCK_TEXTS])
                ids = [encoding.ids for encoding in self._cut.encode_batch_fast(block)]
                # longest first, so that no core is left with a long text at the end
                order = sorted(range(len(ids)), key=lambda index: -len(ids[index]))
                encoded = pool.map(lambda index: self._run(ids[index]), order)  # noqa: B023
                for index, vector in zip(order, encoded, strict=True):
                    vectors[start + index] = vector
        return vectors

    def token_offsets(self, text: str) -> list[tuple[int, int]]:
        """Return start and end, in characters of `text`, of each of its tokens, special ones left out."""
        offsets: list[tuple[int, int]] = self._whole.encode(text, add_special_tokens=False).offsets
        return offsets

    def _run(self, ids: list[int]) -> Vectors:
        input_ids = np.array([ids], dtype=np.int64)
        feed = {"input_ids": input_ids, "attention_mask": np.ones_like(input_ids)}
        (output,) = self._session.run(["embedding"], feed)
        vector: Vectors = output[0]
        return vector


def load_encoder(folder: Path) -> Encoder:
    """Load the encoder that `ensure_encoder` made.

    Raises:
        PermanentError: a file is missing or is not what the manifest says.
    """
    artefact = read_artefact(folder, failure_domain=FailureDomain.CONFIGURATION)
    return Encoder(
        artefact.files[MODEL_FILE],
        artefact.files[TOKENIZER_FILE],
        model_id=artefact.facts["model_id"],
        dimensions=artefact.facts["dimensions"],
        max_tokens=artefact.facts["max_tokens"],
    )
