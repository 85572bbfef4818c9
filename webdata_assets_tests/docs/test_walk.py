"""Someone who follows the tutorial gets what it shows; the other pages go on from there."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from webdata_assets.settings import PACKAGED_SOURCES
from webdata_assets_tests.docs.commands import Command, commands_in, typed
from webdata_assets_tests.docs.pages import DOCS, PAGES, Block, blocks, blocks_of
from webdata_assets_tests.docs.walking import Reader

pytestmark = pytest.mark.slow

FOLLOWED = ["how-to/add-a-check.md", "operations/backup-and-restore.md"]
"""Pages that say that they go on from the tutorial, and are followed whole."""
FOLLOWED_LONG = ["how-to/replay-after-a-patch.md", "how-to/warehouse.md"]
"""Further such pages, of twenty seconds of computing."""
RUN_ELSEWHERE = {
    "extracting.md": "extract/test_extracting_docs.py",
    "machines.md": "engines/test_other_engines.py",
    "reading.md": "interfaces/test_documented.py",
}
"""Pages with Python that a test of its subject runs."""
LOOKING = {
    ("alerts",), ("checks", "explain"), ("checks", "list"), ("deadletters", "list"), ("model", "history"),
    ("search",), ("selectors", "list"), ("sinks", "check"), ("sinks", "list"), ("slo",), ("sources", "check"),
    ("sources", "list"), ("status",), ("task", "check"),
}  # fmt: skip
"""Commands that change nothing, ask nobody, and take a second: each is called as it stands."""


@dataclass(frozen=True)
class Tour:
    """A folder as the tutorial leaves it."""

    folder: Path
    variables: dict[str, str]


@pytest.fixture(scope="module")
def toured(tmp_path_factory: pytest.TempPathFactory, encoder_folder: Path) -> Iterator[Tour]:
    folder = tmp_path_factory.mktemp("tour")
    (folder / ".webdata").mkdir()
    (folder / ".webdata" / "encoders").symlink_to(encoder_folder)
    reader = Reader(folder)
    reader.follow(DOCS / "tutorial.md")
    yield Tour(folder, reader.variables)


@pytest.fixture
def reader(toured: Tour, tmp_path: Path) -> Reader:
    """Someone who has done the tutorial, in a folder that no other test changes."""
    shutil.copytree(toured.folder, tmp_path / "tour", symlinks=True)
    return Reader(tmp_path / "tour", dict(toured.variables))


def test_the_tutorial_ends_with_a_search_that_answers(toured: Tour) -> None:
    assert (toured.folder / ".webdata" / "store" / "tables" / "release").is_dir()


@pytest.mark.parametrize("page", FOLLOWED)
def test_a_page_that_goes_on_from_the_tutorial_can_be_followed(reader: Reader, page: str) -> None:
    reader.follow(DOCS / page)


@pytest.mark.soak
@pytest.mark.parametrize("page", FOLLOWED_LONG)
def test_a_longer_page_that_goes_on_from_the_tutorial_can_be_followed(reader: Reader, page: str) -> None:
    reader.follow(DOCS / page)


def test_python_of_every_other_page_runs(reader: Reader) -> None:
    followed = {DOCS / page for page in [*FOLLOWED, *FOLLOWED_LONG, *RUN_ELSEWHERE, "tutorial.md"]}
    for page in PAGES:
        namespace: dict[str, object] = {}
        for block in blocks_of(page):
            if block.language == "python" and block.not_run is None and page not in followed:
                reader.execute(block, namespace)


def test_what_is_run_elsewhere_is() -> None:
    for page, test in RUN_ELSEWHERE.items():
        code = (DOCS.parent / "webdata_assets_tests" / test).read_text(encoding="utf-8")
        assert page in code


def looking() -> dict[tuple[str, ...], tuple[Block, Command]]:
    """Return the commands of all pages that only look, each once."""
    found = {}
    for block in blocks("console"):
        for line, _ in typed(block) if block.not_run is None else []:
            for command in commands_in(line):
                path = tuple(word for word in command.words[1:3] if word.islower() and word.isalpha())
                named = path in LOOKING or path[:1] in LOOKING - {("alerts",)}
                if command.program == "webdata" and named and not command.sets:
                    found.setdefault(command.words, (block, command))
    return found


def test_commands_that_only_look_answer_after_the_tutorial(reader: Reader) -> None:
    for name in ("demo_api", "demo_blog", "demo_shop"):
        shutil.copy(PACKAGED_SOURCES / f"{name}.yaml", reader.folder / "my_sources")
    called = looking()
    assert len({words[1] for words in called}) > 5
    for block, command in called.values():
        reader.call(command, 0, f"{block}: {' '.join(command.words)}")
