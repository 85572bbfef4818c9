"""`webdata trace` and `webdata payload` on a small store."""

from pathlib import Path

import pytest

from webdata_assets.cli.payload import extension
from webdata_assets.store import Store
from webdata_assets_tests.cli.calling import Webdata
from webdata_assets_tests.store.rows import SHOP, admit, digest, frame, put, row

RECORD = f"{0:032x}"
BODY = b"<h1>Item 0</h1>"
HASH = digest(BODY)
PNG = b"\x89PNG\r\n\x1a\n\x00"


@pytest.fixture
def stored(webdata: Webdata) -> Webdata:
    """A deployment with one page, its record and a picture."""
    store = Store.open(str(webdata.store))
    picture = {
        "payload": None,
        "in_blobs": True,
        "payload_hash": store.blobs.put(PNG),
        "content_type": "image/png",
    }
    pages = frame(
        "pages", row("pages", content_type="text/html; charset=utf-8"), row("pages", number=1, **picture)
    )
    put(store, "pages", pages)
    admit(store, "pages", freshness=False)
    put(store, "records", frame("records", row("records", title="A \x1b[31m[bold]lamp[/bold]")))
    return webdata


def test_trace_prints_a_tree(stored: Webdata) -> None:
    said = stored("trace", RECORD)
    assert said.exit_code == 0
    for part in (
        f"record {RECORD}",
        "visits: 1",
        f"payload {HASH[:16]}",
        f"payload {HASH} of 2026-06-01",
        "extractor v1",
        "pages 2026-06-01|shop: not admitted",
        "freshness failed",
        "run run",
    ):
        assert part in said.stdout
    assert "\x1b[31m" not in said.stdout
    assert "[bold]lamp" in said.stdout


def test_trace_prints_json(stored: Webdata) -> None:
    found = stored("trace", HASH[:10], "--json").json()
    assert (found["found_as"], found["key"]) == ("payload", HASH)
    assert [record["record_id"] for record in found["records"]] == [RECORD]


def test_an_unknown_key_is_wrong_usage(stored: Webdata) -> None:
    said = stored("trace", "f" * 32)
    assert said.exit_code == 2
    assert "looked through records and pages of" in said.stderr


def test_payload_writes_the_stored_bytes_under_a_harmless_name(stored: Webdata) -> None:
    said = stored("payload", HASH[:8])
    path = stored.folder / f"{HASH}.html.txt"
    assert path.read_bytes() == BODY
    assert f"Wrote {path.name}: text/html; charset=utf-8, {len(BODY)} bytes" in said.stdout
    again = stored("payload", HASH)
    assert again.exit_code == 2
    assert "exists; name another file with --out" in again.stderr
    assert path.read_bytes() == BODY


def test_payload_writes_a_binary_to_the_file_that_is_named(stored: Webdata, tmp_path: Path) -> None:
    written = stored("payload", digest(PNG), "--out", str(tmp_path / "a.png"), "--json").json()
    assert (tmp_path / "a.png").read_bytes() == PNG
    assert (written["bytes"], written["content_type"], written["partition"]) == (
        len(PNG),
        "image/png",
        SHOP.key,
    )


def test_bytes_that_were_changed_are_not_written(stored: Webdata) -> None:
    blob = next(path for path in (stored.store / "blobs").rglob(digest(PNG)))
    blob.chmod(0o600)
    blob.write_bytes(PNG + b"!")
    said = stored("payload", digest(PNG))
    assert said.exit_code == 1
    assert "does not have the hash" in said.stderr
    assert not list(stored.folder.glob("*.png"))


def test_an_unknown_hash_is_wrong_usage(stored: Webdata) -> None:
    said = stored("payload", "0123456789")
    assert said.exit_code == 2
    assert "nothing has the key 0123456789" in said.stderr


@pytest.mark.parametrize(
    ("content_type", "in_blobs", "expected"),
    [
        ("text/html; charset=utf-8", False, "html.txt"),
        ("image/svg+xml", False, "svg.txt"),
        ("application/json", False, "json"),
        ("text/plain", False, "txt"),
        ("application/x-sh", False, "txt"),
        ("image/png", True, "png"),
        ("application/pdf", True, "pdf.bin"),
        ("../../etc/passwd", True, "bin"),
        (None, False, "txt"),
    ],
)
def test_no_extension_makes_a_payload_run(content_type: str | None, in_blobs: bool, expected: str) -> None:
    assert extension(content_type, in_blobs=in_blobs) == expected
