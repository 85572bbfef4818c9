"""The reference of settings, `docs/reference/settings.md`, rendered from the model's own descriptions.

What belongs here: `Settings` as Markdown. What does not: the settings themselves (settings.py), and what
explains a group of them, which is told in the page of its subject.
"""

from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from webdata_assets.settings import Settings

_PACKAGE = Path(__file__).resolve().parents[1]
REFERENCE_PATH = _PACKAGE.parent / "docs" / "reference" / "settings.md"

_HEAD = """\
# Settings

Each is an environment variable, or a line of the file `.env` in the folder where a command starts; the
variable wins. They are read once, when definitions load, so that a running code location takes a change when
it is loaded again. `.env.example` is a file to begin with. Secrets of sources and sinks are variables too:
their files name them. Made from `webdata_assets/settings.py` by `make schema`.

A *secret* is shown by no command, log, table or page.

| variable | type | default | meaning |
|---|---|---|---|
"""
_TYPES = {
    str: "text", int: "integer", float: "number", bool: "true or false", Path: "path", SecretStr: "secret",
}  # fmt: skip


def render() -> str:
    """Return the page."""
    rows = (_row(name, field) for name, field in Settings.model_fields.items())
    return _HEAD + "".join(rows)


def _row(name: str, field: FieldInfo) -> str:
    meaning = (field.description or "").replace("|", "\\|")
    return f"| `WEBDATA_{name.upper()}` | {_type(field.annotation)} | {_default(field)} | {meaning} |\n"


def _default(field: FieldInfo) -> str:
    if field.default_factory is not None and field.annotation is int:
        return "number of cores"
    value = field.get_default(call_default_factory=True, validated_data={})
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if isinstance(value, Path) and value.is_relative_to(_PACKAGE):
        return f"`{value.relative_to(_PACKAGE.parent).as_posix()}`, of the package"
    return "" if value is None or value in ("", (), {}) else f"`{_plain(value)}`"


def _plain(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _type(annotation: Any) -> str:
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return ", ".join(f"`{choice}`" for choice in parts)
    if origin in (Union, UnionType):
        return " or ".join(_type(part) for part in parts if part is not NoneType)
    if origin is tuple:
        return f"{_type(parts[0])}s, parted by spaces"
    if origin is dict:
        return "pairs, parted by commas"
    return _TYPES[annotation]


if __name__ == "__main__":
    REFERENCE_PATH.write_text(render(), encoding="utf-8")
