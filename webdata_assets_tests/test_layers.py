"""Imports go down only; stages know no Dagster; assets open nothing.

Every import statement counts: at the top of a module, inside a function, and for type checking only.
"""

import ast
import functools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

PACKAGE = Path(__file__).parents[1] / "webdata_assets"

FLOORS = (
    ("dagster_internals",),
    ("errors",),
    ("settings",),
    ("partitions",),
    ("sources", "tasks", "sinks"),
    ("schemas", "demo"),
    ("stages",),
    ("store",),
    ("io_managers", "orchestration", "resources"),
    ("assets",),
    ("checks",),
    ("automation",),
    ("definitions",),
    ("serving",),
    ("__init__",),
    ("cli",),
)
"""From the ground up. A room imports from floors below and from rooms of its own floor. `__init__` is the
package's own, which offers `search()`."""

FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}

OUTSIDE_WORLD = (
    "aiohttp", "boto3", "ftplib", "glob", "http", "httpx", "io", "lancedb", "os", "pathlib", "playwright",
    "pycurl", "requests", "shutil", "smtplib", "socket", "sqlite3", "ssl", "subprocess", "tempfile", "urllib",
)  # fmt: skip
"""Modules with which a socket, a file or a process is opened."""
DAGSTER = ("dagster", "dagster_shared", "dagster_pandas", "dagster_aws", "webdata_assets.dagster_internals")
OPENERS = {
    "open", "read_bytes", "read_csv", "read_delta", "read_parquet", "read_text", "scan_csv", "scan_delta",
    "scan_parquet", "sink_parquet", "to_csv", "to_parquet", "write_bytes", "write_csv", "write_delta",
    "write_parquet", "write_text",
}  # fmt: skip
"""Names whose call opens a file. `store.open()` and `index.open()` of resources read nothing."""


class Import(NamedTuple):
    """One import: where it stands, what is imported, and the function around it."""

    file: Path
    line: int
    module: str
    function: str | None

    def __str__(self) -> str:
        return f"{self.file.relative_to(PACKAGE.parent)}:{self.line}: {self.module}"


def imports_of(file: Path, source: str | None = None) -> list[Import]:
    tree = ast.parse(file.read_text() if source is None else source)
    return list(_walk(file, tree, None))


def _walk(file: Path, node: ast.AST, function: str | None) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (Import(file, child.lineno, alias.name, function) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            parts = list(file.relative_to(PACKAGE.parent).with_suffix("").parts)
            base = [*parts[: len(parts) - child.level]] if child.level else []
            module = ".".join([*base, *filter(None, [child.module])])
            # `from webdata_assets import store` imports a room by its name
            names = (
                [f"{module}.{alias.name}" for alias in child.names] if module == PACKAGE.name else [module]
            )
            yield from (Import(file, child.lineno, name, function) for name in names)
        elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _walk(file, child, child.name)
        else:
            yield from _walk(file, child, function)


def room_of(file: Path) -> str:
    return file.relative_to(PACKAGE).parts[0].removesuffix(".py")


def files_of(*rooms: str) -> list[Path]:
    return [file for file in sorted(PACKAGE.rglob("*.py")) if room_of(file) in rooms]


def arrows_up(found: list[Import]) -> list[str]:
    wrong = []
    for each in found:
        parts = each.module.split(".")
        if parts[0] != PACKAGE.name or parts[1:] in ([], ["__version__"]):
            continue
        # a name that is no room is the package's own, such as `search`
        from_room, to_room = room_of(each.file), parts[1] if parts[1] in FLOOR else "__init__"
        if from_room != to_room and FLOOR[to_room] > FLOOR[from_room]:
            wrong.append(f"{each} is above {from_room}")
    return wrong


def is_of(module: str, *packages: str) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


@functools.cache
def all_imports() -> list[Import]:
    return [each for file in sorted(PACKAGE.rglob("*.py")) for each in imports_of(file)]


def test_every_room_has_its_floor():
    assert {room_of(file) for file in PACKAGE.rglob("*.py")} == set(FLOOR)


def test_no_import_runs_up():
    assert arrows_up(all_imports()) == []


def test_rooms_of_one_floor_do_not_import_each_other_in_a_circle():
    pairs = {
        (room_of(each.file), each.module.split(".")[1])
        for each in all_imports()
        if is_of(each.module, PACKAGE.name) and each.module != PACKAGE.name
    }
    assert [(one, two) for one, two in pairs if one < two and (two, one) in pairs] == []


@pytest.mark.parametrize(
    "line",
    [
        "import webdata_assets.checks.check",
        "from webdata_assets.checks import check",
        "from webdata_assets import checks",
        "from webdata_assets import search",
        "from ..checks.check import Check",
        "def inside():\n    from webdata_assets.checks import check",
        "if TYPE_CHECKING:\n    from webdata_assets.checks import check",
        "try:\n    import webdata_assets.cli.main\nexcept ImportError:\n    pass",
    ],
)
def test_an_arrow_that_runs_up_is_seen_wherever_it_stands(line):
    assert len(arrows_up(imports_of(PACKAGE / "stages" / "example.py", line))) == 1


def test_the_demo_stands_alone_and_only_the_command_line_knows_it():
    assert {room_of(each.file) for each in all_imports() if is_of(each.module, "webdata_assets.demo")} <= {
        "demo",
        "cli",
    }
    rooms = {
        each.module.split(".")[1]
        for each in all_imports()
        if room_of(each.file) == "demo" and is_of(each.module, PACKAGE.name)
    }
    assert rooms <= {"demo", "sources", "errors"}


def test_stages_and_what_is_below_them_never_name_dagster():
    below = [each for each in all_imports() if FLOOR.get(room_of(each.file), 99) <= FLOOR["stages"]]
    named = [each for each in below if is_of(each.module, *DAGSTER)]
    outside = [each for each in named if room_of(each.file) != "dagster_internals"]
    # the grid's definition is Dagster's; partition keys, which stages use, stand beside it
    allowed = [each for each in outside if room_of(each.file) == "partitions"]
    assert [str(each) for each in outside if each not in allowed] == []
    lazily = [each.function for each in allowed if each.function]
    assert lazily == ["build_partitions_definition"]


def test_importing_every_stage_loads_no_dagster():
    modules = [
        ".".join(file.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
        for file in files_of("errors", "partitions", "settings", "sources", "schemas", "stages")
    ]
    program = (
        f"import importlib, sys\nfor name in {modules!r}: importlib.import_module(name)\n"
        "print([name for name in sys.modules if name.split('.')[0].startswith('dagster')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        check=False, capture_output=True, text=True, timeout=120, cwd=PACKAGE.parent,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_private_modules_of_dagster_are_named_in_one_file():
    private = [each for each in all_imports() if is_of(each.module, "dagster") and "._" in each.module]
    assert {room_of(each.file) for each in private} <= {"dagster_internals"}


def test_assets_import_nothing_that_opens_a_socket_or_a_file():
    of_assets = [each for each in all_imports() if room_of(each.file) == "assets"]
    assert [str(each) for each in of_assets if is_of(each.module, *OUTSIDE_WORLD)] == []


def test_assets_call_nothing_that_opens_a_file():
    calls = []
    for file in files_of("assets"):
        for node in ast.walk(ast.parse(file.read_text())):
            if not isinstance(node, ast.Call):
                continue
            if isinstance(node.func, ast.Name) and node.func.id in OPENERS:
                calls.append(f"{file.name}:{node.lineno}: {node.func.id}")
            if isinstance(node.func, ast.Attribute) and node.func.attr in OPENERS:
                owner = ast.unparse(node.func.value)
                if owner not in ("store", "index"):
                    calls.append(f"{file.name}:{node.lineno}: {owner}.{node.func.attr}")
    assert calls == []


@pytest.mark.parametrize(
    "module", ["pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"]
)
def test_nothing_is_pickled(module):
    assert [str(each) for each in all_imports() if is_of(each.module, module)] == []


def test_every_module_says_what_it_is():
    assert [
        str(file) for file in PACKAGE.rglob("*.py") if not ast.get_docstring(ast.parse(file.read_text()))
    ] == []
