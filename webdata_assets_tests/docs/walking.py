"""A reader who does what a page says, in a folder of their own.

What belongs here: typing commands, writing files, executing Python. What does not: assertions about pages.
"""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from webdata_assets.cli.main import app
from webdata_assets_tests.docs.commands import Command, commands_in, typed
from webdata_assets_tests.docs.pages import Block, blocks_of

_FILE = re.compile(r"# (?P<path>[\w./-]+\.\w+)\n")
_ENDS_WITH = re.compile(r"# ends with (?P<code>\d)")
_SHELL = frozenset({"cp", "mkdir", "sed"})


def written_by(block: Block) -> str | None:
    """Return the path that the first line of a file's block names, if it does."""
    named = _FILE.match(block.text)
    return named["path"] if named else None


@dataclass
class Reader:
    """Someone in a folder with settings of their own.

    Attributes:
        folder: where they are.
        variables: what they exported.
    """

    folder: Path
    variables: dict[str, str] = field(default_factory=dict)

    def follow(self, page: Path, heading: str | None = None) -> None:
        """Do what a page says, or its part under a heading. Python has one namespace for the page."""
        namespace: dict[str, Any] = {}
        for block in blocks_of(page):
            if block.not_run is not None or heading not in (None, block.heading):
                continue
            if block.language == "console":
                self.type(block)
            elif block.language == "python":
                self.execute(block, namespace)
            elif block.language == "yaml" and (file := written_by(block)):
                (self.folder / file).write_text(block.text, encoding="utf-8")

    def type(self, block: Block) -> None:
        """Type the commands of a block, and compare what is shown after them: `…` stands for anything."""
        for line, shown in typed(block):
            wanted = int(found["code"]) if (found := _ENDS_WITH.search(line)) else 0
            for command in commands_in(line):
                said = self.call(command, wanted, f"{block}: {line}")
                missing = [
                    part for part in "…".join(shown).split("…") if part.strip() and part.strip() not in said
                ]
                assert missing == [], f"{block}: {line} said\n{said}"

    def execute(self, block: Block, namespace: dict[str, Any]) -> None:
        """Execute Python where it stands."""
        with self._at_home():
            exec(compile(block.text, str(block), "exec"), namespace)

    def call(self, command: Command, wanted: int, told: str) -> str:
        """Carry out a command, and return what it printed; another exit code than the wanted one fails."""
        if not command.words:
            self.variables.update(command.sets)
            return ""
        with self._at_home(dict(command.sets)):
            if command.program in _SHELL:
                done = subprocess.run(command.words, check=False, capture_output=True, text=True, timeout=60)
                code, said = done.returncode, done.stdout + done.stderr
            else:
                assert command.program == "webdata", f"{told}: mark the block as not run"
                result = CliRunner().invoke(app, command.words[1:])
                if result.exception is not None and not isinstance(result.exception, SystemExit):
                    raise result.exception
                code, said = result.exit_code, result.output
        assert code == wanted, f"{told} ended with {code}:\n{said}"
        return said

    @contextmanager
    def _at_home(self, more: dict[str, str] | None = None) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            for name in [*os.environ]:
                if name.startswith(("WEBDATA_", "DAGSTER_HOME")):
                    patch.delenv(name)
            for name, value in {**self.variables, **(more or {})}.items():
                patch.setenv(name, value)
            patch.chdir(self.folder)
            yield
