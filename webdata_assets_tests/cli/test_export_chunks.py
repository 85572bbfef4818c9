"""`webdata export chunks`: the current release as a retrieval dataset."""

import polars as pl
import pytest

from webdata_assets.schemas.release import RELEASE
from webdata_assets.stages.index.lance import LanceIndex
from webdata_assets.store import Store
from webdata_assets_tests.cli.calling import Webdata
from webdata_assets_tests.embed.tiny import HIDDEN, tiny_encoder
from webdata_assets_tests.index.searching import Passage, rows_of
from webdata_assets_tests.store.rows import NOON, admit, put

RELEASED = [Passage(1, "the kettle"), Passage(2, "a post", source="blog"), Passage(3, "a name", pii=True)]


@pytest.fixture
def released(webdata: Webdata) -> Webdata:
    """A store with one release of three chunks, and a newer state of the index that nothing names."""
    store = Store.open(str(webdata.store))
    index = LanceIndex(store.location.index())
    index.sync(rows_of(RELEASED, tiny_encoder()))
    index.name("first")
    index.sync(rows_of([*RELEASED, Passage(4, "unreleased")], tiny_encoder()))
    row = {
        "release": 1, "index_snapshot": "first", "encoder": tiny_encoder().model_id, "chunks": 3,
        "model_version": None, "reason": "the first", "run_id": "run", "released_at": NOON,
    }  # fmt: skip
    put(store, "release", pl.DataFrame([row], schema=RELEASE.polars_schema), None)
    admit(store, "release", None)
    return webdata


def test_the_released_state_is_written_and_not_a_newer_one(released: Webdata) -> None:
    said = released("export", "chunks", "--out", "chunks.parquet")
    assert said.stdout == (
        "Wrote chunks.parquet and its card chunks.parquet.json: 2 chunks of 2 records from release 1, "
        f"1 left out for pii, 0 left out for injection; {HIDDEN} dimensions, by {tiny_encoder().model_id}.\n"
    )
    rows = pl.read_parquet(released.folder / "chunks.parquet")
    assert rows["text"].to_list() == ["the kettle", "a post"]
    assert rows["release"].to_list() == [1, 1]


def test_sources_and_flags_choose_chunks_of_a_lance_dataset(released: Webdata) -> None:
    arguments = ("--format", "lance", "--source", "shop", "--with-pii", "--out", "chunks.lance", "--json")
    card = released("export", "chunks", *arguments).json()
    assert (card["path"], card["chunks"], card["left_out"]) == ("chunks.lance", 2, {"injection": 0})
    assert (released.folder / "chunks.lance").is_dir()
    assert (released.folder / "chunks.lance.json").is_file()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--source", "shpo", "--out", "chunks.parquet"], "it holds blog, shop"),
        (["--out", "chunks.lance"], "ends in .parquet"),
        (["--format", "lance", "--out", "chunks.parquet"], "ends in .lance"),
    ],
)
def test_what_cannot_be_exported_says_why_and_writes_nothing(
    released: Webdata, arguments: list[str], told: str
) -> None:
    said = released("export", "chunks", *arguments)
    assert said.exit_code == 2
    assert told in said.stderr
    assert not list(released.folder.glob("chunks*"))


def test_before_the_first_release_the_remedy_is_named(webdata: Webdata) -> None:
    said = webdata("export", "chunks", "--out", "chunks.parquet")
    assert said.exit_code == 1
    assert "webdata publish" in said.stderr
