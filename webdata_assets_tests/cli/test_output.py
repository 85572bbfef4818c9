"""What commands print can be read by people and programs, whatever it holds."""

import json

import pytest

from webdata_assets.cli.output import print_json, print_table, say

HOSTILE = "A\x1b[2J\x07 \x9b31m\x7f \u202egnp.exe \U000e0041 [bold]x[/bold] Größe"
STEERING = {"\x1b", "\x07", "\x9b", "\x7f", "\u202e", "\U000e0041"}


def test_json_keeps_hostile_text_and_prints_none_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"title": HOSTILE})
    printed = capsys.readouterr().out
    assert not STEERING & set(printed)
    assert "Größe" in printed
    assert json.loads(printed) == {"title": HOSTILE}


def test_lines_and_tables_drop_what_steers_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    say(HOSTILE)
    print_table(HOSTILE, [{"title": HOSTILE}])
    printed = capsys.readouterr().out
    assert not STEERING & set(printed)
    assert printed.count("[bold]x[/bold] Größe") == 3
