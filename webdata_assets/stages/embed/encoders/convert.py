"""From a BERT checkpoint to one ONNX graph: token ids in, one unit vector per text out.

What belongs here: the graph and its quantization. What does not: where weights come from (checkpoint.py),
and running the graph (onnx_runtime.py). The architecture is BERT (Devlin et al. 2019) with the mean pooling
of Sentence-BERT (Reimers and Gurevych 2019).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

OPSET = 20
_IR_VERSION = 10
_MIN_NORM = 1e-12

Tensors = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Architecture:
    """What the shapes of the weights do not tell: heads, and the epsilon of the layer normalisations."""

    heads: int = 12
    layer_norm_epsilon: float = 1e-12


def build_graph(tensors: Tensors, architecture: Architecture, *, int8_embeddings: bool = False) -> Any:
    """Return the encoder as an `onnx.ModelProto`.

    Input: `input_ids`, int64, batch × sequence, without padding: texts that share a batch are of one length.
    Output: `embedding`, float32, batch × hidden, rows of unit length.

    Args:
        tensors: a BERT checkpoint's tensors by name.
        architecture: the numbers that shapes do not tell.
        int8_embeddings: keep each token's embedding as int8 with a scale of its own, a quarter of the size.

    Raises:
        KeyError: a tensor that the architecture needs is missing.
    """
    from onnx import TensorProto, checker, helper

    graph = _Graph(tensors)
    hidden = tensors["embeddings.word_embeddings.weight"].shape[1]
    states = _embeddings(graph, architecture, int8_embeddings)
    for layer in range(_layers(tensors)):
        states = _layer(graph, f"encoder.layer.{layer}", states, architecture, hidden)
    _pool(graph, states)
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "encoder",
            [helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["batch", "sequence"])],
            [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", hidden])],
            graph.initializers,
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=_IR_VERSION,
    )
    checker.check_model(model)
    return model


def quantize(model: Any, target: Path) -> None:
    """Write `model` with int8 weights in its dense layers, one scale per output channel.

    Activations are quantized as they come, per tensor and call, so that no calibration data is needed.
    Weights keep 7 of their 8 bits: on processors without VNNI the sum of two full products would saturate,
    and the same text would get another vector there.
    """
    from onnx import helper
    from onnxruntime.quantization import QuantType, quantize_dynamic

    # build_graph leaves nothing for the quantizer's own pre-processing to simplify
    helper.set_model_props(model, {"onnx.quant.pre_process": "onnxruntime.quant"})
    quantize_dynamic(
        model,
        target,
        op_types_to_quantize=["MatMul"],
        per_channel=True,
        reduce_range=True,
        weight_type=QuantType.QInt8,
    )


@dataclass
class _Graph:
    """Nodes and initializers under construction; each `add` returns the name of its output."""

    tensors: Tensors
    nodes: list[Any] = field(default_factory=list)
    initializers: list[Any] = field(default_factory=list)

    def constant(self, value: npt.ArrayLike) -> str:
        from onnx import numpy_helper

        name = f"constant_{len(self.initializers)}"
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def weight(self, name: str) -> str:
        return self.constant(self.tensors[name])

    def add(self, operator: str, *inputs: str, output: str | None = None, **attributes: Any) -> str:
        from onnx import helper

        output = output or f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [output], name=output, **attributes))
        return output

    def dense(self, states: str, weight: npt.NDArray[Any], bias: npt.NDArray[Any]) -> str:
        """Apply a checkpoint's linear layer, whose weight is output × input."""
        product = self.add("MatMul", states, self.constant(weight.T))
        return self.add("Add", product, self.constant(bias))

    def layer_norm(self, states: str, prefix: str, architecture: Architecture) -> str:
        return self.add(
            "LayerNormalization",
            states,
            self.weight(f"{prefix}.LayerNorm.weight"),
            self.weight(f"{prefix}.LayerNorm.bias"),
            axis=-1,
            epsilon=architecture.layer_norm_epsilon,
        )


def _layers(tensors: Tensors) -> int:
    return len({name.split(".")[2] for name in tensors if name.startswith("encoder.layer.")})


def _embeddings(graph: _Graph, architecture: Architecture, int8: bool) -> str:
    from onnx import TensorProto

    words = graph.tensors["embeddings.word_embeddings.weight"]
    if int8:
        scales = np.maximum(np.abs(words).max(axis=1, keepdims=True), _MIN_NORM) / 127
        rows = graph.add("Gather", graph.constant(np.rint(words / scales).astype(np.int8)), "input_ids")
        row_scales = graph.add("Gather", graph.constant(scales.astype(np.float32)), "input_ids")
        word = graph.add("Mul", graph.add("Cast", rows, to=TensorProto.FLOAT), row_scales)
    else:
        word = graph.add("Gather", graph.constant(words), "input_ids")
    # every token is of the first segment, so its embedding is the same addition at every position
    positions = (
        graph.tensors["embeddings.position_embeddings.weight"]
        + graph.tensors["embeddings.token_type_embeddings.weight"][0]
    )
    length = graph.add("Shape", "input_ids", start=1, end=2)
    zero = graph.constant(np.array([0], dtype=np.int64))
    position = graph.add("Slice", graph.constant(positions), zero, length)
    return graph.layer_norm(graph.add("Add", word, position), "embeddings", architecture)


def _layer(graph: _Graph, prefix: str, states: str, architecture: Architecture, hidden: int) -> str:
    attended = graph.layer_norm(
        graph.add("Add", states, _attention(graph, prefix, states, architecture, hidden)),
        f"{prefix}.attention.output",
        architecture,
    )
    inner = graph.add("Gelu", _dense(graph, attended, f"{prefix}.intermediate.dense"))
    return graph.layer_norm(
        graph.add("Add", attended, _dense(graph, inner, f"{prefix}.output.dense")),
        f"{prefix}.output",
        architecture,
    )


def _attention(graph: _Graph, prefix: str, states: str, architecture: Architecture, hidden: int) -> str:
    heads, width = architecture.heads, hidden // architecture.heads
    projections = []
    for name, order in (("query", (0, 2, 1, 3)), ("key", (0, 2, 3, 1)), ("value", (0, 2, 1, 3))):
        # the scale of the scores is taken into the query's weights: one pass over the scores less
        scale = np.float32(width**-0.5 if name == "query" else 1)
        tensor = f"{prefix}.attention.self.{name}"
        weight, bias = (graph.tensors[f"{tensor}.{part}"] * scale for part in ("weight", "bias"))
        projected = graph.dense(states, weight, bias)
        split = graph.add("Reshape", projected, graph.constant(np.array([0, 0, heads, width])))
        projections.append(graph.add("Transpose", split, perm=order))
    query, key, value = projections
    weights = graph.add("Softmax", graph.add("MatMul", query, key), axis=-1)
    context = graph.add("Transpose", graph.add("MatMul", weights, value), perm=(0, 2, 1, 3))
    merged = graph.add("Reshape", context, graph.constant(np.array([0, 0, hidden])))
    return _dense(graph, merged, f"{prefix}.attention.output.dense")


def _dense(graph: _Graph, states: str, prefix: str) -> str:
    return graph.dense(states, graph.tensors[f"{prefix}.weight"], graph.tensors[f"{prefix}.bias"])


def _pool(graph: _Graph, states: str) -> None:
    """Mean over the tokens, then unit length."""
    axis = graph.constant(np.array([1], dtype=np.int64))
    mean = graph.add("ReduceMean", states, axis, keepdims=0)
    norm = graph.add("ReduceL2", mean, axis, keepdims=1)
    graph.add("Div", mean, graph.add("Max", norm, graph.constant(np.float32(_MIN_NORM))), output="embedding")
