"""Sink files: good ones are read, broken ones are named with file, line, field and remedy."""

from pathlib import Path

import pytest

from webdata_assets.errors import FailureDomain, SinkFileError
from webdata_assets.settings import PACKAGED_SINKS
from webdata_assets.sinks.loading import load_sinks
from webdata_assets.sinks.model import KINDS, DeltaFile, PostgresFile, SnowflakeFile

GOOD = """\
name: warehouse
kind: postgres
description: A test
uri: postgresql://loader@db.example.com/analytics
"""
MINIMAL = {
    "postgres": "uri: postgresql://loader@db.example.com/analytics",
    "snowflake": "{account: a, user: u, database: d, schema: s}",
    "bigquery": "{project: p, dataset: d}",
    "webhook": "{url: 'https://example.com/hook', secret_env: SECRET}",
    "dlt": "{destination: redshift, dataset: d}",
}


def write(folder: Path, content: str, name: str = "sink.yaml") -> Path:
    path = folder / name
    path.write_text(content)
    return path


def message_of(folder: Path, content: str) -> str:
    path = write(folder, content)
    with pytest.raises(SinkFileError) as caught:
        load_sinks(folder, sources=["shop"])
    assert caught.value.failure_domain is FailureDomain.CONFIGURATION
    return str(caught.value).replace(str(path), "FILE")


def test_the_packaged_sinks_are_a_table_and_a_file_in_the_store():
    found = load_sinks(PACKAGED_SINKS)
    assert {name: (sink.kind, sink.address) for name, sink in found.items()} == {
        "records": ("delta", None),
        "records_parquet": ("parquet", None),
    }


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_declared_in_a_few_lines(tmp_path: Path, kind: str):
    own = MINIMAL.get(kind, "").strip("{}").replace(", ", "\n")
    write(tmp_path, f"name: one\nkind: {kind}\ndescription: A test\n{own}\n")
    assert load_sinks(tmp_path)["one"].kind == kind


def test_what_is_left_out_has_a_default(tmp_path: Path):
    write(tmp_path, GOOD)
    sink = load_sinks(tmp_path)["warehouse"]
    assert isinstance(sink, PostgresFile)
    assert (sink.content, sink.sources, sink.enabled, sink.table_name) == ("records", (), True, "warehouse")
    assert sink.address == "postgresql://loader@db.example.com/analytics#warehouse"


def test_a_columns_type_alone_is_enough(tmp_path: Path):
    write(
        tmp_path, f"{GOOD}contract: {{columns: {{title: string, url: {{type: string, required: true}}}}}}\n"
    )
    columns = load_sinks(tmp_path)["warehouse"].contract.columns
    assert {name: (column.type, column.required) for name, column in columns.items()} == {
        "title": ("string", False),
        "url": ("string", True),
    }


@pytest.mark.parametrize(
    ("line", "place", "what", "remedy"),
    [
        ("tabel: x", "5: tabel", "unknown field", "did you mean `table`?"),
        ("table: Robert'); DROP", "5: table", "does not match", "The table's name"),
        ("contract: {columns: {title: strin}}", "5: contract.columns.title.type", "not one", "`string`?"),
        ("contract: {columns: {u: {type: date, a: 1}}}", "5: contract.columns.u.a", "unknown field", "type,"),
        ("contract: {freshness_hours: 0}", "5: contract.freshness_hours", "greater than 0", "Hours since"),
        ("announce: [{by: mail}]", "5: announce[0].by", "'mail' is no way to announce", "file, redis"),
        ("announce: [{url: x}]", "5: announce[0].by", "required, and missing", "webhook, file, redis"),
        ("announce: [{by: redis, uri: 'redis://:p@h'}]", "5: announce[0].uri", "holds a password", "`redis"),
        ("announce: [{by: redis, uri: 'http://h'}]", "5: announce[0].uri", "not of the form redis", "`redis"),
        ("announce: [{by: file, uri: here}]", "5: announce[0].uri", "neither an absolute path", "The folder"),
        ("sources: [shop, shpo]", "5: sources[1]", "there is no source 'shpo'", "use one of shop"),
        ("content: rows", "5: content", "'rows' is not one of", "records, chunks"),
        ("kind: postgres", "5: kind", "given twice, first on line 2", "keep one"),
    ],
)  # fmt: skip
def test_a_broken_line_is_named_with_a_remedy(tmp_path: Path, line: str, place: str, what: str, remedy: str):
    message = message_of(tmp_path, f"{GOOD}{line}\n")
    assert message.startswith(f"FILE:{place}: ")
    assert what in message
    assert remedy in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("name: a\nkind: postgre\n", "FILE:2: kind: 'postgre' is no kind of sink; did you mean `postgres`?"),
        ("name: a\n", "FILE:1: kind: required, and missing; add `kind:` with one of delta, parquet"),
        ("name: A\nkind: delta\ndescription: x\n", "FILE:1: name: 'A' does not match"),
        ("name: a\nkind: delta\ndescription: x\nuri: relative/x\n", "FILE:4: uri: 'relative/x' is neither"),
        (
            "name: a\nkind: duckdb\ndescription: x\npath: x.duckdb\n",
            "FILE:4: path: 'x.duckdb' is not an absolute",
        ),
        (
            "name: a\nkind: dlt\ndescription: x\ndestination: redshift\ndataset: d\npipelines: s3://b/p\n",
            "FILE:6: pipelines: 's3://b/p' is not an absolute path",
        ),
        (
            "name: a\nkind: lance\ndescription: x\ntable: sales.items\n",
            "FILE:4: table: 'sales.items' does not match",
        ),
        ("[", "FILE:1:2: document: malformed YAML"),
    ],
)
def test_a_broken_file_is_named_with_a_remedy(tmp_path: Path, content: str, message: str):
    assert message_of(tmp_path, content).startswith(message)


@pytest.mark.parametrize("address", ["u:s3cret@h/d", "u@h/d?password=s3cret"])
def test_a_password_in_an_address_is_refused_and_not_repeated(tmp_path: Path, address: str):
    message = message_of(tmp_path, GOOD.replace("loader@db.example.com/analytics", address))
    assert "holds a password; name the environment variable" in message
    assert "s3cret" not in message


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("password_env: s3cret", "no name of an environment variable"),
        (
            "announce: [{by: webhook, url: 'https://h/x', secret_env: whsec_s3cret}]",
            "no name of an environment",
        ),
        ("announce: [{by: webhook, url: 'https://u:s3cret@h/x', secret_env: S}]", "user or password stands"),
    ],
)
def test_a_secret_that_stands_in_a_file_is_not_repeated(tmp_path: Path, line: str, what: str):
    message = message_of(tmp_path, f"{GOOD}{line}\n")
    assert what in message
    assert "s3cret" not in message


def test_two_tables_of_one_vector_store_are_two_targets(tmp_path: Path):
    for name in ("one", "two"):
        write(tmp_path, f"name: {name}\nkind: lance\ndescription: x\nuri: /vectors\n", f"{name}.yaml")
    assert {sink.address for sink in load_sinks(tmp_path).values()} == {"/vectors#one", "/vectors#two"}


def test_two_files_of_one_name_or_one_target_are_refused(tmp_path: Path):
    write(tmp_path, GOOD, "a.yaml")
    write(tmp_path, GOOD, "b.yaml")
    write(tmp_path, f"{GOOD.replace('name: warehouse', 'name: other')}table: warehouse\n", "c.yaml")
    with pytest.raises(SinkFileError) as caught:
        load_sinks(tmp_path)
    first, second, third = str(caught.value).splitlines()
    assert "b.yaml:1: name: 'warehouse' is already the name of" in first
    assert "b.yaml:2: kind: warehouse delivers to postgresql://" in second
    assert "c.yaml:2: kind: warehouse delivers to postgresql://" in third


def test_a_folder_without_files_says_what_to_do(tmp_path: Path):
    with pytest.raises(SinkFileError, match="no sink file"):
        load_sinks(tmp_path)
    with pytest.raises(SinkFileError, match="no such folder; create it, or point WEBDATA_SINKS"):
        load_sinks(tmp_path / "none")


def test_a_connector_is_given_what_the_file_says_and_no_secret():
    sink = SnowflakeFile.model_validate(
        {
            "name": "flakes", "kind": "snowflake", "description": "x", "account": "a", "user": "u",
            "database": "d", "schema": "s", "port": 8080, "password_env": "FLAKES_PASSWORD",
        }
    )  # fmt: skip
    assert sink.connection == {"account": "a", "user": "u", "database": "d", "schema": "s", "port": "8080"}


def test_a_sink_without_an_address_lies_in_the_store():
    assert DeltaFile(name="a", kind="delta", description="x").address is None
