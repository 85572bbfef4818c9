"""PostgreSQL on a real server: one transaction, also across kills of the server."""

import itertools
import threading

import polars as pl
import psycopg
import pytest

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.stages.deliver.changes import hash_of
from webdata_assets.stages.deliver.sink import Shape, Sink
from webdata_assets.stages.deliver.sql.postgres import PostgresSink, _PostgresSession
from webdata_assets_tests.deliver.sink_contract import WIDE, SinkContract, deliver, frame, numbered
from webdata_assets_tests.deliver.sql.columns import SqlContract, spoil_after

VECTORS = Shape(
    "record_id",
    pl.Schema({"record_id": pl.String(), "embedding": pl.List(pl.Float32()), "row_hash": pl.String()}),
)
_numbers = itertools.count()


def postgres(address: str, shape: Shape) -> Sink:
    uri, _, table = address.partition("#")
    return PostgresSink(uri, table, shape)


class TestPostgres(SqlContract, SinkContract):
    make = staticmethod(postgres)
    kills = 6

    @pytest.fixture
    def address(self, server):
        return f"{server.address}#records_{next(_numbers)}"

    def spoil(self, monkeypatch, address):
        spoil_after(monkeypatch, _PostgresSession)

    def snapshot(self, address):
        """The transactions that last wrote each row, and the ledger."""
        table = address.partition("#")[2]
        return [
            self.execute(address, f"SELECT xmin::text, record_id FROM {table} ORDER BY record_id"),
            self.execute(address, f"SELECT xmin::text FROM webdata_deliveries WHERE target = '{table}'"),
        ]

    def execute(self, address, statement):
        with psycopg.connect(address.partition("#")[0]) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []


@pytest.fixture
def sink(server):
    return PostgresSink(server.address, f"records_{next(_numbers)}", WIDE)


def test_vectors_are_kept_exactly_and_searched(server):
    sink = PostgresSink(server.address, "vectors", VECTORS)
    rows = frame(
        [
            {"record_id": "a", "embedding": [0.1, 1e-45, 3.4028235e38]},
            {"record_id": "b", "embedding": [-0.0, 1 / 3, 2.0]},
            {"record_id": "c", "embedding": None},
        ],
        VECTORS,
    )
    deliver(sink, rows, 1)
    assert sink.read().equals(rows)
    with psycopg.connect(server.address) as connection:
        nearest = "SELECT record_id FROM vectors ORDER BY embedding <-> '[0, 0.3, 2]' LIMIT 1"
        assert connection.execute(nearest).fetchall() == [("b",)]


@pytest.mark.parametrize("vector", [[], [0.1, None]])
def test_a_vector_that_pgvector_cannot_keep_is_refused(server, vector):
    sink = PostgresSink(server.address, "refused_vectors", VECTORS)
    rows = frame([{"record_id": "a", "embedding": vector}], VECTORS)
    with pytest.raises(PermanentError, match="embedding has a vector that is empty or has nulls"):
        deliver(sink, rows, 1)
    assert sink.read().is_empty()


def test_a_text_that_postgresql_cannot_keep_is_refused(sink):
    rows = frame([{"record_id": "a", "title": "a\0b"}])
    with pytest.raises(PermanentError, match="title has a text with the character U\\+0000"):
        deliver(sink, rows, 1)
    assert sink.read().is_empty()


def test_an_address_with_a_password_is_refused_and_not_repeated():
    for uri in ("postgresql://user:secret@host/db", "postgresql://host/db?password=secret"):
        with pytest.raises(PermanentError, match="must not hold a password") as caught:
            PostgresSink(uri, "records", WIDE)
        assert "secret" not in str(caught.value)
        assert caught.value.failure_domain is FailureDomain.CONFIGURATION


def test_a_table_lies_in_the_schema_that_its_name_says(server):
    with psycopg.connect(server.address) as connection:
        connection.execute("CREATE SCHEMA sales")
    sink = PostgresSink(server.address, "sales.records", WIDE)
    deliver(sink, numbered(3), 1)
    deliver(sink, numbered(2, first=2), 2)
    assert sink.read().equals(numbered(2, first=2))
    with psycopg.connect(server.address) as connection:
        assert connection.execute("SELECT row_count FROM sales.webdata_deliveries").fetchall() == [(2,)]


def test_a_server_that_does_not_answer_is_tried_again(tmp_path):
    with pytest.raises(TransientError, match="does not answer") as caught:
        PostgresSink(f"postgresql://user@/db?host={tmp_path}", "records", WIDE).read()
    assert caught.value.failure_domain is FailureDomain.SINK


def test_a_missing_schema_or_privilege_needs_a_person(server):
    with pytest.raises(PermanentError, match="nowhere"):
        deliver(PostgresSink(server.address, "nowhere.records", WIDE), numbered(3), 1)
    with psycopg.connect(server.address) as connection:
        connection.execute("CREATE ROLE reader LOGIN")
    reader = PostgresSink(server.address.replace("postgres@", "reader@"), "records", WIDE)
    with pytest.raises(PermanentError, match="may not do that") as caught:
        deliver(reader, numbered(3), 1)
    assert caught.value.failure_domain is FailureDomain.CONFIGURATION


def test_a_server_killed_in_mid_merge_holds_the_old_state_after_its_restart(server, monkeypatch):
    sink = PostgresSink(server.address, "crashed", WIDE)
    deliver(sink, numbered(50), 1)
    reached = threading.Event()
    apply = _PostgresSession.apply

    def slow(session):
        apply(session)
        reached.set()
        session.execute("SELECT pg_sleep(30)")
        raise AssertionError("the server was not killed")

    with monkeypatch.context() as patch:
        patch.setattr(_PostgresSession, "apply", slow)
        caught = []

        def work():
            try:
                deliver(sink, numbered(80, title="New"), 2)
            except TransientError as error:
                caught.append(error)

        delivering = threading.Thread(target=work)
        delivering.start()
        assert reached.wait(30)
        server.kill()
        delivering.join(30)
    assert [error.failure_domain for error in caught] == [FailureDomain.SINK]
    server.start()
    assert hash_of(sink.read(), WIDE) == hash_of(numbered(50), WIDE)
    assert deliver(sink, numbered(80, title="New"), 2).inserted == 30
    assert sink.read().equals(numbered(80, title="New"))
