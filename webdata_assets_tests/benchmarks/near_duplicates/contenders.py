"""Those that look for near-duplicates, each in a process of its own: `python -m … NAME CORPUS OUT`.

What belongs here: the calls of each library as its documentation shows them, on the same words and shingles.
What does not: judging the pairs that they give.
"""

import struct
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import orjson
import polars as pl

from webdata_assets_tests.benchmarks.near_duplicates.corpus import SHINGLE_WORDS, THRESHOLD

PERMUTATIONS = 128

Pairs = Iterable[tuple[int, int]]


def ours(texts: pl.Series) -> Pairs:
    from webdata_assets.stages.dedup.clusters import canonical_members
    from webdata_assets.stages.dedup.minhash import Layout, fingerprints
    from webdata_assets.stages.dedup.pairs import compared_pairs

    found = fingerprints(texts, Layout.for_similarity(THRESHOLD))
    pairs = compared_pairs(found.bands, texts.gather, THRESHOLD).at_least(THRESHOLD)
    canonical_members(len(texts), pairs.left, pairs.right)
    return zip(pairs.left.tolist(), pairs.right.tolist(), strict=True)


def datasketch(texts: pl.Series) -> Pairs:
    """MinHashLSH tuned by itself for the threshold; candidates are kept by their estimated similarity."""
    from datasketch import MinHash, MinHashLSH

    hashes = [
        MinHash.bulk([[shingle.encode() for shingle in _shingles(text)]], num_perm=PERMUTATIONS)[0]
        for text in texts
    ]
    index = MinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS)
    pairs = []
    for number, each in enumerate(hashes):
        pairs += [(other, number) for other in index.query(each) if hashes[other].jaccard(each) >= THRESHOLD]
        index.insert(number, each)
    return pairs


def rensa(texts: pl.Series) -> Pairs:
    """The batch interface, on R-MinHash; candidates are kept by their estimated similarity."""
    from rensa import RMinHash, RMinHashLSH

    hashes = RMinHash.from_token_sets([_shingles(text) for text in texts], PERMUTATIONS, 42)
    index = RMinHashLSH(THRESHOLD, PERMUTATIONS, 16)
    index.insert_many(hashes)
    return [
        (other, number)
        for number, others in enumerate(index.query_all(hashes))
        for other in others
        if other < number and hashes[other].jaccard(hashes[number]) >= THRESHOLD
    ]


def datatrove(texts: pl.Series) -> Pairs:
    """Signature and bucket stages, on the same words; SHA-1, for its xxHash needs one package more."""
    from datatrove.data import Document
    from datatrove.pipeline.dedup.minhash import MinhashConfig, MinhashDedupBuckets, MinhashDedupSignature
    from datatrove.utils.hashing import HashConfig
    from datatrove.utils.text import TextNormConfig
    from datatrove.utils.word_tokenizers import WordTokenizer

    class Words(WordTokenizer):
        def word_tokenize(self, text: str) -> list[str]:
            return text.split()

        def sent_tokenize(self, text: str) -> list[str]:
            raise NotImplementedError

        def span_tokenize(self, text: str) -> list[tuple[int, int]]:
            raise NotImplementedError

    norm = TextNormConfig(
        lowercase=True,
        norm_whitespace=True,
        remove_punctuation=False,
        norm_unicode_diacritics=False,
        norm_numbers=False,
        norm_weekdays=False,
        norm_monthnames=False,
    )
    config = MinhashConfig(n_grams=SHINGLE_WORDS, norm_config=norm, hash_config=HashConfig(hash_fc="sha1"))
    pairs: set[tuple[int, int]] = set()
    with tempfile.TemporaryDirectory() as folder:
        signatures, buckets = f"{folder}/signatures", Path(folder, "buckets")
        documents = (Document(text=text, id=str(number)) for number, text in enumerate(texts))
        MinhashDedupSignature(signatures, config, language=Words()).run(documents)
        for bucket in range(config.num_buckets):
            MinhashDedupBuckets(signatures, str(buckets), config=config).run(
                rank=bucket, world_size=config.num_buckets
            )
        for path in buckets.glob("*.dups"):
            for _, one, _, other in struct.iter_unpack("<4I", path.read_bytes()):
                pairs.add((min(one, other), max(one, other)))
    return pairs


def _shingles(text: str) -> list[str]:
    words = text.lower().split()
    return [" ".join(words[at : at + SHINGLE_WORDS]) for at in range(max(1, len(words) - SHINGLE_WORDS + 1))]


CONTENDERS: dict[str, Callable[[pl.Series], Pairs]] = {
    each.__name__: each for each in (ours, rensa, datasketch, datatrove)
}


def main() -> None:
    name, corpus, out = sys.argv[1:]
    texts = pl.read_parquet(corpus)["text"]
    CONTENDERS[name](texts.head(50))  # libraries are loaded
    started, began = time.process_time(), time.perf_counter()
    pairs = list(CONTENDERS[name](texts))
    cost = {"cpu_seconds": time.process_time() - started, "wall_seconds": time.perf_counter() - began}
    Path(out).write_bytes(orjson.dumps(pairs))
    print(orjson.dumps(cost).decode())


if __name__ == "__main__":
    main()
