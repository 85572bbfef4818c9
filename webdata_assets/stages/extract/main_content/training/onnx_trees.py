"""LightGBM's trees → one ONNX tree ensemble.

What belongs here: the conversion. What does not: fitting (fit.py), running (model.py).
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lightgbm import Booster

_OPSET, _ML_OPSET = 17, 3


def to_onnx(booster: "Booster", *, outputs: int = 1) -> bytes:
    """Return a model with the input `features`, float32 of shape (rows, features), and raw scores as output.

    Args:
        booster: fitted without missing values, so that the side of a missing value does not matter.
        outputs: classes; tree number t belongs to output t modulo that.
    """
    from onnx import TensorProto, checker, helper

    told = booster.dump_model()
    nodes: dict[str, list[Any]] = {name: [] for name in _NODE_ATTRIBUTES}
    targets: dict[str, list[Any]] = {name: [] for name in _TARGET_ATTRIBUTES}
    for tree, described in enumerate(told["tree_info"]):
        _add(described["tree_structure"], tree, tree % outputs, nodes, targets)
    attributes: dict[str, Any] = {f"nodes_{name}": values for name, values in nodes.items()}
    attributes |= {f"target_{name}": values for name, values in targets.items()}
    ensemble = helper.make_node(
        "TreeEnsembleRegressor", ["features"], ["scores"], domain="ai.onnx.ml",
        n_targets=outputs, post_transform="NONE", aggregate_function="SUM", **attributes,
    )  # fmt: skip
    width = booster.num_feature()
    graph = helper.make_graph(
        [ensemble],
        "trees",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, [None, width])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, [None, outputs])],
    )
    opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid("ai.onnx.ml", _ML_OPSET)]
    model = helper.make_model(graph, opset_imports=opsets, producer_name="webdata_assets", ir_version=8)
    checker.check_model(model)
    result: bytes = model.SerializeToString()
    return result


_NODE_ATTRIBUTES = (
    "treeids", "nodeids", "featureids", "values", "modes", "truenodeids", "falsenodeids",
)  # fmt: skip
_TARGET_ATTRIBUTES = ("treeids", "nodeids", "ids", "weights")


def _add(
    root: dict[str, Any], tree: int, output: int, nodes: dict[str, list[Any]], targets: dict[str, list[Any]]
) -> None:
    """Add one tree, its nodes numbered as they are met."""
    waiting = [(root, 0)]
    count = 1
    while waiting:
        node, number = waiting.pop()
        if "leaf_value" in node:
            leaf = (tree, number, output, float(node["leaf_value"]))
            for name, value in zip(_TARGET_ATTRIBUTES, leaf, strict=True):
                targets[name].append(value)
            row: tuple[Any, ...] = (tree, number, 0, 0.0, "LEAF", 0, 0)
        else:
            left, right = count, count + 1
            count += 2
            waiting += [(node["left_child"], left), (node["right_child"], right)]
            row = (tree, number, node["split_feature"], float(node["threshold"]), "BRANCH_LEQ", left, right)
        for name, value in zip(_NODE_ATTRIBUTES, row, strict=True):
            nodes[name].append(value)
