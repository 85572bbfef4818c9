"""Known vulnerabilities: from a folder without network, from a service, and no verdict where none answers."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import yaml
from packaging.version import Version

from webdata_assets_tests.site.mailboxes import free_port
from webdata_assets_tests.supply.advisories import Finding, find, is_in
from webdata_assets_tests.supply.service import NotAskedError, ask

FIXED = [{"introduced": "0"}, {"fixed": "1.2"}]
LOCKED = {"tiny": "1.0", "zope-event": "6.2"}


def advisory(name: str = "tiny", events: list[dict[str, str]] = FIXED, **others: Any) -> dict[str, Any]:
    affected = {
        "package": {"ecosystem": "PyPI", "name": name},
        "ranges": [{"type": "ECOSYSTEM", "events": events}],
        "versions": [],
    }
    return {"id": "PYSEC-2026-1", "affected": [affected], **others}


def test_an_advisory_about_a_locked_version_is_found_with_its_remedy(tmp_path: Path):
    (tmp_path / "PYSEC-2026-1.json").write_text(json.dumps(advisory()))
    found = find(tmp_path, LOCKED)
    assert found == [Finding("tiny", "1.0", "PYSEC-2026-1", ("1.2",))]
    assert str(found[0]) == "tiny 1.0: PYSEC-2026-1 (fixed in 1.2)"


def test_folders_of_the_advisory_database_are_read(tmp_path: Path):
    (tmp_path / "vulns" / "zope.event").mkdir(parents=True)
    text = yaml.safe_dump(advisory("Zope.Event", [{"introduced": "6.0"}]))
    (tmp_path / "vulns" / "zope.event" / "PYSEC-2026-2.yaml").write_text(text)
    assert find(tmp_path, LOCKED) == [Finding("zope-event", "6.2", "PYSEC-2026-1")]


@pytest.mark.parametrize(
    "other",
    [
        advisory("another"),
        advisory(events=[{"introduced": "1.0.1"}]),
        advisory(withdrawn="2026-01-01T00:00:00Z"),
        {
            "id": "GHSA-1",
            "affected": [{"package": {"ecosystem": "npm", "name": "tiny"}, "versions": ["1.0"]}],
        },
        {
            "id": "GHSA-2",
            "affected": [{"package": {"ecosystem": "PyPI", "name": "tiny"}, "versions": ["junk"]}],
        },
    ],
)
def test_advisories_about_something_else_are_left_out(tmp_path: Path, other: dict[str, Any]):
    (tmp_path / "one.json").write_text(json.dumps(other))
    assert find(tmp_path, LOCKED) == []


def test_versions_that_are_listed_count_without_a_range(tmp_path: Path):
    affected = {"package": {"ecosystem": "PyPI", "name": "Tiny"}, "versions": ["0.9", "1.0.0"]}
    (tmp_path / "one.json").write_text(json.dumps({"id": "X", "affected": [affected]}))
    assert [each.advisory for each in find(tmp_path, LOCKED)] == ["X"]


@pytest.mark.parametrize("text", ["[]", "{}", "null"])
def test_a_folder_that_holds_something_else_is_no_clean_bill(tmp_path: Path, text: str):
    with pytest.raises(ValueError, match="holds no advisories"):
        find(tmp_path, LOCKED)
    (tmp_path / "one.json").write_text(text)
    with pytest.raises(ValueError, match="is no advisory"):
        find(tmp_path, LOCKED)


@pytest.mark.parametrize(
    ("events", "inside", "outside"),
    [
        (FIXED, ("0", "1.1.9", "1.2rc1"), ("1.2", "2")),
        ([{"introduced": "1"}, {"last_affected": "2"}], ("1", "2"), ("0.9", "2.0.1", "2.post1")),
        (
            [{"introduced": "3"}, {"fixed": "3.1"}, {"introduced": "0"}, {"fixed": "2.5"}],
            ("2.4", "3.0.5"),
            ("2.5", "2.9", "3.1"),
        ),
        ([{"introduced": "1!0"}], ("1!1",), ("9",)),
    ],
)
def test_a_version_is_between_what_introduced_and_what_ended_a_flaw(
    events: list[dict[str, str]], inside: tuple[str, ...], outside: tuple[str, ...]
):
    assert [each for each in inside if not is_in(Version(each), events)] == []
    assert [each for each in outside if is_in(Version(each), events)] == []


def test_what_the_service_knows_is_found(tmp_path: Path):
    flaw = {**advisory(), "modified": "2026-01-01T00:00:00Z", "summary": "bad", "details": "bad"}
    with osv({"vulns": [flaw]}) as url:
        assert [str(each) for each in ask(_lock(tmp_path), url=url)] == [
            "tiny 1.0: PYSEC-2026-1 (fixed in 1.2)"
        ]


def test_a_service_that_does_not_answer_is_no_verdict(tmp_path: Path):
    with pytest.raises(NotAskedError, match="refused"):
        ask(_lock(tmp_path), url=f"http://127.0.0.1:{free_port()}/")


def _lock(folder: Path) -> Path:
    lock = folder / "lock.txt"
    lock.write_text(f"tiny==1.0 --hash=sha256:{'0' * 64}\n")
    return lock


@contextmanager
def osv(answer: dict[str, Any]) -> Iterator[str]:
    """Answer every question like OSV."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Osv, json.dumps(answer).encode()))
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1/query"
    server.shutdown()
    thread.join()
    server.server_close()


class _Osv(BaseHTTPRequestHandler):
    def __init__(self, answer: bytes, *arguments: Any) -> None:
        self._answer = answer
        super().__init__(*arguments)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(self._answer)))
        self.end_headers()
        self.wfile.write(self._answer)

    def log_message(self, *_: object) -> None:
        pass
