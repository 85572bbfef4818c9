"""A small distribution, as a wheel in a folder and as if it were installed."""

import base64
import hashlib
import zipfile
from pathlib import Path

import pytest

METADATA = "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n"
WHEEL = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def write_wheel(folder: Path, code: str) -> Path:
    """Write `tiny-1.0`, with a RECORD that fits, and return it."""
    files = {
        "tiny.py": code,
        "tiny-1.0.dist-info/METADATA": METADATA,
        "tiny-1.0.dist-info/WHEEL": WHEEL,
    }
    record = [f"{name},sha256={_digest(text)},{len(text.encode())}" for name, text in files.items()]
    files["tiny-1.0.dist-info/RECORD"] = "\n".join([*record, "tiny-1.0.dist-info/RECORD,,", ""])
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / "tiny-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return wheel


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    return write_wheel(tmp_path / "wheels", "VALUE = 1\n")


@pytest.fixture
def site(tmp_path: Path, wheel: Path) -> Path:
    """A folder in which the wheel is installed."""
    folder = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder
