"""Binaries beside the tables: what is one, and that its bytes are stored once, whole, and as they were."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st

from webdata_assets.store.blobs import FolderBlobs, is_binary
from webdata_assets.store.payloads import PayloadCorruptError, PayloadMissingError

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n"
ZIP = b"PK\x03\x04\x14\0\0\0"
HTML = b"<!doctype html><title>404</title>"


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("image/png", PNG),
        ("image/jpeg", b"\xff\xd8\xff\xe0rest"),
        ("image/gif", b"GIF89a,,,"),
        ("IMAGE/WEBP; q=1", b"RIFF\x10\0\0\0WEBPVP8 "),
        ("audio/mpeg", b"ID3\x04\0\0\0\0\0\0"),
        ("video/mp4", b"\0\0\0\x18ftypmp42"),
        ("application/pdf", PDF),
        ("application/zip", ZIP),
        ("application/x-gzip", b"\x1f\x8b\x08\0\0\0\0\0"),
        ("application/octet-stream", PNG),
        ("application/vnd.ms-excel", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0"),
        (None, PDF),
        ("", ZIP),
    ],
)
def test_images_sound_documents_and_archives_are_binary(content_type: str | None, body: bytes) -> None:
    assert is_binary(content_type, body)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("text/html; charset=utf-8", HTML),
        ("text/html", PNG),
        ("application/json", b"\0"),
        ("application/ld+json", b"{}"),
        ("application/rss+xml", b"<rss/>"),
        ("application/xhtml+xml", b"\x01"),
        ("image/svg+xml", b"<svg/>"),
        ("Application/XML", b"\xff\xfe<\0"),
        ("application/octet-stream", b'{"a": 1}'),
        ("application/octet-stream", "größer\t☃".encode()),
        ("image/png", HTML),
        ("application/pdf", b"not found"),
        (None, "<p>".encode("utf-16")),
        (None, "日本語".encode("iso2022_jp")),
        (None, b""),
    ],
)
def test_text_in_any_guise_is_not(content_type: str | None, body: bytes) -> None:
    assert not is_binary(content_type, body)


@pytest.fixture
def blobs(tmp_path: Path) -> FolderBlobs:
    return FolderBlobs(tmp_path / "blobs")


@given(body=st.binary(max_size=2_000))
def test_what_is_put_is_what_is_got(tmp_path_factory: pytest.TempPathFactory, body: bytes) -> None:
    blobs = FolderBlobs(tmp_path_factory.mktemp("blobs"))
    digest = blobs.put(body)
    assert digest == blake3(body).hexdigest()
    assert blobs.get(digest) == body
    assert blobs.put(body) == digest


def test_equal_bytes_are_stored_once_under_their_hash(blobs: FolderBlobs) -> None:
    digest = blobs.put(PNG)
    place = blobs.folder / digest[:2] / digest
    written = place.stat().st_ino
    assert not blobs.has(blake3(PDF).hexdigest())
    assert blobs.has(digest)
    assert blobs.put(PNG) == digest
    assert place.stat().st_ino == written
    assert [path for path in blobs.folder.rglob("*") if path.is_file()] == [place]


def test_bytes_that_have_changed_on_disk_are_never_given_out(blobs: FolderBlobs) -> None:
    digest = blobs.put(PNG)
    (blobs.folder / digest[:2] / digest).write_bytes(PNG[:-1] + b"X")
    with pytest.raises(PayloadCorruptError):
        blobs.get(digest)


def test_a_blob_that_was_cut_off_is_mended_by_putting_it_again(blobs: FolderBlobs) -> None:
    digest = blobs.put(PNG)
    (blobs.folder / digest[:2] / digest).write_bytes(PNG[:-1])
    blobs.put(PNG)
    assert blobs.get(digest) == PNG


def test_bytes_that_are_not_there_are_missing(blobs: FolderBlobs) -> None:
    with pytest.raises(PayloadMissingError):
        blobs.get("0" * 64)


@pytest.mark.parametrize("digest", ["", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 64 + "\n"])
def test_what_is_no_hash_is_a_bug(blobs: FolderBlobs, digest: str) -> None:
    with pytest.raises(ValueError, match="is no BLAKE3 hash"):
        blobs.get(digest)


def test_many_writers_of_the_same_bytes_do_not_disturb_each_other(blobs: FolderBlobs) -> None:
    bodies = [random.Random(number).randbytes(50_000) for number in range(10)]
    failures: list[Exception] = []

    def put_all(seed: int) -> None:
        for body in random.Random(seed).sample(bodies, len(bodies)):
            try:
                assert blobs.get(blobs.put(body)) == body
            except Exception as error:  # noqa: BLE001 -- told by the assertion below
                failures.append(error)

    threads = [threading.Thread(target=put_all, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    files = [path for path in blobs.folder.rglob("*") if path.is_file()]
    assert sorted(path.name for path in files) == sorted(blake3(body).hexdigest() for body in bodies)


WRITER = """
import random, sys
from pathlib import Path
from webdata_assets.store.blobs import FolderBlobs
blobs = FolderBlobs(Path(sys.argv[1]))
for number in range(100_000):
    print(blobs.put(random.Random(number).randbytes(300_000)), flush=True)
"""


def test_a_killed_writer_leaves_whole_blobs_only(blobs: FolderBlobs) -> None:
    for attempt in range(3):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(blobs.folder)], stdout=subprocess.PIPE, text=True
        ) as writer:
            assert writer.stdout is not None
            put = [writer.stdout.readline().strip() for _ in range(5)]
            time.sleep(0.003 * attempt)
            os.kill(writer.pid, signal.SIGKILL)
            put += writer.stdout.read().split("\n")[:-1]
        assert all(len(blobs.get(digest)) == 300_000 for digest in put)
    for path in blobs.folder.glob("??/*"):
        assert len(blobs.get(path.name)) == 300_000
