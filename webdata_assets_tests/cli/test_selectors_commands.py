"""`webdata selectors`: what is shown of a lost field, and what accepting writes."""

import pytest

from webdata_assets.sources.registry import load_sources
from webdata_assets.sources.selectors import Selector
from webdata_assets.store import Store
from webdata_assets_tests.assets.lost_field import lose_prices, propose, source_text
from webdata_assets_tests.cli.calling import Webdata


@pytest.fixture
def shop(webdata: Webdata) -> Webdata:
    (webdata.sources / "shop.yaml").write_text(source_text())
    store = Store.open(str(webdata.store))
    lose_prices(store)
    propose(store, load_sources(webdata.sources).get("shop"))
    return webdata


def test_list_names_field_proposal_and_support(shop: Webdata) -> None:
    [row] = shop("selectors", "list", "--source", "shop", "--json").json()
    assert row == {
        "source": "shop",
        "field": "price",
        "date": "2026-06-02",
        "selectors": "css:.price",
        "found": 0.0,
        "pages_without": 6,
        "proposal": "css:.cost",
        "support": 1.0,
        "held_out_pages": 20,
        "reason": "found on them",
    }


def test_list_says_that_every_selector_matches(webdata: Webdata) -> None:
    (webdata.sources / "shop.yaml").write_text(source_text())
    assert webdata("selectors", "list").stdout == "Every selector matches.\n"


def test_show_gives_values_before_and_with_the_proposal(shop: Webdata) -> None:
    samples = shop("selectors", "show", "shop", "price", "--json").json()["samples"]
    assert len(samples) == 5
    assert samples[2] == {"url": "https://shop.example.com/2", "before": "12.5000", "now": "12.5"}


def test_accept_shows_the_difference_and_writes_the_file(shop: Webdata) -> None:
    said = shop("selectors", "accept", "shop", "price", "--yes")
    assert said.exit_code == 0, said.stderr
    assert "+        - css: .cost" in said.stdout
    assert "webdata run --source shop --date 2026-06-02 --replay" in said.stdout
    path = shop.sources / "shop.yaml"
    assert path.read_text() == source_text().replace("# until June\n", "# until June\n        - css: .cost\n")
    assert shop("selectors", "list").stdout == "Every selector matches.\n"


def test_accepting_one_field_names_the_others_and_leaves_their_proposals(shop: Webdata) -> None:
    source = load_sources(shop.sources).get("shop")
    currency = Selector(css=".unit")
    propose(Store.open(str(shop.store)), source, field="currency", selector=currency, tried=".currency")
    said = shop("selectors", "accept", "shop", "price", "--yes")
    assert "No longer found either: currency (webdata selectors accept shop currency)" in said.stdout
    assert [row["field"] for row in shop("selectors", "list", "--json").json()] == ["currency"]
    assert shop("selectors", "accept", "shop", "currency", "--yes").exit_code == 0
    fields = load_sources(shop.sources).get("shop").extract.fields
    assert [len(fields[name].from_) for name in ("price", "currency")] == [2, 2]


def test_all_fields_are_accepted_together_when_none_is_named(shop: Webdata) -> None:
    source = load_sources(shop.sources).get("shop")
    currency = Selector(css=".unit")
    propose(Store.open(str(shop.store)), source, field="currency", selector=currency, tried=".currency")
    answer = shop("selectors", "accept", "shop", "--yes", "--json").json()
    assert answer["selectors"] == {"currency": {"css": ".unit"}, "price": {"css": ".cost"}}
    assert shop("selectors", "list").stdout == "Every selector matches.\n"


def test_accept_writes_nothing_without_a_yes(shop: Webdata) -> None:
    said = shop("selectors", "accept", "shop", "price")
    assert said.exit_code == 1
    assert (shop.sources / "shop.yaml").read_text() == source_text()


@pytest.mark.parametrize("patch", [False, True], ids=["the file was edited", "a patch was written"])
def test_what_somebody_wrote_meanwhile_is_not_written_over(
    shop: Webdata, patch: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = shop.sources / "shop.yaml"
    other = shop.folder / "home" / "patches" / "shop.yaml" if patch else path

    def confirm(*_: object, **__: object) -> bool:
        other.parent.mkdir(parents=True, exist_ok=True)
        other.write_text(source_text() + "# edited\n")
        return True

    monkeypatch.setattr("typer.confirm", confirm)
    said = shop("selectors", "accept", "shop", "price", *(["--patch"] if patch else []))
    assert said.exit_code != 0
    assert "was written meanwhile: try again" in said.stderr
    assert other.read_text() == source_text() + "# edited\n"


def test_accept_takes_another_selector(shop: Webdata) -> None:
    answer = shop(
        "selectors",
        "accept",
        "shop",
        "price",
        "--selector",
        '{"css": "b", "attr": "data-x"}',
        "--yes",
        "--json",
    ).json()
    assert answer["selectors"] == {"price": {"css": "b", "attr": "data-x"}}
    rule = load_sources(shop.sources).get("shop").extract.fields["price"]
    assert rule.from_[-1].label == "css:b@data-x"


def test_accept_without_a_field_takes_every_proposal(shop: Webdata) -> None:
    answer = shop("selectors", "accept", "shop", "--yes", "--json").json()
    assert answer["selectors"] == {"price": {"css": ".cost"}}
    assert "- css: .cost" in (shop.sources / "shop.yaml").read_text()


def test_fields_are_accepted_together_or_not_at_all(shop: Webdata) -> None:
    said = shop("selectors", "accept", "shop", "price", "title", "--yes")
    assert said.exit_code == 2
    assert (shop.sources / "shop.yaml").read_text() == source_text()


def test_accept_leaves_the_source_file_when_a_patch_is_asked_for(shop: Webdata) -> None:
    assert shop("selectors", "accept", "shop", "price", "--patch", "--yes").exit_code == 0
    assert (shop.sources / "shop.yaml").read_text() == source_text()
    [patch] = (shop.folder / "home" / "patches").iterdir()
    assert ".cost" in patch.read_text()


def test_a_patch_that_is_there_is_edited(shop: Webdata) -> None:
    patches = shop.folder / "home" / "patches"
    patches.mkdir()
    (patches / "shop_patch.yaml").write_text(source_text().replace("always", "patched"))
    assert shop("selectors", "accept", "shop", "price", "--yes").exit_code == 0
    text = (patches / "shop_patch.yaml").read_text()
    assert "# patched" in text
    assert ".cost" in text
    assert (shop.sources / "shop.yaml").read_text() == source_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("shop", "title"), "shop.title is not among the fields that are no longer found: price"),
        (("ship", "price"), "did you mean `shop`?"),
        (("shop", "price", "--selector", "a[["), "is no selector"),
    ],
)
def test_what_cannot_be_accepted_is_refused_in_words(
    shop: Webdata, arguments: tuple[str, ...], message: str
) -> None:
    said = shop("selectors", "accept", *arguments, "--yes")
    assert said.exit_code == 2
    assert message in said.stderr
