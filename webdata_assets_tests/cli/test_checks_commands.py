"""`webdata checks`: the catalogue, effective thresholds, and judging a stored partition anew."""

import datetime as dt
from pathlib import Path

import dagster as dg
import pytest

from webdata_assets.checks.catalogue import STEPS
from webdata_assets.partitions import Partition
from webdata_assets.schemas import TABLES
from webdata_assets.schemas.pages import PAGES
from webdata_assets.store import Store
from webdata_assets_tests.cli.calling import Said, Webdata
from webdata_assets_tests.store.rows import DAY, SHOP, admit, frame, put, row

SOURCE = """\
name: shop
description: A shop
start: 2026-05-01
fetch: {{discover: [{{by: urls, start: ["https://shop.example.com/0"]}}]}}
extract: {{kind: product, fields: {{title: h1}}}}
expect: {{{expect}}}
"""


@pytest.fixture
def webdata(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Webdata:
    (tmp_path / "sources").mkdir()
    command = Webdata(tmp_path, monkeypatch)
    write_source(command)
    return command


def write_source(webdata: Webdata, expect: str = "") -> None:
    (webdata.sources / "shop.yaml").write_text(SOURCE.format(expect=expect))


@pytest.fixture
def store(webdata: Webdata) -> Store:
    """Half of the pages of one partition were reached."""
    store = Store.open(str(webdata.store))
    put(store, "frontier", frame("frontier", row("frontier"), row("frontier", number=1)))
    failed = row(
        "pages", number=1, outcome="failed", reason="503", failure_domain="target", payload=None,
        payload_hash=None, payload_date=None, payload_bytes=None,
    )  # fmt: skip
    at = {"fetched_at": dt.datetime(2026, 6, 1, 20, tzinfo=dt.UTC)}
    at["observed_at"] = at["fetched_at"]
    put(store, "pages", frame("pages", row("pages", **at), failed | at))
    put(store, "dead_letters", frame("dead_letters", row("dead_letters", number=1)))
    return store


def judged(webdata: Webdata, *arguments: str) -> Said:
    return webdata("checks", "run", "--source", "shop", "--date", str(DAY), *arguments, "--json")


def test_list_is_the_catalogue(webdata: Webdata):
    rows = webdata("checks", "list", "--json").json()
    assert len(rows) == sum(map(len, STEPS.values()))
    assert [row["asset"] for row in rows] == sorted((row["asset"] for row in rows), key=list(TABLES).index)
    (drift,) = [row for row in rows if (row["asset"], row["check"]) == ("features", "drift")]
    assert drift["blocking"] is True
    assert "expect.drifted_features" in drift["formula"]
    assert "drifted_features" in webdata("checks", "list").stdout


def threshold(said: Said, asset: str, check: str, of: str = "") -> dict[str, object]:
    rows = said.json()["thresholds"]
    (found,) = [each for each in rows if (each["asset"], each["check"], each["of"]) == (asset, check, of)]
    return found


def test_explain_tells_thresholds_with_their_origin(webdata: Webdata, store: Store):
    write_source(webdata, "fetched: 0.5")
    said = webdata("checks", "explain", "shop", "--json")
    assert said.exit_code == 0
    assert said.json()["partition"] == "2026-06-02|shop"
    assert threshold(said, "pages", "completeness") == {
        "asset": "pages", "check": "completeness", "of": "", "sense": "≥", "threshold": 0.5,
        "origin": "source file", "key": "expect.fetched", "failure": "blocks", "points": None,
    }  # fmt: skip
    assert threshold(said, "records", "valid_share")["origin"] == "default"
    assert threshold(said, "features", "unique_keys")["origin"] == "fixed"
    drift = threshold(said, "features", "drift", "fails")
    assert (drift["sense"], drift["threshold"], drift["failure"], drift["points"]) == ("<", 0.5, "warns", 0)
    margin = threshold(said, "model", "no_worse")
    assert (margin["threshold"], margin["key"]) == (-0.01, "evaluation.margin")


def test_explain_counts_the_points_that_history_rests_on(webdata: Webdata, store: Store):
    for ago in range(1, 8):
        partition = Partition(DAY - dt.timedelta(days=ago), "shop")
        put(store, "features", frame("features", row("features", partition)), partition)
        admit(store, "features", partition)
    said = webdata("checks", "explain", "shop", "--date", str(DAY), "--json")
    assert said.json()["partition"] == "2026-06-01|shop"
    drift = threshold(said, "features", "drift", "fails")
    assert (drift["points"], drift["failure"]) == (7, "blocks")


def test_explain_before_anything_is_stored_takes_the_first_date(webdata: Webdata):
    said = webdata("checks", "explain", "shop")
    assert said.exit_code == 0
    assert "Thresholds of 2026-05-01|shop" in said.stdout


def test_run_judges_by_the_threshold_of_now_and_exits_by_admission(webdata: Webdata, store: Store):
    said = judged(webdata, "--layer", "pages")
    assert said.exit_code == 1
    assert said.json()["problems"][0] == "pages is not admitted"
    (found,) = [each for each in said.json()["checks"] if each["check"] == "completeness"]
    assert (found["passed"], found["value"], found["threshold"], found["failure"]) == (
        False,
        0.5,
        0.95,
        "blocks",
    )
    write_source(webdata, "fetched: 0.5")
    said = judged(webdata, "--layer", "pages")
    assert said.exit_code == 0
    assert said.json()["admitted"] is True
    assert store.ledger.admitted(PAGES).height == 1
    newest = store.ledger.newest_verdicts(PAGES, "completeness").row(0, named=True)
    assert (newest["threshold"], newest["threshold_origin"]) == (0.5, "source file")


def test_run_without_a_layer_judges_all_that_is_stored(webdata: Webdata, store: Store):
    write_source(webdata, "fetched: 0.5")
    said = judged(webdata)
    assert {each["asset"] for each in said.json()["checks"]} == {"frontier", "pages", "dead_letters"}
    assert said.exit_code == 0
    assert "judged now" in webdata("checks", "run", "--source", "shop", "--date", str(DAY)).stdout


def test_run_without_a_date_judges_every_stored_one_in_order(webdata: Webdata, store: Store):
    earlier = Partition(DAY - dt.timedelta(days=1), "shop")
    put(store, "frontier", frame("frontier", row("frontier", earlier)), earlier)
    said = webdata("checks", "run", "--source", "shop", "--layer", "frontier", "--json")
    assert said.exit_code == 0
    assert [report["partition"] for report in said.json()] == [earlier.key, SHOP.key]
    assert store.ledger.admitted(TABLES["frontier"]).height == 2
    assert "2 partitions of shop" in webdata("checks", "run", "--source", "shop").stdout


def test_a_layer_whose_write_died_keeps_the_others_from_nothing(webdata: Webdata, store: Store):
    write_source(webdata, "fetched: 0.5")
    died = {"data_version": "0" * 64, "code_version": None, "rows": 9, "extracted": None, "run_id": "died"}
    store.ledger.begin_write(TABLES["frontier"], SHOP, **died)
    said = judged(webdata)
    assert said.exit_code == 1
    assert "frontier is not admitted" in said.json()["problems"]
    assert store.ledger.admitted(PAGES).height == 1


def test_proxies_of_now_do_not_withdraw_what_was_crawled_through_those_of_then(
    webdata: Webdata, store: Store
):
    admit(store, "frontier", SHOP)
    text = (webdata.sources / "shop.yaml").read_text()
    proxied = text.replace("fetch: {", "fetch: {proxies: {pool: ['http://127.0.0.1:9']}, ")
    (webdata.sources / "shop.yaml").write_text(proxied)
    assert judged(webdata, "--layer", "frontier").exit_code == 0


def test_run_tells_dagster_and_starts_no_run(webdata: Webdata, store: Store):
    home = webdata.folder / "home" / "dagster"
    judged(webdata)  # makes the instance
    asset = dg.AssetKey("pages")
    with dg.DagsterInstance.from_config(str(home)) as instance:
        instance.report_runless_asset_event(dg.AssetMaterialization(asset, partition=SHOP.key))
    write_source(webdata, "fetched: 0.5")
    judged(webdata, "--layer", "pages")
    with dg.DagsterInstance.from_config(str(home)) as instance:
        key = dg.AssetCheckKey(asset, "completeness")
        (told,) = instance.event_log_storage.get_asset_check_execution_history(key, limit=5)
        assert told.event is not None
        evaluation = told.event.dagster_event.asset_check_evaluation_data
        assert (evaluation.passed, evaluation.partition) == (True, SHOP.key)
        assert instance.get_runs() == []


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["run", "--source", "shop", "--date", "2026-01-01"], 1, "nothing of 2026-01-01|shop is stored"),
        (
            ["run", "--source", "shop", "--date", "2026-06-01", "--layer", "model"],
            2,
            "there is no layer 'model'",
        ),
        (["run", "--source", "none", "--date", "2026-06-01"], 2, "there is no source 'none'"),
        (["explain", "none"], 2, "there is no source 'none'"),
        (["run", "--source", "shop", "--date", "June"], 2, "YYYY-MM-DD"),
    ],
)
def test_what_cannot_be_judged_is_refused(
    webdata: Webdata, store: Store, arguments: list[str], code: int, message: str
):
    said = webdata("checks", *arguments)
    assert said.exit_code == code
    assert message in said.stderr
