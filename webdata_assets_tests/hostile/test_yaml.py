"""YAML that builds objects, explodes, hides keys or is none, as source, sink and task file."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from webdata_assets.errors import SinkFileError, SourceFileError, TaskFileError
from webdata_assets.sinks.loading import load_sinks
from webdata_assets.sources.registry import load_sources
from webdata_assets.tasks.loading import load_task
from webdata_assets_tests.hostile.conftest import Proves
from webdata_assets_tests.sources.reading import GOOD as SOURCE
from webdata_assets_tests.tasks.test_task_files import GOOD as TASK

SINK = "name: lake\ndescription: A test\nkind: delta\n"
MOST_SECONDS = 5.0

KINDS: dict[str, tuple[str, type[Exception], Callable[[Path], Any]]] = {
    "source": (SOURCE, SourceFileError, lambda path: load_sources(path.parent)),
    "sink": (SINK, SinkFileError, lambda path: load_sinks(path.parent)),
    "task": (TASK, TaskFileError, load_task),
}


def documents(good: str, mark: Path) -> dict[str, bytes]:
    """Return attacks by name, on the `description` of a good file or on the whole of it."""

    def described(value: str) -> str:
        return good.replace("description: A test", f"description: {value}")

    lines = "".join(f"b{n}: &b{n} [{', '.join([f'*b{n - 1}'] * 10)}]\n" for n in range(1, 10))
    objects = (
        "object/apply:os.mkdir",
        "object/new:os.mkdir",
        "object:os.mkdir",
        "name:os.mkdir",
        "module:os",
    )
    texts = {
        **{f"!!python/{kind}": described(f'!!python/{kind} ["{mark}"]') for kind in objects},
        "!!python/name as text": described("!!python/name:os.system ''"),
        "a tag of one's own": described(f"!<tag:yaml.org,2002:python/object/apply:os.mkdir> ['{mark}']"),
        "a local tag": described("!exec touch"),
        "billion laughs": f"b0: &b0 lol\n{lines}{good}",
        "an alias of itself": described("&a [*a]"),
        "a merge key of itself": f"{good}more: &a {{<<: *a}}\n",
        "a merge key": f"{good}<<: {{name: other}}\n",
        "a key twice": f"{good}name: other\n",
        "a key twice, once in quotes": f'{good}"name": other\n',
        "a whole number of 100,000 digits": described("1" * 100_000),
        "a number in base 60 of 100,000 digits": described("1:" * 200_000 + "1"),
        "a number that is none": described("!!int 1e5"),
        "a float that is none": described("!!float ten"),
        "a date that is none": described("2026-02-31"),
        "a truth that is none": described("!!bool perhaps"),
        "null": described("~"),
        "a set": described("!!set {a, b}"),
        "an ordered map": described("!!omap [a: 1]"),
        "binary": described("!!binary aGVsbG8="),
        "20,000 levels": described("[" * 20_000),
        "20,000 levels that end": described("[" * 20_000 + "]" * 20_000),
        "20,000 levels of maps": described("{a: " * 20_000),
        "a complex key": f"{good}? [a, b]\n: c\n",
        "a key that is a number": f"{good}1: a\n",
        "two documents": f"{good}---\n{good}",
        "a directive": f"%YAML 9.9\n---\n{good}",
        "a tab": f"{good}\tmore: 1\n",
        "NUL": described("a\0b"),
        "an escape sequence": described("a\x1b[31mb"),
        "half a surrogate pair": described('"\\ud800"'),
        "a list": "- a\n",
        "a text": "good",
        "nothing": "",
        "an anchor alone": described("&a text"),
        "a name that climbs": good.replace("name: ", "name: ../../", 1),
    }
    return {name: text.encode() for name, text in texts.items()} | {
        "bad UTF-8": good.encode() + b"more: \xff\xfe\n",
        "UTF-16": good.encode("utf-16"),
        "more than a megabyte": described("a" * 1_000_001).encode(),
    }


@pytest.mark.parametrize("kind", KINDS)
def test_every_bad_file_is_refused_with_its_place_and_nothing_is_built(
    kind: str, tmp_path: Path, proves: Proves
) -> None:
    good, refusal, load = KINDS[kind]
    mark, path = tmp_path / "executed", tmp_path / "files" / "bad.yaml"
    path.parent.mkdir()
    path.write_text(good)
    load(path)
    attacks = documents(good, mark)
    longest = 0.0
    for name, content in attacks.items():
        path.write_bytes(content)
        begun = time.process_time()
        with pytest.raises(refusal) as raised:
            load(path)
        longest = max(longest, time.process_time() - begun)
        for line in str(raised.value).splitlines():
            assert line.startswith(f"{path}:"), (name, line)
        assert "\0" not in str(raised.value) and "\x1b" not in str(raised.value), name
        assert len(str(raised.value)) < 2_000, name
        assert not mark.exists(), name
    assert longest < MOST_SECONDS
    proves(
        "XML, YAML and JSON",
        f"YAML as a {kind} file: objects of Python, billion laughs, keys twice, merge keys, 20,000 levels, "
        "numbers of 100,000 digits, NUL, bad UTF-8",
        f"{len(attacks)} of {len(attacks)} refused with file, line and field; "
        f"{int(mark.exists())} executions, "
        f"{longest:.1f} CPU-s for the longest",
    )
