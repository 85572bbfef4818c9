"""Documents made of real sentences, with planted near-duplicates, and the pairs that are truly alike.

What belongs here: the corpora, and an exact answer by the plain definition. What does not: any contender.

`python -m … DATA FOLDER DOCUMENTS FIRST_DAY` writes them into a folder; says how many sentences there are.
"""

import random
import re
import sys
from collections import Counter, defaultdict
from functools import partial
from math import ceil
from pathlib import Path

import orjson
import polars as pl

SIMILARITIES = (1.0, 0.95, 0.9, 0.87, 0.85, 0.83, 0.82, 0.81, 0.8, 0.79, 0.78, 0.77, 0.75, 0.7, 0.6, 0.5)
"""Of planted copies to their originals, about; each as often as the others."""
COPIES = 0.2
"""Share of documents that are copies, in the race."""
COPIES_PER_DAY = 0.1
"""Share of a day's documents that are copies, of its own or of earlier days."""
SHINGLE_WORDS = 5
THRESHOLD = 0.8
NEW_SHARE = 0.01
"""Of the second and of the third day, of the first."""
SOURCES = ("blog", "news", "shop", "wiki")
"""Of the first day's documents, in this order, the same number of each."""

PHRASES = (20, 160)
"""Of three words each, in a document of the first day and of later ones."""

Pair = tuple[int, int]


def sentences(data: Path) -> list[str]:
    """Return the sentences of all texts in a folder laid out like the shared data."""
    found = []
    for text in _texts(data):
        found += [sentence for sentence in re.split(r"(?<=[.!?])\s+", text) if sentence.count(" ") > 2]
    return found


def phrases(pool: list[str]) -> list[str]:
    """Return sentences cut into runs of three words: documents of such share no shingle but by copying."""
    words = [word for sentence in pool for word in sentence.split()]
    return [" ".join(words[at : at + 3]) for at in range(0, len(words), 3)]


def make(
    pool: list[str],
    documents: int,
    seed: int = 1,
    originals: list[str] | None = None,
    pieces: tuple[int, int] = (3, 25),
    copied: float = COPIES,
) -> pl.DataFrame:
    """Return `number` and `text` of documents, of which some are edited copies.

    Args:
        pool: sentences, or phrases, of which originals are drawn.
        documents: how many.
        originals: of which copies are made; those of the corpus itself if None.
        pieces: least and greatest number of pieces of the pool in a document.
        copied: share of documents that are copies.
    """
    generator = random.Random(seed)
    words = [word for sentence in pool for word in sentence.split()]
    copies = int(documents * copied)
    fresh = [
        " ".join(generator.choice(pool) for _ in range(generator.randint(*pieces)))
        for _ in range(documents - copies)
    ]
    chosen = generator.sample(originals or fresh, copies)
    texts = fresh + [
        edited(text, SIMILARITIES[at % len(SIMILARITIES)], words, generator) for at, text in enumerate(chosen)
    ]
    generator.shuffle(texts)
    return pl.DataFrame({"number": range(documents), "text": texts}, schema_overrides={"number": pl.Int64})


def alike(texts: list[str], threshold: float) -> dict[Pair, float]:
    """Return every pair of texts whose word shingles have at least that Jaccard similarity, and how much.

    Exact: two sets so alike share one of the rarest shingles of each (prefix filter, Bayardo et al. 2007).
    """
    sets = [shingle_set(text) for text in texts]
    frequency = Counter(shingle for each in sets for shingle in each)
    holders: dict[int, list[int]] = defaultdict(list)
    pairs: dict[Pair, float] = {}
    for number, each in enumerate(sets):
        rarest = sorted(each, key=lambda shingle: (frequency[shingle], shingle))
        prefix = rarest[: len(each) - ceil(threshold * len(each)) + 1]
        for other in {holder for shingle in prefix for holder in holders[shingle]}:
            shared = len(each & sets[other])
            similarity = shared / (len(each) + len(sets[other]) - shared)
            if similarity >= threshold:
                pairs[other, number] = similarity
        for shingle in prefix:
            holders[shingle].append(number)
    return pairs


def shingle_set(text: str) -> set[int]:
    """Return the hashes of a text's word shingles, by the plain definition."""
    words = text.lower().split()
    return {
        hash(tuple(words[at : at + SHINGLE_WORDS])) for at in range(max(1, len(words) - SHINGLE_WORDS + 1))
    }


def edited(text: str, similarity: float, vocabulary: list[str], generator: random.Random) -> str:
    """Replace as many words as bring a text to a similarity: each changes five shingles of both."""
    words = text.split()
    shingles = max(1, len(words) - SHINGLE_WORDS + 1)
    edits = round(shingles * (1 - similarity) / (SHINGLE_WORDS * (1 + similarity)))
    for at in generator.sample(range(len(words)), min(edits, len(words))):
        words[at] = generator.choice(vocabulary)
    return " ".join(words)


def _texts(data: Path) -> list[str]:
    texts = []
    abstracts = data / "cranfield" / "docs.jsonl"
    if abstracts.exists():
        texts += [orjson.loads(line)["text"] for line in abstracts.read_bytes().splitlines()]
    for path in sorted(data.glob("wcxb/*/ground-truth/*.json")):
        truth = orjson.loads(path.read_bytes()).get("ground_truth", {})
        texts.append(truth.get("main_content") or "")
    articles = data / "article_extraction_benchmark" / "ground-truth.json"
    if articles.exists():
        texts += [each["articleBody"] for each in orjson.loads(articles.read_bytes()).values()]
    return texts


def main() -> None:
    data, folder, documents, first_day = sys.argv[1:]
    pool = sentences(Path(data))
    print(len(pool))
    if not pool:
        return
    corpus = make(pool, int(documents))
    corpus.write_parquet(f"{folder}/corpus.parquet")
    true = alike(corpus["text"].to_list(), THRESHOLD)
    Path(folder, "true.json").write_bytes(orjson.dumps([(*pair, value) for pair, value in true.items()]))
    pieces, share = phrases(pool), int(first_day) // len(SOURCES)
    daily = partial(make, pieces, pieces=PHRASES, copied=COPIES_PER_DAY)
    of_source = {source: daily(share, seed)["text"] for seed, source in enumerate(SOURCES, 10)}
    first = pl.concat(of_source.values())
    for name, seed, originals in (("second", 3, of_source["news"]), ("third", 4, first)):
        new = daily(int(len(first) * NEW_SHARE), seed, originals.to_list())
        new.with_columns(pl.col("number") + seed * len(first)).write_parquet(f"{folder}/{name}.parquet")
    numbered = pl.DataFrame({"number": range(len(first)), "text": first})
    numbered.write_parquet(f"{folder}/first.parquet")


if __name__ == "__main__":
    main()
