"""A sentence-transformers model; runs where that library is installed."""

import numpy as np
import pytest

from webdata_assets.errors import PermanentError, TransientError
from webdata_assets.stages.embed.encoders.convert import Architecture, build_graph
from webdata_assets.stages.embed.encoders.onnx_runtime import OnnxEncoder
from webdata_assets_tests.embed.encoders.folders import HEADS, write_json, write_transformer
from webdata_assets_tests.embed.tiny import HIDDEN, tiny_tensors, tiny_tokenizer

pytest.importorskip("sentence_transformers", reason="the extra `transformers` is not installed")

from webdata_assets.stages.embed.encoders.sentence_transformers import (
    TransformerEncoder,
    model_folder,
    transformer_id,
)

TEXTS = ["the kettle and the pot", "abc", "a longer text, which is cut: " + "word " * 50]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_transformer(tmp_path_factory.mktemp("models") / "tiny-bert")


def test_vectors_equal_those_of_our_own_conversion(folder):
    model = build_graph(tiny_tensors(), Architecture(heads=HEADS)).SerializeToString()
    ours = OnnxEncoder(model, tiny_tokenizer(), model_id="tiny", max_tokens=32)
    encoder = TransformerEncoder(str(folder), device="cpu")
    np.testing.assert_allclose(encoder.encode(TEXTS), ours.encode(TEXTS), atol=1e-5)
    assert (encoder.dimensions, encoder.max_tokens) == (HIDDEN, 32)
    assert encoder.token_offsets_batch(TEXTS) == ours.token_offsets_batch(TEXTS)


def test_many_batches_keep_the_order_and_tell_progress(folder):
    encoder = TransformerEncoder(str(folder), device="cpu")
    texts = [f"text {'the ' * (number % 20)}" for number in range(100)]
    seen = []
    vectors = encoder.encode(texts, lambda done, total: seen.append((done, total)))
    np.testing.assert_allclose(vectors[::10], encoder.encode(texts[::10]), atol=1e-5)
    assert seen == [(32, 100), (64, 100), (96, 100), (100, 100)]


def test_bf16_is_near_fp32_and_has_an_id_of_its_own(folder):
    whole, half = (TransformerEncoder(str(folder), precision, device="cpu") for precision in ("fp32", "bf16"))
    assert (whole.encode(TEXTS) * half.encode(TEXTS)).sum(axis=1).min() > 0.99
    assert half.model_id == transformer_id(str(folder), "bf16") != whole.model_id
    assert "/bf16/mean/32" in half.model_id


def test_the_length_may_be_less_and_is_in_the_id(folder):
    encoder = TransformerEncoder(str(folder), max_tokens=16, device="cpu")
    assert encoder.max_tokens == 16
    assert encoder.model_id.endswith("/16")
    np.testing.assert_allclose(encoder.encode([TEXTS[2]]), encoder.encode([TEXTS[2] + " more"]), atol=1e-6)


def test_queries_and_texts_get_their_prompts(tmp_path):
    folder = write_transformer(tmp_path / "prompted")
    plain = TransformerEncoder(str(folder), device="cpu")
    write_json(folder, config_sentence_transformers={"prompts": {"query": "the ", "document": "and "}})
    encoder = TransformerEncoder(str(folder), device="cpu")
    np.testing.assert_allclose(encoder.encode(["abc"]), plain.encode(["and abc"]), atol=1e-6)
    np.testing.assert_allclose(encoder.encode_queries(["abc"]), plain.encode(["the abc"]), atol=1e-6)
    assert encoder.max_tokens == 31


def test_no_text_gives_no_vector(folder):
    assert TransformerEncoder(str(folder), device="cpu").encode([]).shape == (0, HIDDEN)


def test_pickled_weights_are_not_loaded(tmp_path):
    folder = write_transformer(tmp_path / "pickled")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(PermanentError, match=r"holds no \*\.safetensors, and no other weights are loaded"):
        TransformerEncoder(str(folder))


def test_a_name_that_is_none_is_refused():
    with pytest.raises(PermanentError, match="neither a folder nor a model's name"):
        model_folder("/no/such/folder")


def test_a_hub_out_of_reach_is_a_transient_error(tmp_path, monkeypatch):
    import huggingface_hub

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(TransientError, match="name a folder"):
        model_folder("nobody/no-model-of-this-name")
