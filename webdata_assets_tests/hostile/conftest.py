"""The fixture by which a test states its figure."""

import json
from collections.abc import Callable

import pytest

Proves = Callable[[str, str, str], None]


@pytest.fixture
def proves(record_property: Callable[[str, object], None]) -> Proves:
    """Enter a row of docs/hostile-input.md: the part that was attacked, with what, and the figure measured."""

    def enter(part: str, attack: str, figure: str) -> None:
        record_property("hostile", json.dumps([part, attack, figure]))

    return enter
