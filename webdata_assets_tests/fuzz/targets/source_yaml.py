"""Source files: loaded, or refused with the file, the line and a remedy; and edited without harm."""

import copy
import json
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from webdata_assets.errors import SourceFileError
from webdata_assets.sources.editing import with_selector
from webdata_assets.sources.model import Source
from webdata_assets.sources.registry import read_source
from webdata_assets.sources.selectors import Selector
from webdata_assets_tests.fuzz.mutators import shuffled
from webdata_assets_tests.fuzz.seeds import files
from webdata_assets_tests.fuzz.target import Mutate, Target
from webdata_assets_tests.sources.reading import GOOD

_PACKAGED = Path(__file__).parents[3] / "webdata_assets/sources"
_MAX_BYTES = 4_096
_VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 1, 1.5, 10**30, "", "a", "\x85", "*", "@", "{date}", "a" * 300, [], [None], {},
    {"a": 1}, "h1",
    "(((", "[", "//a", "a[", "$", "http://a.test/", "http://[/", "https://\x7f", "2026-01-01", "0 6 * * *",
    "1/0 * * * *",
    "a{99999999999}", "(?P<a>x)(?P=b)", "s3://a/b", "../../etc", "a.b:c", "\u202e", "\ud83d\ude00", ["a"],
    ["h1", {}],
    {"css": "h1"}, {"xpath": "//a[1"}, {"jmespath": "a[?"}, {"type": "object", "fields": {}}, {"by": "urls"},
    "1e400",
)  # fmt: skip
_LINES = tuple(
    text.encode()
    for text in (
        "a: &b c\n", "d: *b\n", "? e\n", "- f\n", "g: !!python/object:os.system x\n", "h: |\n  i\n",
        "j: 2026-13-45\n",
        "k: 1_0:59\n", "l: 0x1f\n", "m: .nan\n", "n: ~\n", "---\n", "...\n", "%YAML 9.9\n", "<<: {o: p}\n",
        "\t",
        "q: 2026-01-01T00:00:00+99:99\n", "r: 0001-01-01 00:00:00 +14\n", "s: '\n", '"\\ud800": t\n',
        "u: [[[[[[[\n",
        "=: v\n", "w: =\n", "x: 9999999999999999999999:59\n", "y: 0b\n", "z: -0o8\n", "aa: !!float a\n",
        "bb: !!int ''\n",
        "cc: !!timestamp x\n", "dd: !!bool x\n", "ee: !!null x\n", "ff: !!binary x\n", "gg: !!set {a}\n",
        "{", "}", "]",
    )
)  # fmt: skip
_SELECTOR = Selector(css="h1.fuzzed")


def _keys(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "properties" and isinstance(value, dict):
                yield from value
            yield from _keys(value)
    elif isinstance(node, list):
        for entry in node:
            yield from _keys(entry)


_KEYS = tuple(sorted(set(_keys(Source.model_json_schema()))))


def run(data: bytes) -> None:
    with tempfile.TemporaryDirectory(prefix="fuzz") as folder:
        path = Path(folder) / "a.yaml"
        path.write_bytes(data)
        try:
            source = read_source(path)
        except SourceFileError as error:
            lines = str(error).splitlines()
            assert lines, "refused without a reason"
            # one line for each problem; control characters of the file must not make more of them
            assert all(line.startswith(f"{path}:") for line in str(error).split("\n")), str(error)
            return
    # so sources go to workers; a date is a text there
    written = source.model_dump_json(by_alias=True, exclude_unset=True)
    again = Source.model_validate(json.loads(written))
    assert again.model_dump_json(by_alias=True, exclude_unset=True) == written, "another source as JSON"
    text = data.decode("utf-8-sig")
    try:
        edited = with_selector(text, "title", _SELECTOR)
    except SourceFileError:
        return
    rule = yaml.safe_load(edited)["extract"]["fields"]["title"]
    assert "h1.fuzzed" in str(rule), "the selector is not in the edited file"


def mutate_source(data: bytes, rng: random.Random, mutate: Mutate) -> bytes:
    """Mutate values and keys of what the file holds, or else its lines."""
    if rng.random() < 0.3:
        return b"".join(shuffled(data.splitlines(keepends=True), _LINES, rng, mutate))
    try:
        document = yaml.safe_load(data)
    except (
        yaml.YAMLError,
        ValueError,
        LookupError,
        OverflowError,
        RecursionError,
        AttributeError,
        TypeError,
    ):
        document = None
    if not isinstance(document, dict):
        return b"".join(shuffled(data.splitlines(keepends=True), _LINES, rng, mutate))
    for _ in range(rng.choice((1, 1, 2, 3))):
        _mutate_node(rng.choice(list(_collections(document))), rng, mutate)
    try:
        return yaml.safe_dump(document, allow_unicode=True, sort_keys=False).encode("utf-8", "surrogatepass")
    except yaml.YAMLError:
        return data


def _collections(node: Any) -> Iterator[Any]:
    if isinstance(node, dict | list):
        yield node
        for entry in node.values() if isinstance(node, dict) else node:
            yield from _collections(entry)


def _mutate_node(node: Any, rng: random.Random, mutate: Mutate) -> None:
    places = list(node) if isinstance(node, dict) else list(range(len(node)))
    action = rng.randrange(5)
    if not places or action == 0:
        value = copy.deepcopy(rng.choice(_VALUES))
        if isinstance(node, dict):
            node[rng.choice(_KEYS)] = value
        else:
            node.append(value)
        return
    at = rng.choice(places)
    if action == 1:
        del node[at]
    elif action == 2:
        node[at] = copy.deepcopy(rng.choice(_VALUES))
    elif action == 3 and isinstance(node, dict):
        node[rng.choice(_KEYS)] = copy.deepcopy(node[at])
    elif isinstance(node[at], str):
        node[at] = mutate(node[at].encode("utf-8", "replace")).decode("utf-8", "replace")
    else:
        node[at] = [node[at], copy.deepcopy(node[at])]


def seeds(data: Path) -> Iterator[bytes]:
    for path in sorted(_PACKAGED.glob("*.yaml")):
        yield path.read_bytes()[:_MAX_BYTES]
    yield from files(data, "hostile_inputs/JSONTestSuite/test_parsing/y_*", count=50, max_bytes=_MAX_BYTES)


TARGET = Target(
    run,
    frozenset(),
    (
        GOOD.encode(),
        GOOD.replace("a.item", "a[").encode(),
        GOOD.replace("2026-06-01", "2026-06-01T00:00:00+14:00").encode(),
        GOOD.replace("title: h1", "title: {from: [{css: h1}, {jsonld: name}]}").encode(),
        b"name: &a b\nc: *a\n",
        b"a: 1\na: 2\n? [x]\n: !!python/name:os.system y\n",
        b"\xff\xfe",
        b"a: [" * 30,
    ),
    seeds,
    _KEYS,
    _MAX_BYTES,
    mutate_source,
)
