"""Hostile strings as everything that a site can name, through every layer: exact, or refused; never run."""

import csv
import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pytest

from webdata_assets.automation.jobs import REPORT
from webdata_assets.schemas import TABLES
from webdata_assets.sinks.loading import load_sinks
from webdata_assets.store.sinks import open_sink
from webdata_assets_tests.cli.calling import Webdata
from webdata_assets_tests.deliver.webhook_receiver import SECRET
from webdata_assets_tests.hostile.attacked import DATE, PAGES, REFUSED, VALUES, Attacked, attacked, ids_of
from webdata_assets_tests.hostile.strings import STEERS, published
from webdata_assets_tests.observe.pages import elements

Proves = Callable[[str, str, str], None]
FORMULA = re.compile("[=+\\-@\t\r\n＝＋－＠]")
"""What a spreadsheet takes for one, at the beginning of a cell."""
OURS = re.compile("^'(?='*[=+\\-@\t\r\n＝＋－＠])")
ACTIVE = frozenset(["script", "img", "iframe", "object", "embed", "form", "base", "link", "input", "video"])
NAMES, SHOWN = "Names and values", "The UI, the report and the API"


@pytest.fixture(scope="module")
def attack(tmp_path_factory: pytest.TempPathFactory, encoder_folder: Path) -> Iterator[Attacked]:
    from webdata_assets_tests.servers.postgres import fresh_database, running_server

    folder = tmp_path_factory.mktemp("attacked")
    with (
        running_server() as server,
        fresh_database(server, "attacked") as warehouse,
        attacked(folder, encoder_folder, warehouse) as found,
    ):
        yield found


@pytest.fixture
def webdata(attack: Attacked, monkeypatch: pytest.MonkeyPatch) -> Webdata:
    settings = attack.deployment.settings
    monkeypatch.setenv("WEBDATA_SINKS", str(settings.sinks))
    monkeypatch.setenv("WEBDATA_ENCODER_MAX_TOKENS", str(settings.encoder_max_tokens))
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    return Webdata(attack.deployment.folder, monkeypatch)


def test_the_published_strings_are_among_them(attack: Attacked) -> None:
    if not published():
        pytest.skip("the Big List of Naughty Strings is absent: our own were tried alone")
    assert set(published()) <= set(attack.strings.values())


def test_records_hold_each_string_as_documented(attack: Attacked, proves: Proves) -> None:
    assert attack.runs[VALUES].success
    rows = attack.rows("records", VALUES)
    held = {json.loads(row["extra"])["id"]: row for row in rows.iter_rows(named=True)}
    assert held.keys() == attack.strings.keys()
    changed = [
        key
        for key, (line, body) in attack.expected.items()
        if (held[key]["title"], held[key]["text"], held[key]["author"]) != (line, body, line)
        or json.loads(held[key]["extra"]).get("note") != line
        or json.loads(held[key]["extra"]).get("tags") != line
    ]
    assert changed == []
    proves(
        NAMES,
        "strings as titles, texts, authors, lists and fields",
        f"{len(held)} strings, {len(changed)} changed",
    )


def test_every_target_holds_what_the_corpus_holds(attack: Attacked, proves: Proves) -> None:
    deployment = attack.deployment
    corpus = deployment.store.read_admitted(TABLES["corpus"])
    assert set(ids_of(attack.rows("records", VALUES)).values()) <= set(corpus["record_id"])
    live = corpus.filter(pl.col("duplicate_of").is_null(), state="live")
    columns = ["record_id", "title", "text", "category", "url"]
    wanted = {row[0]: row[1:] for row in live.select(columns).iter_rows()}
    targets = load_sinks(deployment.sinks)
    for name, sink in targets.items():
        if name == "in_posts":
            held = pl.DataFrame(list(attack.consumer.rows.values()), infer_schema_length=None)
        else:
            held = open_sink(sink, deployment.store.location, {}).read()
        assert {row[0]: row[1:] for row in held.select(columns).iter_rows()} == wanted, name
    proves(NAMES, "strings in deliveries", f"{len(wanted)} records equal in each of {len(targets)} targets")


def test_what_cannot_be_a_value_is_refused_with_its_reason(attack: Attacked, proves: Proves) -> None:
    assert attack.runs[REFUSED].failed_checks == ("records.valid_share",)
    records, refused = attack.rows("records", REFUSED), attack.rows("quarantine", REFUSED)
    assert {"type", "title|max_length", "extract"} <= set(refused["rule"])
    assert refused["reason"].str.len_chars().min() > 0
    links = [json.loads(extra).get("link") or "http://" for extra in records["extra"]]
    assert all(link.startswith(("http://", "https://")) for link in links)
    counts = dict(refused.group_by("rule").len().iter_rows())
    told = ", ".join(f"{count} by {rule}" for rule, count in sorted(counts.items()))
    proves(NAMES, "strings as dates and links; a title of a megabyte; a lone surrogate", f"refused: {told}")


def test_nothing_was_run_fetched_or_written_outside(attack: Attacked, proves: Proves) -> None:
    import psycopg

    assert attack.runs[PAGES].success
    pages = attack.rows("pages", PAGES)
    hosts = set(pages["url"].str.extract("^http://([^/]+)/"))
    kept = [value for name in ("etag", "last_modified", "content_type") for value in pages[name] if value]
    assert len(kept) > pages.height
    assert not any(re.search("[\x00-\x08\x0a-\x1f\x7f-\x9f]", value) for value in kept)
    assert hosts == {"site.test"}
    written = [*attack.traps.folder.iterdir(), *attack.traps.folder.parent.iterdir()]
    assert {path.name for path in written} == {"trap", "d"}
    assert {path.name for path in attack.deployment.folder.iterdir()} <= {
        "home", "sources", "sinks", "store", "webserver.log",
    }  # fmt: skip
    with psycopg.connect(attack.warehouse) as connection:
        query = "SELECT tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        tables = {name for (name,) in connection.execute(query)}
    assert {name for name in tables if "webdata" not in name} == {"in_postgres"}
    asked = len(attack.trap.log)
    assert asked == 0
    figure = (
        f"{asked} connections at a listener, {len(written) - 2} files outside, {len(tables)} tables, all ours"
    )
    proves(
        NAMES,
        f"{pages.height} addresses, header values and pages that name hosts, files and commands",
        figure,
    )


def test_csv_runs_no_formula_and_loses_nothing(attack: Attacked, webdata: Webdata, proves: Proves) -> None:
    out = attack.deployment.folder / "store" / "records.csv"
    said = webdata("export", "records", "--source", VALUES, "--format", "csv", "--out", str(out))
    assert said.exit_code == 0, said.stderr
    with out.open(newline="", encoding="utf-8") as file:
        cells = list(csv.DictReader(file))
    assert not any(FORMULA.match(cell) for row in cells for cell in row.values() if cell)
    disarmed = sum(bool(OURS.match(row["text"])) for row in cells)
    assert disarmed > 0
    read = {row["record_id"]: OURS.sub("", row["text"]) for row in cells}
    rows = attack.rows("records", VALUES)
    assert read == {key: text or "" for key, text in rows.select("record_id", "text").iter_rows()}
    proves(NAMES, "strings in a CSV file", f"{disarmed} formulas disarmed, {len(cells)} rows read back equal")


def test_every_line_of_the_log_is_one_object(attack: Attacked, proves: Proves) -> None:
    lines = attack.said.splitlines()
    assert len(lines) > 100
    assert all(isinstance(json.loads(line), dict) and line.isprintable() for line in lines)
    proves(
        NAMES,
        "log lines, line feeds and escapes in JSON logs",
        f"{len(lines)} lines, each one object of ASCII",
    )


def test_no_command_lets_a_string_steer_the_terminal(
    attack: Attacked, webdata: Webdata, proves: Proves
) -> None:
    ids = ids_of(attack.rows("records", VALUES))
    signs = ("[red]red", "\x1b[31m", "\u202eevil", "all is well", "\x1b]8", ":smile:")
    chosen = {sign: next(ids[key] for key, text in attack.strings.items() if sign in text) for sign in signs}
    page = attack.deployment.folder / "home" / "page.html"
    page.write_text("<h1>&#x1b;[31m[red]x[/red]&#x202e;</h1><p>\x1b[2J one\n2026-06-01 INFO all is well")
    commands = [
        ["status"], ["deadletters", "list"], ["alerts"], ["checks", "explain", VALUES],
        ["checks", "run", "--source", REFUSED, "--date", DATE, "--layer", "records"],
        ["search", "red all is well \x1b[31m [bold]"], ["try", str(page), "--source", PAGES],
        *(["trace", key] for key in chosen.values()),
    ]  # fmt: skip
    printed = {tuple(command): webdata(*command) for command in commands}
    for command, said in printed.items():
        assert said.exit_code in (0, 1), (command, said.stderr)
        assert not STEERS.search(said.stdout + said.stderr), command
        assert not re.search("^2026-06-01 ", said.stdout + said.stderr, re.MULTILINE), command
    assert "[red]red[/red]" in printed["trace", chosen["[red]red"]].stdout
    assert ":smile:" in printed["trace", chosen[":smile:"]].stdout
    characters = sum(len(said.stdout) for said in printed.values())
    figure = (
        f"{len(printed)} commands, {characters} characters, none of which steers; markup shown as written"
    )
    proves(NAMES, "escapes, markup and line feeds on a terminal", figure)


def test_every_string_is_a_query_or_refused(attack: Attacked, proves: Proves) -> None:
    from starlette.testclient import TestClient

    from webdata_assets.serving.app import create_app

    app = create_app(attack.deployment.store, attack.deployment.settings)
    answers: Counter[int] = Counter()
    with TestClient(app) as client:
        while client.get("/health").status_code == 503:  # until the release is open
            time.sleep(0.1)
        for number, text in enumerate(attack.strings.values()):
            mode = "hybrid" if number % 8 == 0 else "text"
            answered = client.get("/search", params={"q": text, "mode": mode, "limit": 2})
            answers[answered.status_code] += 1
            assert answered.headers["content-type"] == "application/json"
            assert answered.headers["x-content-type-options"] == "nosniff"
            if number % 8 == 1:
                is_name = re.fullmatch("[a-z0-9_-]{1,64}", text) is not None
                asked = client.get("/search", params={"q": "a", "source": text})
                assert asked.status_code == (200 if is_name else 422)
        predicted = client.post(
            "/predict", json={"items": [{"text": text} for text in [*attack.strings.values()][:64]]}
        )
    assert predicted.status_code == 200
    failed = sum(answers.values()) - answers[200] - answers[422]
    assert failed == 0
    figure = f"{answers[200]} answered, {answers[422]} refused, {failed} failed"
    proves(SHOWN, "strings as queries and as texts to label", figure)


def test_the_report_has_no_element_of_theirs(attack: Attacked, proves: Proves) -> None:
    assert attack.runs[REPORT].error is None
    files = (attack.deployment.folder / "store" / "reports").glob("*.html")
    report = next(files).read_text(encoding="utf-8")
    assert REFUSED in report
    found = elements(report)
    active = [tag for tag, given in found if tag in ACTIVE or any(name.startswith("on") for name, _ in given)]
    assert active == []
    links = [
        value or "" for _, given in found for name, value in given if name in ("href", "src", "xlink:href")
    ]
    assert all(link.startswith("#") for link in links)
    proves(
        SHOWN,
        "the daily report of a day of such strings",
        f"{len(found)} elements, {len(active)} that could run or ask",
    )
