"""Folders of tiny encoders, as their publishers would lay them out."""

import hashlib
import json
from pathlib import Path

import numpy as np

from webdata_assets_tests.embed.tiny import HIDDEN, INNER, LAYERS, POSITIONS, tiny_tensors, tiny_tokenizer

HEADS = 4


def write_json(folder: Path, **files: object) -> None:
    for name, content in files.items():
        (folder / f"{name}.json").write_text(json.dumps(content))


def token_table() -> np.ndarray:
    """Return the token vectors that `write_onnx`'s graph looks up."""
    return tiny_tensors()["embeddings.word_embeddings.weight"]


def write_onnx(folder: Path, pooling: str | None = "mean", **bert_settings: object) -> Path:
    """Write an encoder whose graph looks tokens up; it also returns what is no embedding of the sentence."""
    from onnx import TensorProto, helper, numpy_helper, save

    folder.mkdir(parents=True, exist_ok=True)
    ids, mask, types = "input_ids", "attention_mask", "token_type_ids"
    nodes = [
        helper.make_node("Gather", ["table", ids], ["looked_up"]),
        helper.make_node("Cast", [types], ["types"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["types", "axis"], ["column"]),
        helper.make_node("Add", ["looked_up", "column"], ["last_hidden_state"]),
        helper.make_node("ReduceMax", ["last_hidden_state", "one"], ["pooler_output"], keepdims=0),
    ]
    constants = [
        numpy_helper.from_array(token_table(), "table"),
        numpy_helper.from_array(np.array([2]), "axis"),
        numpy_helper.from_array(np.array([1]), "one"),
    ]
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "sequence"])
        for name in (ids, mask, types)
    ]
    outputs = [
        helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, ["batch", "sequence", HIDDEN]),
        helper.make_tensor_value_info("pooler_output", TensorProto.FLOAT, ["batch", HIDDEN]),
    ]
    graph = helper.make_graph(nodes, "lookup", inputs, outputs, constants)
    save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10),
        str(folder / "model.onnx"),
    )
    (folder / "tokenizer.json").write_bytes(tiny_tokenizer())
    write_json(folder, sentence_bert_config={"max_seq_length": 32}, **bert_settings)
    if pooling is not None:
        write_pooling(folder, pooling)
    return folder


def write_pooling(folder: Path, mode: str) -> None:
    (folder / "1_Pooling").mkdir(exist_ok=True)
    modes = {f"pooling_mode_{each}": each == mode for each in ("cls_token", "mean_tokens", "max_tokens")}
    if mode in {"mean", "cls"}:
        modes = {"pooling_mode": mode}
    write_json(
        folder / "1_Pooling", config={"word_embedding_dimension": HIDDEN, **modes, "include_prompt": True}
    )


def write_manifest(folder: Path, **facts: object) -> None:
    """Write our own manifest over the files that are there."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "manifest.json"]
    checksums = {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files
    }
    write_json(folder, manifest={"facts": facts, "sha256": checksums})


def write_transformer(folder: Path) -> Path:
    """Write the tiny BERT as a sentence-transformers model."""
    from safetensors.numpy import save_file

    folder.mkdir(parents=True, exist_ok=True)
    tensors = tiny_tensors()
    save_file(
        {name: np.ascontiguousarray(value) for name, value in tensors.items()},
        folder / "model.safetensors",
        {"format": "pt"},
    )
    (folder / "tokenizer.json").write_bytes(tiny_tokenizer())
    write_json(
        folder,
        config={
            "architectures": ["BertModel"], "model_type": "bert", "vocab_size": 120, "hidden_size": HIDDEN,
            "num_hidden_layers": LAYERS, "num_attention_heads": HEADS, "intermediate_size": INNER,
            "max_position_embeddings": POSITIONS, "hidden_act": "gelu", "layer_norm_eps": 1e-12,
        },
        tokenizer_config={"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": POSITIONS,
                          "pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]",
                          "sep_token": "[SEP]"},
        sentence_bert_config={"max_seq_length": 32, "do_lower_case": False},
        modules=[
            {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
            {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
        ],
    )  # fmt: skip
    write_pooling(folder, "mean_tokens")
    return folder
