"""The bill of materials: whole, and the same for the same environment."""

import json
import venv
import zipfile
from pathlib import Path

from webdata_assets_tests.supply.bill import write_bill
from webdata_assets_tests.supply.scopes import PYPROJECT


def test_the_bill_names_what_is_installed_and_is_the_same_twice(tmp_path: Path, wheel: Path):
    venv.create(tmp_path / "environment", symlinks=True)
    python = tmp_path / "environment" / "bin" / "python"
    (packages,) = (tmp_path / "environment" / "lib").glob("python*/site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(packages)
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    for file in (first, second):
        write_bill(file, PYPROJECT, python=str(python))
    assert first.read_bytes() == second.read_bytes()
    bill = json.loads(first.read_text())
    assert (bill["bomFormat"], bill["metadata"]["component"]["name"]) == ("CycloneDX", "webdata_assets")
    assert [(each["name"], each["purl"]) for each in bill["components"]] == [("tiny", "pkg:pypi/tiny@1.0")]
    assert bill.keys().isdisjoint({"serialNumber"})
    assert "timestamp" not in bill["metadata"]
