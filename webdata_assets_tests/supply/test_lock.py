"""The lock pins everything by hash, names no address, and a file of another hash is refused."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from webdata_assets_tests.deployment import REPOSITORY
from webdata_assets_tests.supply.conftest import write_wheel
from webdata_assets_tests.supply.lock import LOCK, pinned_here, pins

HASH = f"--hash=sha256:{'0' * 64}"


def test_every_distribution_is_one_version_with_a_sha256_for_every_file():
    read = pins(LOCK.read_text())
    assert len(read) > 300
    assert all(pin.hashes for pin in read)


def test_the_lock_names_no_address():
    assert "://" not in LOCK.read_text()


@pytest.mark.parametrize(
    "line",
    [
        f"tiny>=1.0 {HASH}",
        "tiny==1.0",
        f"tiny==1.0 {HASH} --hash=md5:0",
        f"tiny @ https://example.com/tiny-1.0.whl {HASH}",
        f"https://example.com/tiny-1.0.whl {HASH}",
        "--index-url https://example.com/simple",
        "--extra-index-url https://example.com/simple",
        f"-e . {HASH}",
        f"git+https://example.com/tiny@main {HASH}",
    ],
)
def test_a_line_that_pins_less_is_named(line: str):
    with pytest.raises(ValueError, match="sha256"):
        pins(f"other==1 {HASH}\n{line}\n")


def test_only_what_is_for_this_machine_is_asked_for():
    text = f"here==1 {HASH}\nthere==2 ; sys_platform == 'nowhere' \\\n    {HASH}\n"
    assert pinned_here(text) == {"here": "1"}


def test_make_installs_with_hashes_alone():
    lines = [
        line for line in (REPOSITORY / "Makefile").read_text().splitlines() if "requirements.lock" in line
    ]
    installing = [line for line in lines if "pip install" in line]
    assert installing
    assert all("--require-hashes --no-deps" in line for line in installing)


def test_pip_refuses_a_wheel_that_was_tampered_with(tmp_path: Path, wheel: Path):
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    lock = tmp_path / "lock.txt"
    lock.write_text(f"tiny==1.0 --hash=sha256:{digest}\n")
    assert _install(lock, wheel.parent, tmp_path / "first").returncode == 0
    write_wheel(wheel.parent, "VALUE = 2\n")
    refused = _install(lock, wheel.parent, tmp_path / "second")
    assert refused.returncode != 0
    assert "DO NOT MATCH THE HASHES" in refused.stderr
    assert not (tmp_path / "second" / "tiny.py").exists()


def _install(lock: Path, wheels: Path, target: Path) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable, "-m", "pip", "--isolated", "--disable-pip-version-check", "install", "--no-index",
        "--find-links", str(wheels), "--require-hashes", "--no-deps", "--no-compile", "--no-cache-dir",
        "--requirement", str(lock), "--target", str(target),
    ]  # fmt: skip
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
