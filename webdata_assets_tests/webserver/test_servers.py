"""Who gets what from Dagster's webserver: by itself, behind our guard, behind the documented proxy."""

import dataclasses
import json
import re
import ssl

import pytest

from webdata_assets_tests.webserver.attacks import ATTACKS, FORM, MUTATIONS
from webdata_assets_tests.webserver.browsing import REBOUND, chromium, complaints_of, hostile_page
from webdata_assets_tests.webserver.calling import (
    FORGED,
    JSON,
    LAUNCH,
    OTHER_PAGE,
    WIPE,
    Caller,
    listening_on,
)
from webdata_assets_tests.webserver.conftest import Bare, Guarded, Proxied
from webdata_assets_tests.webserver.proxy import EDITOR, NAME, PASSWORD, hosts_named


@pytest.mark.parametrize("attack", ATTACKS)
def test_dagsters_own_webserver_launches_a_run_for_any_page(bare: Bare, attack: str):
    before = bare.history.runs()
    answer = bare.editors.ask(*ATTACKS[attack])
    assert (answer.status, bare.history.runs()) == (200, before + 1)


def test_dagsters_own_webserver_takes_verdicts_from_any_page_and_answers_to_any_name(bare: Bare):
    before = bare.history.verdicts()
    assert bare.editors.ask("POST", FORGED, headers=OTHER_PAGE).status == 200
    assert bare.history.verdicts() == before + 1
    assert bare.editors.ask("GET", "/server_info", name="evil.example").status == 200
    assert bare.editors.web_socket("https://evil.example") == "data"


def test_batches_and_bodies_of_forms_are_no_way_in(bare: Bare):
    before = bare.history.runs()
    assert bare.editors.ask("POST", "/graphql", json.dumps([{"query": LAUNCH}]), JSON).status == 500
    assert bare.editors.ask("POST", "/graphql", f"query={LAUNCH}", FORM).status == 400
    assert bare.history.runs() == before


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_server_that_only_reads_refuses_what_changes_anything(bare: Bare, mutation: str):
    body = json.dumps({"query": f"mutation {{ {MUTATIONS[mutation]} }}"})
    answer = bare.viewers.ask("POST", "/graphql", body, JSON)
    assert re.search("UnauthorizedError|TerminateRunFailure", answer.text), answer


@pytest.mark.parametrize(
    "report", ["materialization/stored", "check/stored?check_name=sound", "observation/stored"]
)
def test_a_server_that_only_reads_takes_no_reports(bare: Bare, report: str):
    assert bare.viewers.ask("POST", f"/report_asset_{report}").status == 401


def test_a_server_that_only_reads_still_executes_two_mutations_that_change_nothing(bare: Bare):
    assert bare.viewers.graphql("mutation { setNuxSeen }") == {"setNuxSeen": True}
    sent = 'logTelemetry(action: "a", clientTime: "1", clientId: "1", metadata: "{}") { __typename }'
    assert bare.viewers.graphql(f"mutation {{ {sent} }}")["logTelemetry"] == {
        "__typename": "LogTelemetrySuccess"
    }


@pytest.mark.parametrize("attack", ATTACKS)
def test_webdata_ui_launches_nothing_for_pages_of_others(guarded: Guarded, attack: str):
    before = guarded.history.runs()
    answer = guarded.caller.ask(*ATTACKS[attack])
    assert (answer.status in (403, 405, 415), guarded.history.runs()) == (True, before), answer


def test_webdata_ui_takes_no_verdicts_from_pages_of_others(guarded: Guarded):
    before = guarded.history.verdicts()
    assert guarded.caller.ask("POST", FORGED, headers=OTHER_PAGE).status == 403
    assert guarded.history.verdicts() == before


@pytest.mark.parametrize(
    "name", ["evil.example", "127.0.0.1.evil.example", "localhost.", "", "169.254.169.254"]
)
def test_webdata_ui_answers_to_no_other_name(guarded: Guarded, name: str):
    called = guarded.caller.ask("GET", "/server_info", headers={"Host": name})
    assert (called.status, "dagster" in called.text) == (421, False)


def test_webdata_ui_opens_no_web_socket_for_pages_of_others(guarded: Guarded):
    assert guarded.caller.web_socket("https://evil.example") == "403"
    assert guarded.caller.web_socket(f"http://{guarded.caller.name}") == "data"
    assert guarded.caller.web_socket(None) == "data"


def test_webdata_ui_does_what_its_own_pages_and_programs_ask(guarded: Guarded):
    own = {"Origin": f"http://{guarded.caller.name}", "Sec-Fetch-Site": "same-origin"}
    assert guarded.caller.graphql(LAUNCH, own) == {"launchRun": {"__typename": "LaunchRunSuccess"}}
    assert guarded.caller.graphql(LAUNCH) == {"launchRun": {"__typename": "LaunchRunSuccess"}}
    assert guarded.history.runs() == 2
    planned = guarded.history.verdicts()
    assert guarded.caller.ask("POST", FORGED).status == 200
    assert guarded.history.verdicts() == planned + 1


def test_webdata_ui_answers_to_the_name_of_the_proxy_that_was_allowed(guarded: Guarded):
    body = json.dumps({"query": "{ version }"})
    headers = {**JSON, "Origin": f"https://{NAME}"}
    assert guarded.caller.ask("POST", "/graphql", body, headers, name=NAME).status == 200


def test_webdata_ui_may_be_linked_to_and_not_framed(guarded: Guarded):
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    page = guarded.caller.ask("GET", "/runs", headers=link)
    assert page.status == 200
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert guarded.caller.ask("GET", "/runs", headers={**link, "Sec-Fetch-Dest": "iframe"}).status == 403


def test_webdata_ui_listens_on_loopback_only(guarded: Guarded):
    assert listening_on(guarded.caller.port) == {"127.0.0.1"}


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_proxy_launches_nothing_for_pages_of_others_that_a_logged_in_browser_shows(
    proxied: Proxied, attack: str
):
    before = proxied.history.runs()
    answer = proxied.editor.ask(*ATTACKS[attack])
    assert (answer.status in (403, 405), proxied.history.runs()) == (True, before), answer


def test_the_proxy_takes_no_verdicts_from_pages_of_others(proxied: Proxied):
    before = proxied.history.verdicts()
    assert proxied.editor.ask("POST", FORGED, headers=OTHER_PAGE).status == 403
    assert proxied.history.verdicts() == before


@pytest.mark.parametrize(
    "target", ["/", "/graphql", "/server_info", "/logs/a/b/c/err", "/report_asset_check/stored"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_proxy_lets_nobody_in_without_a_password(proxied: Proxied, method: str, target: str):
    headers = JSON if method == "POST" else {}
    for caller in (proxied.caller(), proxied.caller(EDITOR, "wrong"), proxied.caller("nobody")):
        answer = caller.ask(method, target, headers=headers)
        # what nobody may do is refused to whoever asks
        assert answer.status in (401, 403, 405), answer
        assert "uvicorn" not in str(answer.headers)


@pytest.mark.parametrize("name", ["evil.example", "127.0.0.1", f"{NAME}.evil.example", "localhost"])
def test_the_proxy_answers_to_no_other_name(proxied: Proxied, name: str):
    assert proxied.editor.ask("GET", "/server_info", name=name).status == 421


def test_the_proxy_shows_no_certificate_to_whoever_asks_for_another_name(proxied: Proxied):
    asking = dataclasses.replace(proxied.editor, name="evil.example")
    with pytest.raises(ssl.SSLError, match=r"(?i)unrecognized.name"):
        asking.ask("GET", "/")


def test_the_proxy_sends_plain_http_to_https_and_answers_to_no_other_name_there(proxied: Proxied):
    plain = Caller(proxied.proxy.plain_port, NAME)
    moved = plain.ask("GET", "/runs")
    assert (moved.status, moved.headers["location"]) == (301, f"https://{NAME}/runs")
    assert plain.ask("GET", "/runs", name="evil.example").status == 421


def test_an_editor_may_launch_report_and_wipe_through_the_proxy(proxied: Proxied):
    before = proxied.history.runs()
    own = {"Origin": f"https://{NAME}", "Sec-Fetch-Site": "same-origin"}
    assert proxied.editor.graphql(LAUNCH, own)["launchRun"]["__typename"] == "LaunchRunSuccess"
    assert proxied.history.runs() == before + 1
    assert proxied.editor.ask("POST", "/report_asset_materialization/stored").status == 200
    assert proxied.history.reports() == 1
    assert proxied.editor.graphql(WIPE)["wipeAssets"]["__typename"] == "AssetWipeSuccess"
    assert proxied.history.reports() == 0


def test_a_viewer_sees_everything_and_changes_nothing_through_the_proxy(proxied: Proxied):
    before = proxied.history.runs()
    assert proxied.viewer.ask("GET", "/runs").status == 200
    assert proxied.viewer.graphql("{ version }")["version"]
    assert proxied.viewer.graphql(LAUNCH)["launchRun"]["__typename"] == "UnauthorizedError"
    assert proxied.viewer.graphql(WIPE)["wipeAssets"]["__typename"] == "UnauthorizedError"
    assert proxied.viewer.ask("POST", FORGED).status == 401
    assert proxied.history.runs() == before


def test_web_sockets_pass_the_proxy_for_its_own_pages_and_not_for_those_of_others(proxied: Proxied):
    assert proxied.editor.web_socket(f"https://{NAME}") == "data"
    assert proxied.viewer.web_socket(f"https://{NAME}") == "data"
    assert proxied.editor.web_socket("https://evil.example") == "403"
    assert proxied.caller().web_socket(f"https://{NAME}") == "401"


def test_the_proxy_takes_no_other_methods_and_no_endless_bodies(proxied: Proxied):
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"):
        assert proxied.editor.ask(method, "/runs").status in (403, 405)
    assert proxied.editor.ask("POST", "/runs", "x").status == 403
    assert proxied.editor.ask("POST", "/graphql", "x" * 5_000_000, JSON).status == 413


def test_the_proxy_says_what_browsers_may_do_with_its_pages(proxied: Proxied):
    page = proxied.viewer.ask("GET", "/runs")
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["cross-origin-resource-policy"] == "same-origin"
    assert page.headers["x-frame-options"] == "DENY"
    assert "img-src 'self' data: blob:" in page.headers["content-security-policy"]


def test_the_proxy_slows_down_who_asks_too_much(proxied: Proxied):
    assert 200 <= proxied.caller().count_until(429, "/", limit=2_000) < 2_000


def test_the_documented_file_names_one_host_to_replace():
    assert hosts_named() == {NAME}


@pytest.mark.browser
def test_a_hostile_page_beside_the_ui_launches_and_reads_nothing(bare: Bare, guarded: Guarded):
    achieved = {}
    with chromium(f"MAP {REBOUND} 127.0.0.1") as page:
        for each, server in (("bare", bare), ("guarded", guarded)):
            caller = server.editors if isinstance(server, Bare) else server.caller
            runs, verdicts = server.history.runs(), server.history.verdicts()
            with hostile_page(f"http://{caller.name}") as url:
                page.goto(url)
                page.get_by_text("all sent").wait_for()
            heard = page.title() == "heard"
            read = page.goto(f"http://{REBOUND}:{caller.port}/server_info").status
            launched = server.history.runs() - runs
            # each run that is launched plans one verdict
            forged = server.history.verdicts() - verdicts - launched
            achieved[each] = (launched, forged, heard, read)
    assert achieved == {"bare": (3, 1, True, 200), "guarded": (0, 0, False, 421)}


@pytest.mark.browser
def test_the_ui_works_in_a_browser_behind_guard_and_proxy(proxied: Proxied, guarded: Guarded):
    login = {"username": EDITOR, "password": PASSWORD}
    rule = f"MAP {NAME}:443 127.0.0.1:{proxied.proxy.port}"
    with chromium(rule, http_credentials=login, ignore_https_errors=True) as page:
        complaints, sockets = complaints_of(page), []
        page.on("websocket", lambda socket: sockets.append(socket.url))
        for url in (f"https://{NAME}", f"http://{guarded.caller.name}"):
            page.goto(f"{url}/assets/stored")
            page.get_by_text("Materialize", exact=False).filter(visible=True).first.wait_for()
            page.goto(f"{url}/runs")
            page.get_by_text("Runs", exact=True).filter(visible=True).first.wait_for()
            page.wait_for_load_state("networkidle")
        assert complaints == []
        assert {url.split("/")[2] for url in sockets} == {NAME, guarded.caller.name}
