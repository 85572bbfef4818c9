"""A stand-in for BigQuery on loopback: its REST protocol as documented, its statements run by DuckDB.

What belongs here: the few calls that a sink's client makes (tables, load jobs, query jobs), and scripts,
transpiled by sqlglot, whole or not at all. What does not: any test.
"""

import contextlib
import io
import json
import re
import secrets
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import duckdb
import pyarrow.parquet
import sqlglot
from sqlglot import exp

_API_TYPES = {
    "VARCHAR": {"type": "STRING"},
    "BIGINT": {"type": "INTEGER"},
    "DOUBLE": {"type": "FLOAT"},
    "BOOLEAN": {"type": "BOOLEAN"},
    "DATE": {"type": "DATE"},
    "TIMESTAMP WITH TIME ZONE": {"type": "TIMESTAMP"},
    "DECIMAL(18,4)": {"type": "NUMERIC", "precision": "18", "scale": "4"},
}
_DUCKDB_TYPES = {described["type"]: name for name, described in _API_TYPES.items()}
_PARAMETERS = {"STRING": str, "INT64": int}


class BigQueryServer:
    """One project with one dataset.

    Attributes:
        endpoint: its address.
        scripts: every statement it was sent.
        conflicts: so many transactions are to lose against another one.
        resumed: so many files came by a resumable upload.
    """

    def __init__(self) -> None:
        self.database = duckdb.connect()
        self.database.execute(
            "SET TimeZone = 'UTC'; ATTACH ':memory:' AS project; CREATE SCHEMA project.data"
        )
        self.scripts: list[str] = []
        self.conflicts = 0
        self.resumed = 0
        self._jobs: dict[str, dict[str, Any]] = {}
        self._uploads: dict[str, dict[str, Any]] = {}
        # BigQuery lets one of two transactions win; here they take turns
        self.lock = threading.RLock()
        server = self

        class Handler(_Handler):
            stand_in = server

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self._http.server_address[1]}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Serve no more."""
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()
        self.database.close()

    def tables(self) -> list[str]:
        """The names of all tables."""
        found = self.database.execute("SELECT table_name FROM duckdb_tables() ORDER BY ALL").fetchall()
        return [name for (name,) in found]

    def table(self, name: str) -> dict[str, Any] | None:
        found = self.database.execute(
            "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = ?", [name]
        ).fetchall()
        if not found:
            return None
        fields = [{"name": column, "mode": "NULLABLE", **_API_TYPES[dtype]} for column, dtype in found]
        reference = {"projectId": "project", "datasetId": "data", "tableId": name}
        return {"tableReference": reference, "schema": {"fields": fields}, "type": "TABLE"}

    def create(self, table: dict[str, Any]) -> None:
        columns = ", ".join(
            f'"{field["name"]}" {_DUCKDB_TYPES[_old_name(field["type"])]}'
            for field in table["schema"]["fields"]
        )
        assert int(table["expirationTime"]) > 0
        self.database.execute(f'CREATE TABLE project.data."{table["tableReference"]["tableId"]}" ({columns})')

    def load(self, configuration: dict[str, Any], payload: bytes) -> dict[str, Any]:
        asked = configuration["load"]
        assert (asked["sourceFormat"], asked["writeDisposition"]) == ("PARQUET", "WRITE_TRUNCATE")
        name = asked["destinationTable"]["tableId"]
        loaded = pyarrow.parquet.read_table(io.BytesIO(payload))
        self.database.register("loaded", loaded)
        self.database.execute(f'INSERT INTO project.data."{name}" BY NAME SELECT * FROM loaded')
        return self._done(configuration, {})

    def query(self, configuration: dict[str, Any], job: str) -> dict[str, Any]:
        asked = configuration["query"]
        self.scripts.append(asked["query"])
        parameters = {
            given["name"]: _PARAMETERS[given["parameterType"]["type"]](given["parameterValue"]["value"])
            for given in asked.get("queryParameters", [])
        }
        try:
            result = _run(self, asked["query"], parameters)
        except (duckdb.Error, AssertionError) as error:
            return self._done(configuration, {"error": str(error)}, job)
        return self._done(configuration, result, job)

    def job(self, job: str) -> dict[str, Any]:
        return self._jobs[job]["resource"]

    def results(self, job: str) -> dict[str, Any]:
        done = self._jobs[job]
        if "error" in done["result"]:
            return {"error": _problem(done["result"]["error"])}
        return {
            "jobComplete": True,
            "jobReference": done["resource"]["jobReference"],
            "totalRows": str(len(done["result"].get("rows", []))),
            **done["result"],
        }

    def begin_upload(self, resource: dict[str, Any]) -> str:
        token = secrets.token_hex(8)
        self._uploads[token] = resource
        return token

    def end_upload(self, token: str) -> dict[str, Any]:
        self.resumed += 1
        return self._uploads.pop(token)

    def _done(self, configuration: dict[str, Any], result: dict[str, Any], job: str = "") -> dict[str, Any]:
        job = job or secrets.token_hex(8)
        status: dict[str, Any] = {"state": "DONE"}
        if "error" in result:
            status["errorResult"] = _problem(result["error"])["errors"][0]
        resource = {
            "kind": "bigquery#job",
            "id": f"project:{job}",
            "jobReference": {"projectId": "project", "jobId": job, "location": "US"},
            "configuration": configuration,
            "status": status,
            "statistics": {"query": {"statementType": "SELECT"}},
        }
        self._jobs[job] = {"resource": resource, "result": result}
        return resource


def _run(server: BigQueryServer, script: str, parameters: dict[str, object]) -> dict[str, Any]:
    """Run a script; what it leaves undone at an error is undone as a whole."""
    variables: dict[str, object] = {}
    with server.lock, server.database.cursor() as cursor:
        cursor.execute("SET TimeZone = 'UTC'")
        transaction = "BEGIN TRANSACTION" in script
        try:
            return _statements(server, cursor, script, parameters, variables)
        except BaseException:
            if transaction:
                with contextlib.suppress(duckdb.TransactionException):
                    cursor.execute("ROLLBACK")
            raise


def _statements(
    server: BigQueryServer,
    cursor: duckdb.DuckDBPyConnection,
    script: str,
    parameters: dict[str, object],
    variables: dict[str, object],
) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for statement in (text.strip() for text in script.split(";\n")):
        text = statement.removesuffix(";").strip()
        if not text or text.startswith("DECLARE"):
            continue
        if text.startswith("COMMIT") and server.conflicts:
            server.conflicts -= 1
            raise AssertionError("Transaction is aborted due to concurrent update against table t.")
        if asserted := re.fullmatch(r"ASSERT (.*)\sAS '(.*)'", text, re.DOTALL):
            (holds,) = _execute(cursor, f"SELECT {asserted[1]}", parameters, variables).fetchone()
            assert holds, asserted[2]
        elif assigned := re.fullmatch(r"SET \((.*?)\) = \(SELECT AS STRUCT (.*)\)", text, re.DOTALL):
            values = _execute(cursor, f"SELECT {assigned[2]}", parameters, variables).fetchone()
            variables.update(zip(assigned[1].split(", "), values, strict=True))
        else:
            result = _table(_execute(cursor, text, parameters, variables))
    return result


def _execute(
    cursor: duckdb.DuckDBPyConnection, text: str, parameters: dict[str, object], variables: dict[str, object]
) -> Any:
    if variables and text == f"SELECT {', '.join(variables)}":
        text = f"SELECT {', '.join(f'{value} AS {name}' for name, value in variables.items())}"
    (parsed,) = sqlglot.parse(text, dialect="bigquery")
    assert parsed is not None
    for action in parsed.args["actions"][1:] if isinstance(parsed, exp.Alter) else ():
        # DuckDB takes one change at a time
        single = parsed.copy()
        single.set("actions", [action.copy()])
        cursor.execute(single.sql("duckdb"))
        parsed.set("actions", parsed.args["actions"][:1])
    spoken = parsed.sql("duckdb")
    used = {name: value for name, value in parameters.items() if f"${name}" in spoken}
    return cursor.execute(spoken, used)


def _table(cursor: Any) -> dict[str, Any]:
    if cursor.description is None:
        return {}
    names = [described[0] for described in cursor.description]
    kinds = [str(described[1]) for described in cursor.description]
    fields = [
        {"name": name, "mode": "NULLABLE", **_API_TYPES.get(kind, {"type": "INTEGER"})}
        for name, kind in zip(names, kinds, strict=True)
    ]
    rows = [
        {"f": [{"v": _cell(value, field["type"])} for value, field in zip(row, fields, strict=True)]}
        for row in cursor.fetchall()
    ]
    return {"schema": {"fields": fields}, "rows": rows}


def _cell(value: Any, kind: str) -> str | None:
    if value is None:
        return None
    if kind == "TIMESTAMP":
        since = value - value.replace(year=1970, month=1, day=1, hour=0, minute=0, second=0, microsecond=0)
        return str((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds)
    if kind == "BOOLEAN":
        return "true" if value else "false"
    return repr(value) if kind == "FLOAT" else str(value)


def _old_name(name: str) -> str:
    return {"INT64": "INTEGER", "FLOAT64": "FLOAT", "BOOL": "BOOLEAN"}.get(name, name)


def _problem(message: str) -> dict[str, Any]:
    told = {"reason": "invalidQuery", "message": message}
    return {"code": 400, "message": message, "errors": [told]}


class _Handler(BaseHTTPRequestHandler):
    stand_in: BigQueryServer
    protocol_version = "HTTP/1.1"
    # headers and body in one packet, or the client's machine waits to acknowledge the first
    wbufsize = 65_536

    def do_GET(self) -> None:
        parts = urlsplit(self.path).path.split("/")
        if parts[-2] == "tables":
            table = self.stand_in.table(parts[-1])
            self._answer(table or {"error": {"code": 404, "message": "Not found"}}, 200 if table else 404)
        elif parts[-2] == "jobs":
            self._answer(self.stand_in.job(parts[-1]))
        else:
            assert parts[-2] == "queries"
            told = self.stand_in.results(parts[-1])
            self._answer(told, 400 if "error" in told else 200)

    def do_POST(self) -> None:
        url = urlsplit(self.path)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if url.path.startswith("/upload/"):
            kind = parse_qs(url.query)["uploadType"][0]
            if kind == "resumable":
                token = self.stand_in.begin_upload(json.loads(body))
                self.send_response(200)
                self.send_header("Location", f"{self.stand_in.endpoint}{url.path}/{token}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            resource, payload = _parts(self.headers["Content-Type"], body)
            self._answer(self.stand_in.load(resource["configuration"], payload))
        elif url.path.endswith("/tables"):
            resource = json.loads(body)
            self.stand_in.create(resource)
            self._answer(resource)
        else:
            assert url.path.endswith("/jobs")
            resource = json.loads(body)
            job = resource["jobReference"]["jobId"]
            self._answer(self.stand_in.query(resource["configuration"], job))

    def do_PUT(self) -> None:
        resource = self.stand_in.end_upload(self.path.rpartition("/")[2])
        payload = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(self.stand_in.load(resource["configuration"], payload))

    def do_DELETE(self) -> None:
        with self.stand_in.lock:
            name = self.path.partition("?")[0].rpartition("/")[2]
            self.stand_in.database.execute(f'DROP TABLE IF EXISTS project.data."{name}"')
        self._answer({}, 204)

    def _answer(self, told: dict[str, Any], status: int = 200) -> None:
        body = b"" if status == 204 else json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002
        pass


def _parts(content_type: str, body: bytes) -> tuple[dict[str, Any], bytes]:
    """The two parts of a multipart upload: the job as JSON, and the file."""
    boundary = re.search(r'boundary="?([^";]+)', content_type)
    assert boundary is not None
    _, first, second, _ = body.split(b"--" + boundary[1].encode())
    resource = first.partition(b"\r\n\r\n")[2]
    payload = second.partition(b"\r\n\r\n")[2]
    return json.loads(resource), payload.removesuffix(b"\r\n")


@contextlib.contextmanager
def bigquery_server() -> Iterator[BigQueryServer]:
    """Yield a stand-in that serves."""
    server = BigQueryServer()
    try:
        yield server
    finally:
        server.close()
