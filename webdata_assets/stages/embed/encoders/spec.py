"""Which encoder a deployment uses.

What belongs here: the choice, what contradicts it, its id, and opening it. What does not: any encoder.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from webdata_assets.settings import Settings
from webdata_assets.stages.embed.encoder import TextEncoder
from webdata_assets.stages.embed.encoders.local import limited_tokens, refusal
from webdata_assets.stages.embed.encoders.minilm import MAX_TOKENS, ensure_encoder, minilm_id, open_encoder

Kind = Literal["default", "onnx", "static", "sentence-transformers", "openai"]
Precision = Literal["auto", "int8", "fp32", "bf16"]

KEY_VARIABLE = "WEBDATA_ENCODER_KEY"
"""The only place where an endpoint's key is read from."""

_PRECISIONS: Mapping[Kind, tuple[Precision, ...]] = {
    "default": ("auto", "int8", "fp32"),
    "onnx": ("auto",),
    "static": ("auto",),
    "sentence-transformers": ("auto", "fp32", "bf16"),
    "openai": ("auto",),
}


@dataclass(frozen=True)
class EncoderSpec:
    """What the WEBDATA_ENCODER… variables say; the field `x` is WEBDATA_ENCODER_X unless told otherwise."""

    folder: Path
    """Where converted weights are kept: `encoders` in WEBDATA_HOME."""
    given: Path | None = None
    """A folder with the default encoder's published files; fetched if None. WEBDATA_ENCODER_DIR."""
    kind: Kind = "default"
    """WEBDATA_ENCODER."""
    model: str = ""
    precision: Precision = "auto"
    max_tokens: int = 0
    url: str = ""
    key: str = field(default="", repr=False)
    requests_per_minute: int = 600
    price: float = 0.0
    threads: int | None = None
    """Texts that an ONNX encoder works on at once; one for each core if None. No setting."""

    @classmethod
    def of(cls, settings: Settings) -> "EncoderSpec":
        """Return what the settings say, with an endpoint's key from the environment of this process."""
        return cls(
            folder=settings.encoders,
            given=settings.encoder_dir,
            kind=settings.encoder,
            model=settings.encoder_model,
            precision=settings.encoder_precision,
            max_tokens=settings.encoder_max_tokens,
            url=settings.encoder_url,
            key=key_of_endpoint(),
            requests_per_minute=settings.encoder_requests_per_minute,
            price=settings.encoder_price,
        )


def key_of_endpoint() -> str:
    """Return the endpoint's key from the environment of this process; empty where there is none."""
    return os.environ.get(KEY_VARIABLE, "")


def expected_model_id(spec: EncoderSpec) -> str:
    """Return the `model_id` that `load_encoder` would give, without loading weights.

    Files of a folder are hashed, once for each state of them; an endpoint is not asked.

    Raises:
        PermanentError: the settings contradict each other, or name what is not there.
    """
    _refuse_contradictions(spec)
    match spec.kind:
        case "default":
            return minilm_id(_minilm_precision(spec), _minilm_tokens(spec))
        case "onnx":
            from webdata_assets.stages.embed.encoders.onnx_folder import describe

            return describe(Path(spec.model), spec.max_tokens).model_id
        case "static":
            from webdata_assets.stages.embed.encoders import static

            return static.static_id(Path(spec.model), spec.max_tokens)
        case "sentence-transformers":
            from webdata_assets.stages.embed.encoders import sentence_transformers

            return sentence_transformers.transformer_id(spec.model, spec.precision, spec.max_tokens)
        case "openai":
            from webdata_assets.stages.embed.encoders.openai import endpoint_id

            return endpoint_id(spec.model, spec.url, spec.max_tokens)


def load_encoder(spec: EncoderSpec, on_progress: Callable[[str], None] | None = None) -> TextEncoder:
    """Open the encoder.

    Args:
        spec: which.
        on_progress: called with a sentence before each step that may take seconds.

    Raises:
        PermanentError: the settings contradict each other, or files are missing or not what they should be.
        TransientError: weights cannot be fetched now.
    """
    _refuse_contradictions(spec)
    match spec.kind:
        case "default":
            tokens = _minilm_tokens(spec)
            folder = ensure_encoder(spec.folder, spec.given, on_progress, _minilm_precision(spec))
            return open_encoder(folder, tokens, spec.threads)
        case "onnx":
            from webdata_assets.stages.embed.encoders.onnx_folder import open_folder

            return open_folder(Path(spec.model), spec.max_tokens, spec.threads)
        case "static":
            from webdata_assets.stages.embed.encoders.static import StaticEncoder

            return StaticEncoder(Path(spec.model), spec.max_tokens)
        case "sentence-transformers":
            from webdata_assets.stages.embed.encoders.sentence_transformers import TransformerEncoder

            return TransformerEncoder(spec.model, spec.precision, spec.max_tokens)
        case "openai":
            from webdata_assets.stages.embed.encoders.openai import EndpointEncoder

            return EndpointEncoder(
                spec.model,
                spec.url,
                key=spec.key,
                max_tokens=spec.max_tokens,
                requests_per_minute=spec.requests_per_minute,
                price=spec.price,
            )


def _minilm_precision(spec: EncoderSpec) -> Literal["int8", "fp32"]:
    return "fp32" if spec.precision == "fp32" else "int8"


def _minilm_tokens(spec: EncoderSpec) -> int:
    return limited_tokens(spec.max_tokens, MAX_TOKENS)


def _refuse_contradictions(spec: EncoderSpec) -> None:
    if spec.kind not in _PRECISIONS:
        raise refusal(f"WEBDATA_ENCODER={spec.kind} is unknown; it is one of {', '.join(_PRECISIONS)}")
    if spec.kind == "default" and spec.model:
        raise refusal(
            f"WEBDATA_ENCODER_MODEL={spec.model} says nothing to the default encoder; unset it, or set "
            "WEBDATA_ENCODER to what reads it: onnx, static, sentence-transformers or openai"
        )
    if spec.kind != "default" and not spec.model:
        raise refusal(f"WEBDATA_ENCODER={spec.kind} needs WEBDATA_ENCODER_MODEL: a folder, or a model's name")
    if spec.kind == "openai" and not spec.url:
        raise refusal("WEBDATA_ENCODER=openai needs WEBDATA_ENCODER_URL, such as https://api.openai.com/v1")
    if spec.kind != "openai" and spec.url:
        raise refusal(
            f"WEBDATA_ENCODER_URL says nothing to WEBDATA_ENCODER={spec.kind}; unset it, or set "
            "WEBDATA_ENCODER=openai"
        )
    if spec.precision not in _PRECISIONS[spec.kind]:
        raise refusal(
            f"WEBDATA_ENCODER_PRECISION={spec.precision} is not to be had with WEBDATA_ENCODER={spec.kind}; "
            f"set it to {' or '.join(_PRECISIONS[spec.kind])}"
        )
