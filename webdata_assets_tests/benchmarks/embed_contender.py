"""One encoder at work in a process of its own: `python -m …embed_contender TASK CONTENDER FOLDER …`.

What belongs here: making the contenders' files, encoding, and what one process measures of itself. What does
not: comparing (embed.py). Each task prints one JSON object.
"""

import argparse
import json
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean

import numpy as np

from webdata_assets.stages.embed.encoder import Vectors

OURS, EXACT, PEER = "default, int8", "default, fp32", "sentence-transformers, fp32"
CONTENDERS = (OURS, EXACT, PEER)
CHUNKS_FILE = "chunks.json"
LENGTHS = (128, 256)
"""Tokens of a chunk, the two special ones included."""
SPECIAL_TOKENS = 2
COLLECTION = "cranfield"
_PAGES = 200
_PEER_FOLDER = "all-MiniLM-L6-v2"
_WARM_UP = 8

Encode = Callable[[Sequence[str]], Vectors]


def make_files(folder: Path, given: Path | None, data: Path, chunks: int) -> dict[str, object]:
    """Write the contenders' models and the chunks: slices of the data's texts put end to end."""
    from webdata_assets.stages.embed.encoders.checkpoint import obtain_checkpoint
    from webdata_assets.stages.embed.encoders.minilm import ensure_encoder, open_encoder

    checkpoint = obtain_checkpoint(given)
    peer = folder / _PEER_FOLDER
    (peer / "1_Pooling").mkdir(parents=True)
    (peer / "model.safetensors").write_bytes(checkpoint.weights)
    (peer / "tokenizer.json").write_bytes(checkpoint.tokenizer)
    for name, content in _PEER_SETTINGS.items():
        (peer / name).write_text(json.dumps(content))
    for precision in ("int8", "fp32"):
        ours = ensure_encoder(folder, peer, precision=precision)
    encoder = open_encoder(ours, threads=1)
    text = " ".join(_texts(data))
    starts = [start for start, _end in encoder.token_offsets(text)]
    made = {}
    for length in LENGTHS:
        step = length - SPECIAL_TOKENS
        ends = [*starts[step::step], len(text)]
        made[length] = [text[start:end] for start, end in zip(starts[::step], ends, strict=False)][:chunks]
    (folder / CHUNKS_FILE).write_text(json.dumps(made))
    counted = {
        length: fmean(map(len, encoder.token_offsets_batch(slices))) + SPECIAL_TOKENS
        for length, slices in made.items()
    }
    return {"chunks": {length: len(slices) for length, slices in made.items()}, "tokens": counted}


def _texts(data: Path) -> list[str]:
    """Return the main contents of some real pages, else the documents of Cranfield."""
    pages = sorted((data / "wcxb" / "dev" / "ground-truth").glob("*.json"))[:_PAGES]
    if pages:
        truths = [json.loads(page.read_bytes()) for page in pages]
        return [truth.get("ground_truth", {}).get("main_content") or "" for truth in truths]
    return [json.loads(line)["text"] for line in (data / COLLECTION / "docs.jsonl").open()]


def encode_of(contender: str, folder: Path, cores: int) -> Encode:
    """Return what encodes, as the users of each side would call it."""
    if contender == PEER:
        import torch
        from sentence_transformers import SentenceTransformer

        torch.set_num_threads(cores)
        model = SentenceTransformer(str(folder / _PEER_FOLDER), device="cpu", local_files_only=True)
        return lambda texts: np.asarray(model.encode(list(texts), normalize_embeddings=True))
    from webdata_assets.stages.embed.encoders.minilm import ensure_encoder, open_encoder

    precision = "int8" if contender == OURS else "fp32"
    return open_encoder(ensure_encoder(folder, precision=precision), threads=cores).encode


def measure(contender: str, folder: Path, cores: int) -> dict[str, object]:
    """Return chunks per second of CPU and of the clock, by length."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])
    encode = encode_of(contender, folder, cores)
    chunks = json.loads((folder / CHUNKS_FILE).read_bytes())
    figures = {}
    for length, texts in chunks.items():
        encode(texts[:_WARM_UP])
        wall, cpu = time.perf_counter(), time.process_time()
        encode(texts)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        figures[length] = {"per CPU-second": len(texts) / cpu, "per second": len(texts) / wall}
    return figures


def rank(contender: str, folder: Path, collection: Path, cores: int) -> dict[str, object]:
    """Return the mean nDCG@10 of exact search over whole documents, each cut at 256 tokens."""
    from webdata_assets_tests.benchmarks.ranking_metrics import exponential_gain, ndcg
    from webdata_assets_tests.benchmarks.rankings.collection import read_collection

    encode = encode_of(contender, folder, cores)
    read = read_collection(collection)
    names = [document.id for document in read.documents]
    documents = encode([document.whole for document in read.documents])
    queries = encode(list(read.queries.values()))
    best = np.argsort(-queries @ documents.T, axis=1, kind="stable")[:, :10]
    scores = [
        ndcg([names[place] for place in row], read.grades[query], gain=exponential_gain)
        for query, row in zip(read.queries, best, strict=True)
    ]
    return {"nDCG@10": fmean(scores), "queries": len(scores)}


def main() -> None:
    """Do one task, print its result."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("task", choices=["make", "measure", "rank"])
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--contender", choices=CONTENDERS)
    arguments.add_argument("--cores", type=int, default=1)
    arguments.add_argument("--chunks", type=int, default=0)
    arguments.add_argument("--files", type=Path)
    arguments.add_argument("--data", type=Path)
    given = arguments.parse_args()
    if given.task == "make":
        result = make_files(given.folder, given.files, given.data, given.chunks)
    elif given.task == "measure":
        result = measure(given.contender, given.folder, given.cores)
    else:
        result = rank(given.contender, given.folder, given.data / COLLECTION, given.cores)
    print(json.dumps(result))


_PEER_SETTINGS: dict[str, object] = {
    "config.json": {
        "architectures": ["BertModel"], "model_type": "bert", "vocab_size": 30522, "hidden_size": 384,
        "num_hidden_layers": 6, "num_attention_heads": 12, "intermediate_size": 1536,
        "max_position_embeddings": 512, "hidden_act": "gelu", "layer_norm_eps": 1e-12,
    },
    "tokenizer_config.json": {
        "tokenizer_class": "BertTokenizer", "do_lower_case": True, "model_max_length": 512,
        "cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "[PAD]", "unk_token": "[UNK]",
        "mask_token": "[MASK]",
    },
    "sentence_bert_config.json": {"max_seq_length": 256, "do_lower_case": False},
    "modules.json": [
        {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
        {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
    ],
    "1_Pooling/config.json": {"word_embedding_dimension": 384, "pooling_mode_mean_tokens": True},
}  # fmt: skip
"""What the model's publishers put beside its weights."""


if __name__ == "__main__":
    main()
