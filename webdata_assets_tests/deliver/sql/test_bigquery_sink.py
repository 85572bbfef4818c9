"""BigQuery: Google's own client against a stand-in that speaks its protocol and runs its statements."""

import google.cloud.bigquery.client
import pytest
import sqlglot
from sqlglot import exp

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.stages.deliver.sink import Shape, Sink
from webdata_assets.stages.deliver.sql import bigquery
from webdata_assets.stages.deliver.sql.bigquery import BigQuerySink
from webdata_assets.stages.deliver.sql.bigquery_script import Script
from webdata_assets_tests.deliver.sink_contract import WIDE, SinkContract, deliver, numbered
from webdata_assets_tests.deliver.sql.bigquery_server import bigquery_server
from webdata_assets_tests.deliver.sql.columns import SqlContract


def bigquery_sink(address: str, shape: Shape) -> Sink:
    endpoint, _, table = address.partition("#")
    return BigQuerySink("project", "data", table, shape, endpoint=endpoint)


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(bigquery.time, "sleep", lambda seconds: None)
    with bigquery_server() as running:
        yield running


class TestBigQuery(SqlContract, SinkContract):
    make = staticmethod(bigquery_sink)
    examples = 4
    rows = 60
    kills = 3

    @pytest.fixture
    def address(self, server):
        self.server = server
        return f"{server.endpoint}#records"

    def spoil(self, monkeypatch, address):
        merge = Script.merge

        def lossy(script, staged):
            target = script.path(script.table)
            edited = f"UPDATE {target} SET title = 'not what was sent' WHERE TRUE;\nASSERT (SELECT COUNT(*)"
            return merge(script, staged).replace("ASSERT (SELECT COUNT(*)", edited)

        monkeypatch.setattr(Script, "merge", lossy)

    def snapshot(self, address):
        return self.execute(address, "SELECT * FROM webdata_deliveries"), self.server.tables()

    def execute(self, address, statement):
        with self.server.lock, self.server.database.cursor() as cursor:
            cursor.execute("USE project.data")
            return cursor.execute(statement).fetchall()


def test_every_statement_is_bigquery_sql():
    script = Script("`project-1`.`data`", "records", "record_id", ["record_id", "title", "row_hash"])
    types = {"record_id": "STRING", "title": "STRING", "row_hash": "STRING"}
    texts = [script.merge("staged"), script.entry, script.any_row, script.select("records", ["title"])]
    texts += [*script.define(types, None), *script.define(types, ["title", "row_hash"])]
    for text in texts:
        parsed = sqlglot.parse(text, dialect="bigquery")
        assert not any(isinstance(statement, exp.Command) for statement in parsed if statement)


def test_the_merge_is_one_transaction_that_asserts_before_it_commits():
    script = Script("`project-1`.`data`", "records", "record_id", ["record_id", "title", "row_hash"])
    parsed = [found for found in sqlglot.parse(script.merge("staged"), dialect="bigquery") if found]
    words = [statement.sql("bigquery").split("(")[0].split()[0] for statement in parsed]
    assert words == [
        *["DECLARE"] * 3, "BEGIN", "ASSERT", "SET", "MERGE", "ASSERT", "MERGE", "COMMIT", "SELECT",
    ]  # fmt: skip


def test_a_lost_conflict_is_tried_again_and_then_a_typed_error(server):
    sink = bigquery_sink(f"{server.endpoint}#records", WIDE)
    server.conflicts = 2
    assert deliver(sink, numbered(5), 1).inserted == 5
    server.conflicts = 99
    with pytest.raises(TransientError, match="concurrent update") as caught:
        deliver(sink, numbered(6), 2)
    assert caught.value.failure_domain is FailureDomain.SINK
    server.conflicts = 0
    assert sink.read().equals(numbered(5))


def test_the_staging_table_is_dropped_whatever_happens(server):
    sink = bigquery_sink(f"{server.endpoint}#records", WIDE)
    deliver(sink, numbered(5), 1)
    server.conflicts = 99
    with pytest.raises(TransientError):
        deliver(sink, numbered(6), 2)
    assert server.tables() == ["records", "webdata_deliveries"]


def test_a_large_file_is_loaded_by_a_resumable_upload(server, monkeypatch):
    monkeypatch.setattr(google.cloud.bigquery.client, "_MAX_MULTIPART_SIZE", 1_000)
    sink = bigquery_sink(f"{server.endpoint}#records", WIDE)
    deliver(sink, numbered(50), 1)
    assert server.resumed == 1
    assert sink.read().equals(numbered(50))


@pytest.mark.parametrize(
    "credentials", ["", "{}", '{"private_key": "secret-key", "type": "service_account"}']
)
def test_credentials_that_are_none_are_refused_and_not_repeated(credentials):
    with pytest.raises(PermanentError, match="no service account's JSON") as caught:
        BigQuerySink("project", "data", "records", WIDE, credentials=credentials).read()
    assert "secret-key" not in str(caught.value)
    assert caught.value.failure_domain is FailureDomain.CONFIGURATION


def test_a_dataset_that_is_none_is_refused():
    with pytest.raises(PermanentError, match="is no dataset of BigQuery"):
        BigQuerySink("project`; DROP", "data", "records", WIDE)
