"""A whole encoder small enough to be made in a test: random BERT weights, a vocabulary of letters."""

import string
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from webdata_assets.errors import TransientError
from webdata_assets.stages.embed.encoders.convert import Architecture, build_graph
from webdata_assets.stages.embed.encoders.minilm import ensure_encoder, open_encoder
from webdata_assets.stages.embed.encoders.onnx_runtime import OnnxEncoder

HIDDEN, INNER, LAYERS, POSITIONS = 24, 48, 2, 64
MAX_TOKENS = 32
REAL_ENCODERS = Path(__file__).parents[2] / ".webdata" / "encoders"


def tiny_tokenizer() -> bytes:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    characters = string.ascii_lowercase + string.digits + string.punctuation + "。？中文"
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *characters, "the", "and", "##ing", "##er"]
    pieces += [f"##{character}" for character in string.ascii_lowercase + string.digits]
    vocabulary = {piece: index for index, piece in enumerate(dict.fromkeys(pieces))}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(
        ("[SEP]", vocabulary["[SEP]"]), ("[CLS]", vocabulary["[CLS]"])
    )
    return tokenizer.to_str().encode()


def tiny_tensors(vocabulary: int = 120) -> dict[str, np.ndarray]:
    random = np.random.default_rng(7)

    def weight(*shape: int) -> np.ndarray:
        return random.normal(0, 0.3, shape).astype(np.float32)

    def norm(prefix: str) -> dict[str, np.ndarray]:
        return {
            f"{prefix}.LayerNorm.weight": 1 + weight(HIDDEN),
            f"{prefix}.LayerNorm.bias": weight(HIDDEN),
        }

    def dense(prefix: str, outputs: int, inputs: int) -> dict[str, np.ndarray]:
        return {f"{prefix}.weight": weight(outputs, inputs), f"{prefix}.bias": weight(outputs)}

    tensors = {
        "embeddings.word_embeddings.weight": weight(vocabulary, HIDDEN),
        "embeddings.position_embeddings.weight": weight(POSITIONS, HIDDEN),
        "embeddings.token_type_embeddings.weight": weight(2, HIDDEN),
        **norm("embeddings"),
    }
    for layer in range(LAYERS):
        prefix = f"encoder.layer.{layer}"
        for name in ("query", "key", "value"):
            tensors |= dense(f"{prefix}.attention.self.{name}", HIDDEN, HIDDEN)
        tensors |= dense(f"{prefix}.attention.output.dense", HIDDEN, HIDDEN)
        tensors |= norm(f"{prefix}.attention.output")
        tensors |= dense(f"{prefix}.intermediate.dense", INNER, HIDDEN)
        tensors |= dense(f"{prefix}.output.dense", HIDDEN, INNER)
        tensors |= norm(f"{prefix}.output")
    return tensors


@cache
def tiny_encoder() -> OnnxEncoder:
    model = build_graph(tiny_tensors(), Architecture()).SerializeToString()
    return OnnxEncoder(model, tiny_tokenizer(), model_id="tiny@1/fp32/mean/32", max_tokens=MAX_TOKENS)


def real_encoder_or_skip() -> OnnxEncoder:
    try:
        return open_encoder(ensure_encoder(REAL_ENCODERS))
    except TransientError as error:
        pytest.skip(f"the encoder's weights cannot be fetched: {error}")
