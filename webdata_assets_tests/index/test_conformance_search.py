"""What every index engine finds, whichever it is, and what it takes for words only."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import polars as pl

from webdata_assets.stages.embed.embed import vector_matrix
from webdata_assets.stages.index.chunk_rows import ANSWER_COLUMNS
from webdata_assets.stages.index.index import ChunkFilter
from webdata_assets.stages.index.recall import admits
from webdata_assets_tests.index.many import DAY, EVERYTHING, chunks, numbers


def test_the_nearest_come_first_exactly(index):
    index.sync(chunks(300))
    vectors = vector_matrix(chunks(300)["vector"])
    for query in (0, 150, 299):
        wanted = np.argsort(-(vectors @ vectors[query]))[:10]
        found = index.at().nearest(vectors[query], 10, EVERYTHING)
        assert numbers(found) == wanted.tolist()
        assert found.columns == list(ANSWER_COLUMNS)
        assert found.equals(chunks(300)[wanted].select(ANSWER_COLUMNS))


NEXT_DAY = DAY + dt.timedelta(days=1)


FILTERS = [
    EVERYTHING, ChunkFilter(), ChunkFilter(pii=True), ChunkFilter(injection=True),
    replace(EVERYTHING, sources=("shop",)), replace(EVERYTHING, sources=("shop", "blog")),
    replace(EVERYTHING, sources=()), replace(EVERYTHING, sources=("none",)),
    replace(EVERYTHING, languages=("en",)), replace(EVERYTHING, languages=()),
    replace(EVERYTHING, since=NEXT_DAY), replace(EVERYTHING, until=NEXT_DAY),
    ChunkFilter(sources=("blog",), languages=("en", "de"), since=NEXT_DAY, until=NEXT_DAY),
]  # fmt: skip


def test_a_filter_holds_before_the_search(index):
    index.sync(chunks(60))
    snapshot = index.at()
    vector = vector_matrix(chunks(60)["vector"])[0]
    for where in FILTERS:
        wanted = set(numbers(chunks(60).filter(admits(where))))
        assert set(numbers(snapshot.nearest(vector, 60, where))) == wanted
        assert set(numbers(snapshot.matching("kettle", 60, where))) == wanted
        assert len(snapshot.nearest(vector, 5, where)) == min(5, len(wanted))


HOSTILE = [
    "it's", "' OR 1=1 --", "a\\'b", "", "x'; DROP TABLE chunks", "é\u2028", "%", "_", "$1", '"', "{0}",
]  # fmt: skip
QUERIES = [*HOSTILE, "a AND", "NOT kettle", "(", "+x -y", "^~:\\/", "kettle " * 999, "中😀"]


def test_a_hostile_name_is_only_a_name(index):
    names = pl.Series(HOSTILE)
    index.sync(chunks(len(HOSTILE)).with_columns(source=names, language=names))
    snapshot = index.at()
    for number, name in enumerate(HOSTILE):
        for where in (replace(EVERYTHING, sources=(name,)), replace(EVERYTHING, languages=(name,))):
            assert numbers(snapshot.matching("kettle", 20, where)) == [number]


def test_hostile_ids_are_deleted_alone(index):
    named = chunks(len(HOSTILE)).with_columns(chunk_id=pl.Series(HOSTILE)).sort("chunk_id")
    index.sync(named)
    assert index.sync(named.filter(pl.col("chunk_id") != "it's")).deleted == 1
    assert index.at().ids().to_list() == sorted(set(HOSTILE) - {"it's"})


def test_hostile_words_are_only_words(index):
    index.sync(chunks(4))
    for words in QUERIES:
        assert len(index.at().matching(words, 10, EVERYTHING)) <= 4


def test_words_of_titles_and_headings_find_the_chunks_below_them(index):
    index.sync(chunks(9))
    assert set(numbers(index.at().matching("title", 20, EVERYTHING))) == {1, 2, 3, 4, 6, 7, 8}
    assert set(numbers(index.at().matching("part 4", 1, EVERYTHING))) == {4}


def test_threads_share_a_snapshot(index):
    index.sync(chunks(50))
    snapshot = index.at()
    vectors = vector_matrix(chunks(50)["vector"])

    def search(number: int) -> tuple[list[int], list[int]]:
        nearest = snapshot.nearest(vectors[number], 1, EVERYTHING)
        return numbers(nearest), numbers(snapshot.matching(f"number{number}", 1, EVERYTHING))

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(search, range(50)))
    assert answers == [([number], [number]) for number in range(50)]
