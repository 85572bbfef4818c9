"""`webdata embed`: partitions of another encoder are embedded again, and no others unless asked for."""

from pathlib import Path

import pytest
import yaml

from webdata_assets.partitions import Partition
from webdata_assets.schemas.embeddings import EMBEDDINGS
from webdata_assets.stages.embed.encoders.minilm import minilm_id
from webdata_assets.stages.embed.version import embedding_version
from webdata_assets.store import Store
from webdata_assets_tests.cli.calling import Webdata, make_webdata
from webdata_assets_tests.store.rows import BLOG, DAY, SHOP, admit, frame, put, row

GONE = Partition(DAY, "gone")
OLD, NEW = minilm_id(), minilm_id(max_tokens=64)


@pytest.fixture
def webdata(tmp_path: Path, encoder_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Webdata:
    """A deployment with two sources and the records of one day of each."""
    webdata = make_webdata(tmp_path / "deployment", encoder_folder, monkeypatch)
    for name in ("shop", "blog"):
        source = {
            "name": name,
            "description": "Pages",
            "start": DAY.isoformat(),
            "fetch": {"discover": [{"by": "urls", "start": [f"https://{name}.example.com/0"]}]},
            "extract": {"kind": "product", "fields": {"title": "h1"}},
        }
        (webdata.sources / f"{name}.yaml").write_text(yaml.safe_dump(source))
    return webdata


def store(webdata: Webdata) -> Store:
    return Store.open(str(webdata.store))


def embedded(webdata: Webdata, *partitions: Partition) -> None:
    """Store records and embeddings, as the default encoder has made them."""
    for partition in partitions:
        for name in ("records", "embeddings"):
            rows = frame(name, row(name, partition))
            put(store(webdata), name, rows, partition, code_version=embedding_version(OLD, "structure"))
            admit(store(webdata), name, partition)


def model_of(webdata: Webdata, partition: Partition) -> list[str]:
    return store(webdata).tables.read_partition(EMBEDDINGS, partition)["model_id"].unique().to_list()


def test_without_anything_embedded_it_says_what_to_do(webdata: Webdata):
    said = webdata("embed")
    assert said.exit_code == 1
    assert "run one first, `webdata run --source NAME`" in said.stderr


def test_an_unknown_source_is_wrong_usage(webdata: Webdata):
    assert webdata("embed", "--source", "unknown").exit_code == 2


def test_partitions_of_another_encoder_are_embedded_again_once(
    webdata: Webdata, monkeypatch: pytest.MonkeyPatch
):
    embedded(webdata, SHOP, BLOG)
    nothing = webdata("embed", "--json")
    assert nothing.exit_code == 0
    assert nothing.json() == {"model_id": OLD, "ok": True, "partitions": [], "problems": []}

    monkeypatch.setenv("WEBDATA_ENCODER_MAX_TOKENS", "64")
    said = webdata("embed", "--source", "shop", "--json")
    assert said.exit_code == 0, said.stderr
    report = said.json()
    assert (report["model_id"], report["ok"], report["problems"]) == (NEW, True, [])
    [partition] = report["partitions"]
    assert (partition["partition"], partition["chunks"], partition["admitted"]) == (SHOP.key, 1, True)
    assert said.stderr.startswith(f"1 of 1: {SHOP}, 1 chunks, ")
    assert model_of(webdata, SHOP) == [NEW]
    assert model_of(webdata, BLOG) == ["model@1/8"]

    rest = webdata("embed")
    assert rest.exit_code == 0
    assert f"1 partitions embedded by {NEW}" in rest.stdout
    assert store(webdata).ledger.admitted(EMBEDDINGS).height == 2
    assert webdata("embed", "--json").json()["partitions"] == []


def test_all_embeds_those_of_the_encoder_in_use_as_well(webdata: Webdata):
    embedded(webdata, SHOP)
    report = webdata("embed", "--all", "--json").json()
    assert [each["partition"] for each in report["partitions"]] == [SHOP.key]
    assert model_of(webdata, SHOP) == [OLD]


def test_partitions_of_undeclared_sources_keep_their_vectors_and_are_named(
    webdata: Webdata, monkeypatch: pytest.MonkeyPatch
):
    embedded(webdata, GONE)
    monkeypatch.setenv("WEBDATA_ENCODER_MAX_TOKENS", "64")
    report = webdata("embed", "--json").json()
    assert report["problems"] == [f"{GONE} keeps its vectors: source gone is not enabled"]


def test_a_partition_that_cannot_be_embedded_is_a_failure(webdata: Webdata, monkeypatch: pytest.MonkeyPatch):
    embedded(webdata, SHOP)
    admit(store(webdata), "records", SHOP, schema=False)
    monkeypatch.setenv("WEBDATA_ENCODER_MAX_TOKENS", "64")
    said = webdata("embed", "--json")
    assert said.exit_code == 1
    assert said.json()["problems"] == [
        f"{SHOP}: records {SHOP} is not admitted: schema failed; repair the cause, then rerun it"
    ]


def test_settings_that_contradict_each_other_are_wrong_usage(
    webdata: Webdata, monkeypatch: pytest.MonkeyPatch
):
    embedded(webdata, SHOP)
    monkeypatch.setenv("WEBDATA_ENCODER_MODEL", "some-model")
    said = webdata("embed")
    assert said.exit_code == 2
    assert "WEBDATA_ENCODER_MODEL=some-model" in said.stderr
