"""The encoder in ONNX Runtime, with a tiny model."""

import numpy as np
import pytest
from onnx import TensorProto, helper

from webdata_assets.errors import PermanentError
from webdata_assets.stages.embed.encoder import Usage
from webdata_assets.stages.embed.encoders.convert import Architecture, build_graph
from webdata_assets.stages.embed.encoders.onnx_runtime import OnnxEncoder
from webdata_assets_tests.embed.tiny import tiny_tensors, tiny_tokenizer

TEXTS = ["the kettle", "", "a longer one, and the end", "abc"]


def test_the_number_of_threads_changes_no_bit(tiny):
    model = build_graph(tiny_tensors(), Architecture()).SerializeToString()
    alone = OnnxEncoder(model, tiny_tokenizer(), model_id="tiny", max_tokens=32, threads=1)
    np.testing.assert_array_equal(alone.encode(TEXTS * 5), tiny.encode(TEXTS * 5))


def test_progress_is_told_for_each_text(tiny):
    seen = []
    tiny.encode(TEXTS, lambda done, total: seen.append((done, total)))
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_queries_are_texts_where_the_model_knows_no_difference(tiny):
    np.testing.assert_array_equal(tiny.encode_queries(TEXTS), tiny.encode(TEXTS))


def test_offsets_of_many_are_those_of_each(tiny):
    assert tiny.token_offsets_batch(TEXTS) == [tiny.token_offsets(text) for text in TEXTS]
    assert [TEXTS[0][start:end] for start, end in tiny.token_offsets(TEXTS[0])][:2] == ["the", "k"]


def test_texts_are_cut_at_the_most_tokens(tiny):
    long = "a b c d " * 20
    np.testing.assert_array_equal(tiny.encode([long]), tiny.encode([long + "and more"]))


def test_it_costs_nothing(tiny):
    tiny.encode(TEXTS)
    assert tiny.usage() == Usage()


def test_a_graph_with_inputs_of_another_kind_is_refused():
    pixels = helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["batch", 4])
    out = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", 4])
    graph = helper.make_graph([helper.make_node("Identity", ["pixels"], ["embedding"])], "g", [pixels], [out])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    with pytest.raises(PermanentError, match="inputs pixels is no sentence encoder"):
        OnnxEncoder(model.SerializeToString(), tiny_tokenizer(), model_id="image", max_tokens=32)
