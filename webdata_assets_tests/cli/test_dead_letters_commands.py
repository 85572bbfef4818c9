"""`webdata deadletters`: what stands, and what is decided."""

import datetime as dt
from dataclasses import replace

import pytest

from webdata_assets.store import Store
from webdata_assets.store.dead_letters import DeadLetters
from webdata_assets_tests.cli.calling import Webdata
from webdata_assets_tests.sources.reading import GOOD
from webdata_assets_tests.store.rows import DAY, NOON, SHOP, frame, put, row

URLS = [f"https://shop.example.com/{number}" for number in range(3)]


@pytest.fixture
def shop(webdata: Webdata) -> Webdata:
    """A deployment whose shop has three dead letters of one date."""
    (webdata.sources / "shop.yaml").write_text(GOOD.replace("name: good", "name: shop"))
    store = Store.open(str(webdata.store))
    hostile = "no \x1b[31manswer"
    put(
        store,
        "dead_letters",
        frame(
            "dead_letters",
            row("dead_letters", number=0, http_status=503, first_tried_at=NOON, last_tried_at=NOON),
            row("dead_letters", number=1, failure_domain="access", reason="403 Forbidden", http_status=403),
            row("dead_letters", number=2, reason=hostile),
        ),
    )
    return webdata


def letters_of(webdata: Webdata) -> DeadLetters:
    store = Store.open(str(webdata.store))
    return DeadLetters(store.tables, store.ledger)


def test_letters_are_listed_with_why_and_when(shop: Webdata) -> None:
    said = shop("deadletters", "list", "--json")
    assert said.exit_code == 0
    assert [letter["url"] for letter in said.json()] == URLS
    assert said.json()[0] == {
        "source": "shop",
        "date": DAY.isoformat(),
        "url": URLS[0],
        "reason": "503",
        "domain": "target",
        "status": 503,
        "attempts": 4,
        "first_tried": "2026-06-01T12:00:00+00:00",
        "last_tried": "2026-06-01T12:00:00+00:00",
        "decision": None,
    }


def test_pages_whose_parser_was_killed_are_among_the_letters_until_they_are_read(shop: Webdata) -> None:
    store = Store.open(str(shop.store))
    bomb = "https://shop.example.com/bomb"
    killed = row("quarantine", url=bomb, ordinal=-1, rule="extract", reason="parser killed after 20 s")
    put(store, "quarantine", frame("quarantine", killed))
    (letter,) = shop("deadletters", "list", "--domain", "resource", "--json").json()
    assert (letter["url"], letter["reason"]) == (bomb, "parser killed after 20 s")
    next_day = replace(SHOP, date=DAY + dt.timedelta(days=1))
    put(store, "records", frame("records", row("records", next_day, url=bomb)), next_day)
    assert shop("deadletters", "list", "--domain", "resource", "--json").json() == []


def test_the_list_can_be_narrowed(shop: Webdata) -> None:
    def urls(*arguments: str) -> list[str]:
        return [letter["url"] for letter in shop("deadletters", "list", *arguments, "--json").json()]

    assert urls("shop", "--domain", "access") == [URLS[1]]
    assert urls("--date", DAY.isoformat()) == URLS
    assert urls("--date", "2026-06-02") == []


def test_the_table_shows_nothing_that_steers_a_terminal(shop: Webdata) -> None:
    said = shop("deadletters", "list", "shop")
    assert "403 Forbidden" in said.stdout
    assert "\x1b" not in said.stdout


def test_a_source_without_letters_has_none(shop: Webdata) -> None:
    (shop.sources / "blog.yaml").write_text(GOOD.replace("name: good", "name: blog"))
    assert shop("deadletters", "list", "blog").stdout.strip() == "No dead letters."


def test_chosen_urls_are_asked_again_in_any_spelling(shop: Webdata) -> None:
    said = shop("deadletters", "retry", "shop", "https://SHOP.example.com/1#top", "--reason", "let in now")
    assert said.stdout.strip() == "1 asked again on the next partition."
    assert letters_of(shop).standing()["decision"].to_list() == [None, "retry", None]


def test_all_that_stand_are_dropped_and_taken_back(shop: Webdata) -> None:
    said = shop("deadletters", "drop", "shop", "--all", "--json")
    assert said.json() == {"source": "shop", "decision": "drop", "urls": URLS}
    assert letters_of(shop).dropped("shop") == set(URLS)
    assert shop("deadletters", "retry", "shop", URLS[0]).exit_code == 0
    assert letters_of(shop).dropped("shop") == set(URLS[1:])
    assert [letter["decision"] for letter in shop("deadletters", "list", "--json").json()] == [
        "retry",
        "drop",
        "drop",
    ]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["list", "shpo"], "did you mean `shop`"),
        (["list", "--date", "yesterday"], "YYYY-MM-DD"),
        (["list", "--domain", "weather"], "'target'"),
        (["drop", "shop"], "give URLs, or --all"),
        (["drop", "shop", "--all", URLS[0]], "give URLs, or --all"),
        (["drop", "shpo", "--all"], "did you mean `shop`"),
        (["drop", "shop", "https://shop.example.com/9"], "is no dead letter of shop"),
    ],
)
def test_wrong_usage_says_what_is_right(shop: Webdata, arguments: list[str], told: str) -> None:
    said = shop("deadletters", *arguments)
    assert said.exit_code == 2
    assert told in said.stderr


def test_what_is_no_url_is_refused(shop: Webdata) -> None:
    said = shop("deadletters", "drop", "shop", "ftp://shop.example.com/")
    assert said.exit_code == 1
    assert "only http and https" in said.stderr
