"""The encoder's published weights as the ONNX file that fastembed reads: with a mask, for padded batches.

What belongs here: our own fp32 graph without its pooling, and a mask before each softmax. What does not: our
own encoder, whose batches know no padding.
"""

import json
from pathlib import Path

import numpy as np

_HIDDEN_PER_TOKEN = "last_hidden_state"
_MASKED = -10_000.0
"""Added to the scores of padding, as BERT's own code does."""


def write_padded_model(fp32: Path, folder: Path, max_tokens: int = 256) -> Path:
    """Write `model.onnx` and the tokenizer's files as fastembed wants them.

    Args:
        fp32: the folder of our own encoder in fp32.
        folder: is made.
        max_tokens: of a text; more is cut.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    folder.mkdir(parents=True)
    model = onnx.load(fp32 / "model.onnx")
    graph = model.graph
    pooled = next(node for node in graph.node if node.op_type == "ReduceMean")
    kept = list(graph.node)[: list(graph.node).index(pooled)]
    kept[-1].output[0] = _HIDDEN_PER_TOKEN
    graph.initializer.extend(
        [
            numpy_helper.from_array(np.array([1, 2], dtype=np.int64), "mask_axes"),
            numpy_helper.from_array(np.array(1, dtype=np.float32), "one"),
            numpy_helper.from_array(np.array(_MASKED, dtype=np.float32), "masked"),
        ]
    )
    nodes = [
        helper.make_node("Cast", ["attention_mask"], ["mask_float"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["mask_float", "mask_axes"], ["mask_wide"]),
        helper.make_node("Sub", ["one", "mask_wide"], ["padding"]),
        helper.make_node("Mul", ["padding", "masked"], ["mask_bias"]),
    ]
    for node in kept:
        if node.op_type == "Softmax":
            scores = node.input[0]
            nodes.append(helper.make_node("Add", [scores, "mask_bias"], [f"{scores}_masked"]))
            node.input[0] = f"{scores}_masked"
        nodes.append(node)
    hidden = graph.output[0].type.tensor_type.shape.dim[-1].dim_value
    del graph.node[:]
    graph.node.extend(nodes)
    shape = ["batch", "sequence"]
    graph.input.append(helper.make_tensor_value_info("attention_mask", TensorProto.INT64, shape))
    del graph.output[:]
    graph.output.append(helper.make_tensor_value_info(_HIDDEN_PER_TOKEN, TensorProto.FLOAT, [*shape, hidden]))
    onnx.checker.check_model(model)
    onnx.save(model, folder / "model.onnx")
    (folder / "tokenizer.json").write_bytes((fp32 / "tokenizer.json").read_bytes())
    settings = {
        "config.json": {"pad_token_id": 0},
        "tokenizer_config.json": {"model_max_length": max_tokens, "pad_token": "[PAD]"},
        "special_tokens_map.json": {"pad_token": "[PAD]", "unk_token": "[UNK]"},
    }
    for name, content in settings.items():
        (folder / name).write_text(json.dumps(content))
    return folder
