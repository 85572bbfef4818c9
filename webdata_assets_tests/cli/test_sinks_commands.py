"""`webdata sinks`: what is declared, what can be reached, and delivering to one sink."""

import base64
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import polars as pl
import pytest

from webdata_assets_tests.cli.calling import Webdata
from webdata_assets_tests.deliver.receiving import receiver
from webdata_assets_tests.learn import samples
from webdata_assets_tests.learn.pairs import Pairs
from webdata_assets_tests.store.rows import admit, put


@pytest.fixture
def sinks(webdata: Webdata, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Declare a sink file in a folder of this test's own."""
    folder = tmp_path / "sinks"
    folder.mkdir()
    monkeypatch.setenv("WEBDATA_SINKS", str(folder))
    (webdata.sources / "one.yaml").write_text(
        "name: one\ndescription: One page\nstart: 2026-06-01\n"
        "fetch: {discover: [{by: urls, start: ['http://nowhere.test/']}]}\n"
        "extract: {kind: document, fields: {title: h1}}\n"
    )

    def declare(name: str, *lines: str) -> Path:
        path = folder / f"{name}.yaml"
        path.write_text("\n".join([f"name: {name}", "description: A test", *lines, ""]))
        return path

    return declare


def test_declared_sinks_are_listed_before_any_delivery(webdata: Webdata, sinks: Callable[..., Path]):
    sinks("lake", "kind: delta")
    sinks("shelf", "kind: parquet", "enabled: false")
    rows = webdata("sinks", "list", "--json").json()
    assert [(row["sink"], row["kind"], row["target"], row["enabled"], row["verified"]) for row in rows] == [
        ("lake", "delta", "delivered/lake", True, False),
        ("shelf", "parquet", "delivered/shelf", False, False),
    ]


def test_a_broken_file_is_named_with_a_remedy(webdata: Webdata, sinks: Callable[..., Path]):
    path = sinks("lake", "kind: dleta")
    result = webdata("sinks", "check")
    assert result.exit_code == 2
    assert f"{path}:3: kind: 'dleta' is no kind of sink; did you mean `delta`?" in result.stderr


def test_a_source_that_is_not_declared_is_named(webdata: Webdata, sinks: Callable[..., Path]):
    sinks("lake", "kind: delta", "sources: [two]")
    assert "sources[0]: there is no source 'two'; use one of one" in webdata("sinks", "check").stderr


def test_a_check_reads_each_sink_and_names_those_out_of_reach(webdata: Webdata, sinks: Callable[..., Path]):
    sinks("lake", "kind: delta")
    sinks("db", "kind: postgres", "uri: postgresql://u@127.0.0.1:9/d", "password_env: DB_PASSWORD")
    sinks("narrow", "kind: parquet", "contract: {columns: {prize: decimal}}")
    result = webdata("sinks", "check", "--json")
    assert result.exit_code == 1
    rows = {row["sink"]: row for row in result.json()}
    assert (rows["lake"]["ok"], rows["lake"]["rows"]) == (True, 0)
    assert "the environment variable DB_PASSWORD" in rows["db"]["problem"]
    assert "prize is not offered (did you mean price?)" in rows["narrow"]["problem"]
    assert webdata("sinks", "check", "lake").exit_code == 0
    assert webdata("sinks", "check", "db", "--offline").exit_code == 0


def test_sinks_are_asked_side_by_side_and_told_as_they_answer(
    webdata: Webdata, sinks: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
):
    asked, answered_alone, both_have_asked = set[str](), list[str](), threading.Event()

    class Refusing(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.add("one" if "one" in self.path else "two")
            if len(asked) == 2:
                both_have_asked.set()
            if not both_have_asked.wait(timeout=10):
                answered_alone.append(self.path)
            self.send_error(403)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for name, value in {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}",
            "AWS_ALLOW_HTTP": "true",
            "AWS_ACCESS_KEY_ID": "id",
            "AWS_SECRET_ACCESS_KEY": "key",
            "AWS_REGION": "us-east-1",
        }.items():
            monkeypatch.setenv(name, value)
        sinks("one", "kind: parquet", "uri: s3://bucket/one")
        sinks("two", "kind: parquet", "uri: s3://bucket/two")
        result = webdata("sinks", "check", "--json")
        server.shutdown()
    assert not answered_alone
    assert [(row["sink"], row["ok"]) for row in result.json()] == [("one", False), ("two", False)]
    assert all("is refused" in row["problem"] for row in result.json())
    assert "asking one, two" in result.stderr
    assert "a problem (2 of 2)" in result.stderr


def test_nothing_can_be_delivered_before_there_is_a_corpus(webdata: Webdata, sinks: Callable[..., Path]):
    sinks("lake", "kind: delta")
    assert "`webdata publish` makes the corpus" in webdata("sinks", "deliver", "lake").stderr
    assert "there is no sink 'sea'; known: lake" in webdata("sinks", "deliver", "sea").stderr
    sinks("lake", "kind: delta", "enabled: false")
    assert "is not enabled" in webdata("sinks", "deliver", "lake").stderr


def test_one_sink_is_delivered_verified_and_announced(
    webdata: Webdata,
    sinks: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
):
    sinks("lake", "kind: delta")
    released = Pairs(webdata.folder)
    released.fill_index(20)
    released.release()
    put(released.store, "corpus", samples.corpus(20, source=pl.lit("one")), None)
    admit(released.store, "corpus", None)
    monkeypatch.setenv("HOOK_SECRET", base64.b64encode(b"x" * 32).decode())
    with receiver() as hook:
        announced = f"announce: [{{by: webhook, url: '{hook.url}', secret_env: HOOK_SECRET}}]"
        sinks("lake", "kind: delta", announced)
        sinks(
            "broken",
            "kind: delta",
            f"uri: {webdata.store}/tables/corpus/_delta_log/00000000000000000000.json",
        )
        result = webdata("sinks", "deliver", "lake", "--json")
        assert result.exit_code == 0, result.stderr
        report = result.json()
        assert (report["delivery"]["state"], report["delivery"]["rows"]) == ("delivered", 20)
        assert len(hook.taken) == 1
        failed = webdata("sinks", "deliver", "broken")
        assert failed.exit_code == 1
        assert "cannot be written" in failed.stdout
        [row] = [row for row in webdata("sinks", "list", "--json").json() if row["sink"] == "lake"]
        assert (row["verified"], row["state"]) == (True, "delivered")
        assert len(hook.taken) == 1
