"""Any ONNX encoder from a folder: how it is pooled, cut and named, and what is refused."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from webdata_assets.errors import PermanentError
from webdata_assets.stages.embed.encoders.onnx_folder import describe, open_folder
from webdata_assets_tests.embed.encoders.folders import (
    token_table,
    write_json,
    write_manifest,
    write_onnx,
    write_pooling,
)
from webdata_assets_tests.embed.tiny import HIDDEN, tiny_tokenizer

TEXTS = ["the and the", "abc", "the"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_onnx(tmp_path / "lookup")


def looked_up(text: str, pooling: str, most: int = 32) -> np.ndarray:
    ids = Tokenizer.from_buffer(tiny_tokenizer()).encode(text).ids
    rows = token_table()[[*ids[: most - 1], ids[-1]] if len(ids) > most else ids]
    vector = rows.mean(axis=0) if pooling == "mean" else rows[0]
    return vector / np.linalg.norm(vector)


@pytest.mark.parametrize(("mode", "pooling"), [("mean_tokens", "mean"), ("cls_token", "cls"), ("cls", "cls")])
def test_token_vectors_are_pooled_as_the_folder_says(tmp_path, mode, pooling):
    encoder = open_folder(write_onnx(tmp_path / "lookup", mode))
    np.testing.assert_allclose(encoder.encode(TEXTS), [looked_up(text, pooling) for text in TEXTS], atol=1e-6)
    assert encoder.dimensions == HIDDEN


def test_the_id_names_folder_weights_pooling_and_length(folder):
    weights = hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest()
    encoder = open_folder(folder)
    assert encoder.model_id.startswith(f"lookup@{weights[:12]}+")
    assert encoder.model_id.endswith("/as-is/mean/32")
    assert encoder.model_id == describe(folder).model_id


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "1_Pooling/config.json"])
def test_another_file_is_another_id(folder, name):
    before = describe(folder).model_id
    (folder / name).write_bytes((folder / name).read_bytes() + b"\n")
    assert describe(folder).model_id != before


def test_weights_in_a_further_file_are_part_of_the_id(folder):
    before = describe(folder).model_id
    (folder / "model.onnx_data").write_bytes(b"tensors")
    assert describe(folder).model_id != before


def test_the_hub_layout_is_taken_too(folder):
    (folder / "onnx").mkdir()
    (folder / "model.onnx").rename(folder / "onnx" / "model.onnx")
    assert open_folder(folder).encode(["the"]).shape == (1, HIDDEN)


def test_texts_are_cut_where_it_is_wished_and_the_id_says_so(folder):
    text = "a b c d e f g h i j k l m n o p q r s t"
    encoder = open_folder(folder, 16)
    np.testing.assert_allclose(encoder.encode([text])[0], looked_up(text, "mean", 16), atol=1e-6)
    assert encoder.max_tokens == 16
    assert encoder.model_id.endswith("/16")


@pytest.mark.parametrize("wanted", [1, 33])
def test_more_than_the_model_reads_is_refused_and_next_to_nothing_too(folder, wanted):
    with pytest.raises(PermanentError, match=r"WEBDATA_ENCODER_MAX_TOKENS=.* 32 tokens"):
        describe(folder, wanted)


def test_prompts_are_put_before_texts_and_queries_and_count_as_tokens(tmp_path):
    prompts = {"prompts": {"query": "the ", "passage": "and and "}}
    encoder = open_folder(write_onnx(tmp_path / "lookup", config_sentence_transformers=prompts))
    assert encoder.max_tokens == 30
    np.testing.assert_allclose(encoder.encode(["abc"])[0], looked_up("and and abc", "mean"), atol=1e-6)
    np.testing.assert_allclose(encoder.encode_queries(["abc"])[0], looked_up("the abc", "mean"), atol=1e-6)


def test_the_tokenizer_s_limit_counts_where_no_other_is_told(folder):
    (folder / "sentence_bert_config.json").unlink()
    write_json(folder, tokenizer_config={"model_max_length": 1e30}, config={"max_position_embeddings": 64})
    assert describe(folder).max_tokens == 64
    write_json(folder, tokenizer_config={"model_max_length": 48})
    assert describe(folder).max_tokens == 48


def test_a_folder_that_does_not_tell_its_length_is_refused(folder):
    (folder / "sentence_bert_config.json").unlink()
    with pytest.raises(PermanentError, match="how many tokens the model reads"):
        describe(folder)


def test_our_manifest_names_pools_and_verifies(tmp_path):
    folder = write_onnx(tmp_path / "lookup", pooling=None)
    write_manifest(folder, name="house-encoder", pooling="cls", max_tokens=24)
    encoder = open_folder(folder)
    assert encoder.model_id.startswith("house-encoder@")
    assert encoder.model_id.endswith("/cls/24")
    (folder / "tokenizer.json").write_bytes(tiny_tokenizer() + b" ")
    with pytest.raises(PermanentError, match=r"tokenizer\.json was changed"):
        open_folder(folder)


def test_a_graph_of_token_vectors_without_pooling_is_refused(tmp_path):
    with pytest.raises(PermanentError, match=r"returns no sentence embedding.*1_Pooling"):
        open_folder(write_onnx(tmp_path / "lookup", pooling=None))


def test_an_unsupported_pooling_is_refused(folder):
    write_pooling(folder, "max_tokens")
    with pytest.raises(PermanentError, match="only mean and cls are supported"):
        describe(folder)


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(PermanentError, match="must hold"):
        describe(folder)


def test_no_folder_is_an_error_that_names_the_setting(tmp_path):
    with pytest.raises(PermanentError, match=r"WEBDATA_ENCODER_MODEL=.* is no folder"):
        describe(tmp_path / "nowhere")


def test_broken_settings_are_refused_by_name(folder):
    (folder / "sentence_bert_config.json").write_text("{")
    with pytest.raises(PermanentError, match=r"sentence_bert_config\.json is not JSON"):
        describe(folder)
