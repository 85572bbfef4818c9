"""Hostile names of sources, files, sinks, tables, tasks and partitions: refused, with field and remedy."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from webdata_assets.errors import PermanentError, SinkFileError, SourceFileError, TaskFileError
from webdata_assets.partitions import Partition, build_partitions_definition
from webdata_assets.sinks.loading import load_sinks
from webdata_assets.sources.registry import load_sources
from webdata_assets.store.deliveries import chosen_sinks
from webdata_assets.tasks.loading import load_task
from webdata_assets_tests.bad_input.inspecting import GOOD
from webdata_assets_tests.cli.calling import Webdata, make_webdata
from webdata_assets_tests.hostile.strings import STEERS, Traps, injections

Proves = Callable[[str, str, str], None]
PART = "Names and values"
ODD = ("-rf", "--help", "_", "null", "true", "nan", "1e5", "con", "nul", "2026-06-01", "0", "undef", "x" * 64)
"""Allowed, and harmless: each is a name and nothing else."""
ALLOWED = re.compile("[a-z0-9_-]{1,64}")


@pytest.fixture
def names(tmp_path: Path) -> list[str]:
    """Strings that are no names."""
    (tmp_path / "trap").mkdir()
    strings = injections(Traps("127.0.0.1:9", tmp_path / "trap"))
    wrong = ["", "A", "a b", "a.b", "a...b", "x" * 65, "a\n", "\u0430dmin", "a/../b", *strings]
    return [name for name in wrong if not ALLOWED.fullmatch(name)]


@pytest.fixture
def webdata(tmp_path: Path, encoder_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Webdata:
    return make_webdata(tmp_path / "deployment", encoder_folder, monkeypatch)


def write(path: Path, **values: object) -> None:
    path.write_text(yaml.safe_dump(values, allow_unicode=True))


def declared(name: str, **changes: object) -> dict[str, object]:
    return {**yaml.safe_load(GOOD), "name": name, **changes}


def test_no_hostile_name_is_a_source(webdata: Webdata, names: list[str], proves: Proves) -> None:
    for number, name in enumerate(names):
        write(webdata.sources / f"{number}.yaml", **declared(name))
    said = webdata("sources", "check")
    assert said.exit_code == 2
    lines = said.stdout.splitlines()
    told = {
        int(found[1]) for line in lines if (found := re.search(r"/(\d+)\.yaml:\d+: name: .*lower-case", line))
    }
    assert told == set(range(len(names)))
    assert len(lines) == len(names)
    assert not STEERS.search(said.stdout)
    assert not webdata.store.exists()
    proves(
        PART, "names of sources", f"{len(told)} refused with file, line, field and remedy, each on one line"
    )


def test_an_odd_name_is_a_name_and_nothing_else(webdata: Webdata, proves: Proves) -> None:
    for name in ODD:
        write(webdata.sources / f"{name}.yaml", **declared(name, schedule="0 6 * * *"))
    registry = load_sources(webdata.sources)
    assert set(registry.all) == set(ODD)
    grid = build_partitions_definition(registry.start, sorted(registry.enabled))
    keys = [Partition(registry.start, name).key for name in ODD]
    assert all(grid.has_partition_key(key) for key in keys)
    assert [Partition.from_key(key).key for key in keys] == keys
    said = webdata("checks", "explain", "--", "--help")
    assert "Thresholds of 2026-06-01|--help" in said.stdout
    proves(
        PART,
        "odd names that are allowed",
        f"{len(keys)} sources, among them `-rf`, `null` and `1e5`, all usable",
    )


def test_sources_whose_schedules_would_have_one_name_are_told_apart(tmp_path: Path, proves: Proves) -> None:
    for name in ("a-b", "a_b"):
        write(tmp_path / f"{name}.yaml", **declared(name, schedule="0 6 * * *"))
    with pytest.raises(SourceFileError, match=r"a_b\.yaml.* name: .*'a_b' and 'a-b'.*rename one") as caught:
        load_sources(tmp_path)
    write(tmp_path / "a_b.yaml", **declared("a_b"))
    assert set(load_sources(tmp_path).all) == {"a-b", "a_b"}
    lines = str(caught.value).splitlines()
    proves(
        PART,
        "two sources whose schedules would have one name",
        f"refused on {len(lines)} line that names both",
    )


def test_a_source_that_is_not_declared_is_never_a_path(
    webdata: Webdata, names: list[str], proves: Proves
) -> None:
    write(webdata.sources / "good.yaml", **declared("good"))
    before = set(webdata.folder.parent.rglob("*"))
    grid = build_partitions_definition(load_sources(webdata.sources).start, ["good"])
    refused = 0
    for name in names:
        assert not grid.has_partition_key(f"2026-06-01|{name}")
        with pytest.raises(ValueError, match=r"form YYYY-MM-DD|isoformat|out of range"):
            Partition.from_key(f"{name}|good")
        with pytest.raises(PermanentError, match="no source"):
            load_sources(webdata.sources).get(name)
        refused += 1
    for name in [name for name in names if "\0" not in name][1::12]:
        for command in (
            ["run", f"--source={name}"],
            ["run", "--source=good", f"--date={name}"],
            ["trace", f"{name}x"],
        ):
            said = webdata(*command)
            assert said.exit_code in (1, 2), (command, said)
            assert not STEERS.search(said.stdout + said.stderr), command
    after = set(webdata.folder.parent.rglob("*"))
    made = [path for path in after - before if webdata.folder not in path.parents]
    assert made == []
    figure = f"{refused} refused, {len(made)} files made outside"
    proves(PART, "keys of partitions, on the command line and in the grid", figure)


def test_a_file_may_have_any_name(webdata: Webdata, names: list[str], proves: Proves) -> None:
    given = [
        name for name in names if name and "\0" not in name and "/" not in name and len(name.encode()) < 200
    ]
    paths = [os.fsencode(webdata.sources) + b"/" + name.encode() + b".yaml" for name in given]
    paths.append(os.fsencode(webdata.sources) + b"/\xff\xfe.yaml")
    for path in paths:
        Path(os.fsdecode(path)).write_text("name: '{{7*7}}'\n")
    said = webdata("sources", "check")
    assert said.exit_code == 2
    assert not STEERS.search(said.stdout + said.stderr)
    reported = re.findall(r"\.yaml:1: name: ", said.stdout)
    assert len(reported) == len(paths)
    assert webdata("run", "--source", "good").exit_code == 2
    proves(
        PART,
        "names of source files",
        f"{len(reported)} files told apart, not one of them read as more than a name",
    )


def test_no_hostile_name_is_a_sink_a_table_or_a_task(
    tmp_path: Path, names: list[str], proves: Proves
) -> None:
    sinks = tmp_path / "sinks"
    sinks.mkdir()
    for number, name in enumerate(names):
        write(sinks / f"a{number}.yaml", name=name, kind="delta", description="d")
        warehouse = {
            "kind": "postgres",
            "uri": "postgresql://a@b/c",
            "description": "d",
            "name": f"n{number}",
        }
        write(sinks / f"b{number}.yaml", table=name, **warehouse)
        write(tmp_path / f"{number}.task", name=name, description="d", label={"field": "category"})
    with pytest.raises(SinkFileError) as caught:
        load_sinks(sinks)
    lines = str(caught.value).splitlines()
    told = {
        found[1] for line in lines if (found := re.search(r"/([ab]\d+)\.yaml:\d+: (?:name|table): ", line))
    }
    assert told == {f"{kind}{number}" for kind in "ab" for number in range(len(names))} - _dotted(names)
    for number in range(len(names)):
        with pytest.raises(TaskFileError, match="name: "):
            load_task(tmp_path / f"{number}.task")
    proves(
        PART,
        "names of sinks, tables and tasks",
        f"{len(told) + len(names)} refused with file, line and field",
    )


def _dotted(names: list[str]) -> set[str]:
    """Tables that are named with their schema, which is allowed."""
    return {f"b{number}" for number, name in enumerate(names) if re.fullmatch(r"[a-z_]+\.[a-z_]+", name)}


def test_a_tag_of_a_run_names_sinks_and_nothing_else(names: list[str], proves: Proves) -> None:
    refused = 0
    for name in (name for name in names if name.strip(", ")):
        with pytest.raises(PermanentError, match="there is no enabled sink"):
            chosen_sinks({}, name)
        refused += 1
    proves(PART, "tags of runs that name sinks", f"{refused} refused")
