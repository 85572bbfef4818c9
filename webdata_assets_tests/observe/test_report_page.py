"""What the daily report tells of a store, and of an empty one."""

import dataclasses
import re

import polars as pl
import pytest

from webdata_assets.stages.observe.report.facts import Facts
from webdata_assets.stages.observe.report.health import MAX_CELLS, MAX_SOURCES, build_grid
from webdata_assets.stages.observe.report.page import render
from webdata_assets.store import Store
from webdata_assets.store.report_facts import gather
from webdata_assets_tests.observe.pages import elements, texts
from webdata_assets_tests.observe.synthetic import NOW, Cell, fill, registry

DAY = NOW.date().replace(day=29)
CELL = Cell(date=DAY, source="shop", pages=100, level=100, price_share=0.97)


@pytest.fixture(scope="module")
def told(facts: Facts) -> str:
    return texts(render(facts))


def state_of(store: Store, *changed: Cell) -> tuple[str, str]:
    """Return state and words of the newest date of the first source."""
    fill(store, [dataclasses.replace(CELL, date=DAY.replace(day=27)), *changed])
    row = build_grid(gather(store, registry(["shop"]), NOW)).rows[0]
    cell = next(cell for cell in row.cells if cell.date == DAY)
    return cell.state, cell.why


@pytest.fixture
def store(tmp_path) -> Store:
    return Store.open(str(tmp_path / "store"), now=lambda: NOW)


def test_a_partition_whose_layers_are_admitted_is_admitted(store):
    assert state_of(store, CELL)[0] == "admitted"


def test_a_failed_check_is_named_with_its_layer(store):
    failed = dataclasses.replace(CELL, fails="records.completeness")
    assert state_of(store, failed) == ("failed", "records: completeness failed")


def test_an_admitted_partition_with_a_warning_is_warned(store):
    warned = dataclasses.replace(CELL, warns="pages.finished")
    assert state_of(store, warned) == ("warned", "pages: finished warned")


def test_a_partition_without_its_last_layers_waits_for_them(store):
    assert state_of(store, dataclasses.replace(CELL, reached="records")) == (
        "waiting", "quarantine: not made yet",
    )  # fmt: skip


def test_a_date_that_was_due_and_never_came_is_absent(store):
    assert state_of(store) == ("absent", "nothing was stored")


def test_the_verdict_says_what_needs_a_person(told):
    assert "Needs a person 1 partition is left failed; 1 alert is open; 1 selector waits for a patch" in told


def test_a_failed_partition_is_listed_with_its_recovery(told):
    assert "2026-06-29 · shop_05 × records completeness: price found in 31%" in told
    assert "webdata run --source shop_05 --date 2026-06-29 --replay" in told


def test_a_proposed_selector_is_shown_with_the_command_that_accepts_it(told):
    assert '{"css": ".product-price > b"} 99.2 % webdata selectors accept shop_05 price' in told


def test_a_low_newest_value_is_beside_what_it_was_compared_with(told):
    assert "Completeness: 31.0 % on 2026-06-29, expected ≥ 90.0 %" in told


def test_the_champion_is_the_model_of_the_newest_release(facts):
    champion = facts.releases.sort("release").item(-1, "model_version")
    told = texts(render(facts))
    assert f"{champion[:8]} ✓ champion" in told
    assert told.count("✓ champion") == 1


def test_service_levels_come_with_what_was_left_out(told):
    assert "Jun 2026 98.7 % 6 min 3.1 % 1,530 21,400 4" in told


@pytest.mark.parametrize(
    "words",
    [
        "Nothing was collected yet",
        "Nothing: no partition is left failed, no alert is open, every selector matches.",
        "Nothing was counted yet.",
        "Nothing was put aside in the newest 7 days.",
        "No model was trained yet",
        "Nothing was delivered yet.",
        "Service levels were not computed yet",
    ],
)
def test_an_empty_store_has_an_empty_report_that_says_so(nothing, words):
    assert words in texts(render(nothing))


def test_the_same_facts_give_the_same_bytes(facts):
    assert render(facts) == render(facts)


def test_the_page_asks_nobody_for_anything_and_runs_nothing(facts):
    page = render(facts)
    assert "default-src 'none'; style-src 'unsafe-inline'; img-src data:" in page
    tags = {tag for tag, _ in elements(page)}
    assert not tags & {"script", "link", "iframe", "img", "object", "embed", "form", "base"}
    targets = [value for _, found in elements(page) for name, value in found if name in ("href", "src")]
    assert all(target and target.startswith("#") for target in targets)
    assert not re.search(r"url\(|@import|javascript:", page)


def test_no_two_elements_share_an_id(facts):
    ids = [value for _, found in elements(render(facts)) for name, value in found if name == "id"]
    assert len(ids) == len(set(ids))


def test_links_of_the_page_lead_to_its_sections(facts):
    found = elements(render(facts))
    ids = {value for _, pairs in found for name, value in pairs if name == "id"}
    assert {value[1:] for _, pairs in found for name, value in pairs if name == "href" and value} <= ids


def test_many_sources_are_shown_over_fewer_dates_the_troubled_ones_first(facts):
    sources = [
        dataclasses.replace(facts.sources[0], name=f"s{number:03d}") for number in range(MAX_SOURCES + 20)
    ]
    troubled = next(source for source in facts.sources if source.name == "shop_05")
    grid = build_grid(dataclasses.replace(facts, sources=(*sources, troubled)))
    assert len(grid.rows) * len(grid.dates) <= MAX_CELLS
    assert grid.hidden == 21
    assert "shop_05" in {row.source for row in grid.rows}


def test_a_source_without_a_schedule_is_looked_at_up_to_its_newest_date(store):
    fill(store, [CELL])
    unscheduled = registry(["shop"]).get("shop").model_copy(update={"schedule": None})
    found = gather(
        store, dataclasses.replace(registry(["shop"]), all={"shop": unscheduled}), NOW.replace(year=2027)
    )
    assert (found.since, found.until) == (DAY, DAY)
    assert build_grid(found).counts == {"admitted": 1}


def test_a_check_that_came_later_leaves_older_partitions_waiting(store):
    fill(store, [CELL])
    found = gather(store, registry(["shop"]), NOW)
    missing = pl.lit(["new_check"]).alias("missing")
    pages = found.states["pages"].with_columns(missing, admitted=pl.lit(False))
    grid = build_grid(dataclasses.replace(found, states={**found.states, "pages": pages}))
    assert grid.counts == {"waiting": 1}
