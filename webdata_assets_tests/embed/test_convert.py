"""The ONNX graph against BERT written out in numpy."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from scipy.special import erf

from webdata_assets.errors import TransientError
from webdata_assets.stages.embed.encoders.checkpoint import obtain_checkpoint
from webdata_assets.stages.embed.encoders.convert import Architecture, build_graph, quantize
from webdata_assets_tests.embed.tiny import tiny_tensors

SENTENCES = [
    "The shop lowered the price of the red kettle on Monday.",
    "A kettle boils water.",
    "Parliament adopted the budget after a long night of negotiations.",
    "def main(): return 0",
    "Rain is expected in the north, with strong winds near the coast.",
    "Winds will be strong along the shore tomorrow.",
    "The experiment measured boundary layer flow over a flat plate.",
    "How do I install Python on Windows?",
    "Download the installer from the website and run it.",
    "Breaking: markets fall as interest rates rise",
    "€ 19,99 including VAT, free delivery from € 50",
    "She plays the violin in a small orchestra.",
    "Ein deutscher Satz über das Wetter.",
    "Une phrase en français sur la cuisine.",
    "404 Not Found",
    "Terms and conditions apply; see the privacy policy for details.",
    "The quick brown fox jumps over the lazy dog.",
    "Recipe: mix flour, eggs and milk; bake for 30 minutes at 180 degrees.",
    "The telescope recorded the faint light of a distant galaxy.",
    "Open source software is licensed to be used, studied, changed and shared.",
]


def reference(tensors, ids, heads):
    """Encode one text as the papers have it, in float64."""
    t = {name: np.asarray(tensor, dtype=np.float64) for name, tensor in tensors.items()}

    def dense(x, name):
        return x @ t[f"{name}.weight"].T + t[f"{name}.bias"]

    def norm(x, name):
        centred = x - x.mean(-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-12)
        return scaled * t[f"{name}.LayerNorm.weight"] + t[f"{name}.LayerNorm.bias"]

    x = t["embeddings.word_embeddings.weight"][ids]
    x = x + t["embeddings.position_embeddings.weight"][: len(ids)]
    x = norm(x + t["embeddings.token_type_embeddings.weight"][0], "embeddings")
    width = x.shape[1] // heads
    for layer in range(sum(name.endswith("intermediate.dense.bias") for name in t)):
        p = f"encoder.layer.{layer}"
        q, k, v = (
            dense(x, f"{p}.attention.self.{name}").reshape(len(ids), heads, width).transpose(1, 0, 2)
            for name in ("query", "key", "value")
        )
        scores = np.exp(q @ k.transpose(0, 2, 1) / np.sqrt(width))
        context = ((scores / scores.sum(-1, keepdims=True)) @ v).transpose(1, 0, 2).reshape(len(ids), -1)
        x = norm(x + dense(context, f"{p}.attention.output.dense"), f"{p}.attention.output")
        inner = dense(x, f"{p}.intermediate.dense")
        inner = inner * (1 + erf(inner / np.sqrt(2))) / 2
        x = norm(x + dense(inner, f"{p}.output.dense"), f"{p}.output")
    mean = x.mean(0)
    return mean / np.linalg.norm(mean)


def run(model, texts):
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    rows = [session.run(None, {"input_ids": np.array([text], dtype=np.int64)})[0] for text in texts]
    return np.concatenate(rows)


def test_the_graph_equals_bert_in_numpy():
    tensors = tiny_tensors()
    texts = [[2, 5, 9, 3], [2, 3], [2, *range(10, 60), 3]]
    got = run(build_graph(tensors, Architecture(heads=4)).SerializeToString(), texts)
    wanted = [reference(tensors, text, heads=4) for text in texts]
    np.testing.assert_allclose(got, wanted, atol=1e-6)


def test_a_checkpoint_without_a_tensor_is_refused():
    tensors = tiny_tensors()
    del tensors["encoder.layer.1.output.dense.bias"]
    with pytest.raises(KeyError, match=r"encoder\.layer\.1\.output\.dense\.bias"):
        build_graph(tensors, Architecture())


def test_the_real_weights_equal_the_reference_and_survive_quantization(tmp_path: Path):
    from safetensors.numpy import load
    from tokenizers import Tokenizer

    try:
        checkpoint = obtain_checkpoint()
    except TransientError as error:
        pytest.skip(f"the encoder's weights cannot be fetched: {error}")
    tensors = load(checkpoint.weights)
    tokenizer = Tokenizer.from_str(checkpoint.tokenizer.decode())
    tokenizer.no_padding()
    texts = [encoding.ids for encoding in tokenizer.encode_batch(SENTENCES)]
    # converted once: the reference would do it for each text
    exactly = {name: np.asarray(tensor, dtype=np.float64) for name, tensor in tensors.items()}
    wanted = np.stack([reference(exactly, text, heads=12) for text in texts])
    exact = build_graph(tensors, Architecture()).SerializeToString()
    np.testing.assert_allclose(run(exact, texts), wanted, atol=1e-6)

    quantize(build_graph(tensors, Architecture(), int8_embeddings=True), tmp_path / "int8.onnx")
    cosines = (run(str(tmp_path / "int8.onnx"), texts) * wanted).sum(axis=1)
    assert cosines.mean() >= 0.985
    assert cosines.min() >= 0.98
