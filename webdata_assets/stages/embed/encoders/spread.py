"""An encoder whose texts are encoded by the machines of an engine.

What belongs here: which encoders can be spread, and their answers put together. What does not: the engine,
and the encoders themselves.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache, partial
from threading import Lock

import numpy as np

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.settings import Settings
from webdata_assets.stages.embed.encoder import OnProgress, TextEncoder, Usage, Vectors
from webdata_assets.stages.embed.encoders.spec import EncoderSpec, load_encoder
from webdata_assets.stages.engine.engine import Engine

TEXTS_AT_ONCE = 16
"""Of one task: half a second of one core."""

_SPREAD = ("default", "onnx")


def is_spread(spec: EncoderSpec) -> bool:
    """Whether other machines give the same vectors, sooner.

    So it is with ONNX, where each text is encoded by itself. A static model is done before its texts have
    travelled; a sentence-transformers vector depends on what shares its batch; an endpoint is elsewhere
    anyway.
    """
    return spec.kind in _SPREAD


class SpreadEncoder:
    """An encoder of this machine, for tokens and queries; its twins on an engine's machines encode texts."""

    def __init__(self, encoder: TextEncoder, spec: EncoderSpec, engine: Engine) -> None:
        """Take an encoder that is open, how it was chosen, and where its twins are.

        Args:
            encoder: of this machine.
            spec: for which `is_spread` is true. Each other machine keeps weights in the folder that its own
                settings name, and fetches them there when they are missing.
            engine: to be closed by whoever opened it.
        """
        self._here = encoder
        self._engine = engine
        self._encode = partial(encode_with_kept_encoder, replace(spec, key="", threads=1), encoder.model_id)
        self.model_id = encoder.model_id
        self.dimensions = encoder.dimensions
        self.max_tokens = encoder.max_tokens
        self.splits_at_space = encoder.splits_at_space

    def encode(self, texts: Sequence[str], on_progress: OnProgress | None = None) -> Vectors:
        """Return one unit vector per text, as float32 rows in the order of the texts.

        Raises:
            PermanentError: as `load_encoder` on another machine; or MODEL, when that one opens another model.
            TransientError: as `Engine.map`.
        """
        vectors = np.empty((len(texts), self.dimensions), dtype=np.float32)
        done = 0
        blocks = (texts[start : start + TEXTS_AT_ONCE] for start in range(0, len(texts), TEXTS_AT_ONCE))
        for block, encoded in self._engine.map(self._encode, blocks):
            vectors[done : done + len(block)] = encoded
            done += len(block)
            if on_progress is not None:
                on_progress(done, len(texts))
        return vectors

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors of what is searched for, encoded here: they are few, and awaited."""
        return self._here.encode_queries(texts)

    def token_offsets(self, text: str) -> list[tuple[int, int]]:
        """Return start and end, in characters of `text`, of each of its tokens, special ones left out."""
        return self._here.token_offsets(text)

    def token_offsets_batch(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        """Return `token_offsets` of each text."""
        return self._here.token_offsets_batch(texts)

    def usage(self) -> Usage:
        """Return what was paid for since the encoder was loaded."""
        return self._here.usage()


def encode_with_kept_encoder(spec: EncoderSpec, model_id: str, texts: Sequence[str]) -> Vectors:
    """Return the vectors of texts by an encoder that this process keeps for whoever asks next.

    Raises:
        PermanentError: as `load_encoder`; or MODEL, when its id is not `model_id`.
        TransientError: as `load_encoder`.
    """
    with _OPENING:
        encoder = _kept(spec)
    if encoder.model_id != model_id:
        raise PermanentError(
            f"this machine opens the encoder {encoder.model_id}, and {model_id} was asked for: let the same "
            "files lie on both",
            failure_domain=FailureDomain.MODEL,
        )
    return encoder.encode(texts)


_OPENING = Lock()


@lru_cache(maxsize=2)
def _kept(spec: EncoderSpec) -> TextEncoder:
    here = Settings()
    return load_encoder(replace(spec, folder=here.encoders, given=here.encoder_dir))
