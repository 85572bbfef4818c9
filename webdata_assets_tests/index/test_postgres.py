"""The index in PostgreSQL: what is its own, beside what every engine does (test_conformance.py)."""

import datetime as dt
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import polars as pl
import psycopg
import pytest

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.stages.embed.embed import vector_matrix
from webdata_assets.stages.index.chunk_rows import CHUNK_SCHEMA
from webdata_assets.stages.index.postgres import PostgresIndex
from webdata_assets.stages.index.postgres_layout import SCHEMA, graph_type
from webdata_assets.stages.index.recall import recall_at_10
from webdata_assets_tests.index.many import EVERYTHING, chunks, numbers
from webdata_assets_tests.servers.postgres import fresh_database, running_server


@pytest.fixture(scope="module")
def server():
    with running_server() as address:
        yield address


@pytest.fixture
def url(server):
    with fresh_database(server, "own") as address:
        yield address


@pytest.fixture
def index(url):
    return PostgresIndex(url)


def ask(url, question):
    with psycopg.connect(url, autocommit=True) as connection:
        answer = connection.execute(question.format(schema=SCHEMA))
        return answer.fetchall() if answer.description else []


def versions(url):
    return ask(url, "SELECT count(*) FROM {schema}.chunks")[0][0]


def test_what_postgres_cannot_hold_is_replaced_in_texts_and_headings(index):
    rows = chunks(1).with_columns(text=pl.lit("a\x00b"), heading_path=pl.lit(["c\x00d", "e"]))
    index.sync(rows)
    held = index.at().rows(["text", "heading_path"])
    assert held.row(0) == ("a\ufffdb", ["c\ufffdd", "e"])
    assert index.sync(rows).updated == 0


def test_two_writers_at_once_wait_for_each_other(url):
    wanted = [chunks(count, seed=count, model_id=f"tiny@{count}") for count in (40, 60)]
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda rows: PostgresIndex(url).sync(rows), wanted))
    last = PostgresIndex(url).at().rows(CHUNK_SCHEMA.names())
    assert last.equals(wanted[0]) or last.equals(wanted[1])
    # whichever came second has found what the first one wrote
    changed = {(each.inserted, each.updated, each.deleted) for each in results}
    assert changed in ({(40, 0, 0), (20, 40, 0)}, {(60, 0, 0), (0, 40, 20)})


KILLED = """
import sys
from webdata_assets.stages.index import postgres
from webdata_assets_tests.index.many import chunks

insert = postgres.insert
def insert_and_wait(*arguments):
    insert(*arguments)
    print("written", flush=True)
    sys.stdin.read()
postgres.insert = insert_and_wait
postgres.PostgresIndex(sys.argv[1]).sync(chunks(50, seed=1, model_id="tiny@2"))
"""


def test_a_writer_that_is_killed_before_its_commit_leaves_the_old_state(url, index):
    index.sync(chunks(20))
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "written\n"
    assert index.at().rows(CHUNK_SCHEMA.names()).equals(chunks(20))
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert index.at().rows(CHUNK_SCHEMA.names()).equals(chunks(20))
    # its lock went with it
    assert index.sync(chunks(50, seed=1, model_id="tiny@2")).updated == 20


def test_above_the_limit_the_graph_answers_and_finds_nearly_all(url):
    index = PostgresIndex(url, exact_below=500)
    index.sync(chunks(1_500))
    assert recall_at_10(index.at(), 50) >= 0.99
    # the server would count with a delay
    with index._connections.transaction() as connection:
        connection.execute("SELECT pg_stat_force_next_flush()")
    used = "SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = 'chunks_graph_16'"
    assert ask(url, used)[0][0] > 0
    # older states lie in the same graph, and are not found
    index.name("first")
    index.sync(chunks(1_500, seed=1, model_id="tiny@2"))
    assert recall_at_10(index.at(), 50) >= 0.99
    assert recall_at_10(index.at("first"), 50) >= 0.99


def test_a_filter_finds_as_many_from_the_graph_and_beside_it(url):
    index = PostgresIndex(url, exact_below=500)
    rows = chunks(1_500)
    index.sync(rows)
    vector = vector_matrix(rows["vector"])[0]
    broad = replace(EVERYTHING, sources=("shop",))
    narrow = replace(EVERYTHING, sources=("shop",), since=dt.date(2026, 1, 4), languages=("de",))
    assert recall_at_10(index.at(), 50, where=broad) >= 0.99
    assert recall_at_10(index.at(), 50, where=narrow) == 1.0
    assert len(index.at().nearest(vector, 100, broad)) == 100


@pytest.mark.parametrize(
    ("dimensions", "kind"),
    [(384, "vector(384)"), (2_000, "vector(2000)"), (3_072, "halfvec(3072)"), (4_001, None)],
)
def test_long_vectors_lie_in_the_graph_as_halves_and_very_long_ones_not_at_all(dimensions, kind):
    assert graph_type(dimensions) == kind


def test_vectors_of_three_thousand_dimensions_are_kept_whole_and_found(url):
    index = PostgresIndex(url, exact_below=50)
    rows = chunks(60, dimensions=3_072)
    index.sync(rows)
    assert index.at().rows(["vector"]).equals(rows.select("vector"))
    assert recall_at_10(index.at(), 20) >= 0.99


def test_rows_that_no_state_needs_are_deleted(url):
    index = PostgresIndex(url, keep_unnamed=dt.timedelta(0))
    for seed in range(4):
        index.sync(chunks(10, seed=seed, model_id=f"tiny@{seed}"))
        index.name(f"state-{seed}")
    assert versions(url) == 40
    index.forget(["state-1"])
    assert versions(url) == 20
    assert index.at("state-1").model_id() == "tiny@1"
    assert index.at().model_id() == "tiny@3"


def test_twenty_identical_syncs_add_no_row(url, index):
    for _ in range(20):
        index.sync(chunks(10))
        index.forget([])
    assert versions(url) == 10


def test_an_update_of_a_few_rows_rewrites_those_alone(url, index):
    index.sync(chunks(100))
    index.sync(chunks(100)[2:])
    assert versions(url) == 100
    index.sync(chunks(103)[2:])
    assert versions(url) == 103


def test_more_of_the_words_rank_higher_in_any_form(index):
    texts = ["boiling water", "a kettle boils water", "a red teapot", "kettles and more kettles boiled"]
    rows = chunks(4).with_columns(text=np.array(texts), context=None).cast(CHUNK_SCHEMA)
    index.sync(rows)
    assert numbers(index.at().matching("the kettle that boils", 9, EVERYTHING))[-1] == 0
    assert set(numbers(index.at().matching("Teapots", 9, EVERYTHING))) == {2}


def test_a_connection_that_the_server_has_ended_is_replaced(url, index):
    index.sync(chunks(3))
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
    ask(url, others + " AND datname = current_database()")
    assert index.at().count() == 3


def test_a_server_that_does_not_answer_may_do_so_later(tmp_path):
    with pytest.raises(TransientError) as raised:
        PostgresIndex(f"postgresql://postgres@/postgres?host={tmp_path}").at()
    assert raised.value.failure_domain is FailureDomain.SINK


def test_an_address_that_is_none_is_told_without_repeating_it():
    with pytest.raises(PermanentError, match="WEBDATA_INDEX is no address") as raised:
        PostgresIndex("postgresql://user:secret@host/x?secret=1").at()
    assert "secret" not in str(raised.value)


@pytest.fixture
def reader(url):
    """The address of a user with few rights."""
    ask(url, "CREATE ROLE reader LOGIN")
    yield url.replace("postgres@", "reader@")
    ask(url, "DROP ROLE reader")


def test_a_user_who_may_not_make_the_extension_is_told_what_to_ask_for(reader):
    with pytest.raises(PermanentError, match="CREATE EXTENSION vector"):
        PostgresIndex(reader).sync(chunks(1))


def test_a_user_who_may_not_make_the_schema_is_told_what_to_ask_for(url, reader):
    ask(url, "CREATE EXTENSION vector")
    with pytest.raises(PermanentError, match="GRANT CREATE ON DATABASE"):
        PostgresIndex(reader).sync(chunks(1))
