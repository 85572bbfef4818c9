"""`module:function` is looked up without running anything."""

import sys
from pathlib import Path

import pytest

from webdata_assets.sources.python_function import check_python_function, code_hash, module_file


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(tmp_path)
    package = tmp_path / "shop_package"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('imported')\n")
    (package / "reading.py").write_text("raise RuntimeError('imported')\n")
    return tmp_path


def test_a_module_within_a_package_is_found_and_neither_is_imported(folder: Path) -> None:
    assert check_python_function("shop_package.reading:read") == "shop_package.reading:read"
    assert module_file("shop_package.reading") == folder / "shop_package" / "reading.py"
    assert not any(name.startswith("shop_package") for name in sys.modules)


def test_the_hash_follows_the_text(folder: Path) -> None:
    first = code_hash("shop_package.reading:read")
    assert first == code_hash("shop_package.reading:other")
    (folder / "shop_package" / "reading.py").write_text("CODE_VERSION = '2'\n")
    assert code_hash("shop_package.reading:read") != first


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("reading", "is not `package.module:function`"),
        ("reading:", "is not `package.module:function`"),
        ("/tmp/reading.py:read", "a path to a file is not taken"),
        ("..reading:read", "is not `package.module:function`"),
        ("reading:read()", "is not `package.module:function`"),
        ("shop package:read", "is not `package.module:function`"),
        ("subprocess:run", "is a module of Python itself"),
        ("importlib.metadata:files", "is a module of Python itself"),
        ("shop_package.gone:read", "there is no module 'shop_package.gone'"),
        ("shop_package.reading.deeper:read", "there is no module 'shop_package.reading.deeper'"),
        ("lxml.etree:parse", "is no Python file"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_what_names_no_readable_module_is_refused(name: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        check_python_function(name)
