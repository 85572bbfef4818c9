"""The commands of console blocks: taken apart as a shell does, and held against what is installed.

What belongs here: whether a command could be called. What does not: calling it (walking.py).
"""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec

import click
import typer.main

from webdata_assets.cli.main import app
from webdata_assets.settings import Settings
from webdata_assets_tests.deployment import REPOSITORY
from webdata_assets_tests.docs.pages import Block

OTHERS = frozenset(
    {
        "apt-get", "cd", "cp", "curl", "dask", "docker", "git", "helm", "htpasswd", "journalctl", "kubectl",
        "mkdir", "nginx", "pg_dump", "pg_restore", "pip", "playwright", "psql", "rclone", "rm", "rsync",
        "sed", "sudo", "systemctl", "tar",
    }
)  # fmt: skip
"""Programs of others, whose arguments are not looked at."""
_ASSIGNMENT = re.compile(r"(?P<name>[A-Z][A-Z0-9_]*)=(?P<value>.*)", re.DOTALL)
_SHELL_WORDS = {"do", "then", "!"}
_SETTING = re.compile(r"WEBDATA_[A-Z0-9_]*[A-Z0-9]")


@dataclass(frozen=True)
class Command:
    """One command.

    Attributes:
        words: the program and its arguments.
        sets: variables that are set for it, or by it where it has no words.
    """

    words: tuple[str, ...]
    sets: tuple[tuple[str, str], ...]

    @property
    def program(self) -> str:
        return self.words[0].removeprefix(".venv/bin/") if self.words else ""


def typed(block: Block) -> Iterator[tuple[str, list[str]]]:
    """Yield each line that is typed after a prompt, continued ones joined, and the lines shown after it."""
    lines = iter(block.text.splitlines())
    line, shown = "", list[str]()
    for each in lines:
        if each.startswith("$ "):
            if line:
                yield line, shown
            line, shown = each[2:], []
            while line.endswith("\\"):
                line = line[:-1] + next(lines).strip()
        elif each.strip():
            shown.append(each)
    if line:
        yield line, shown


def commands_in(line: str) -> list[Command]:
    """Return the commands of one line of shell."""
    tokens = shlex.shlex(line, posix=True, punctuation_chars=";&|<>")
    tokens.whitespace_split = True
    commands, words = [], list[str]()
    for token in [*tokens, ";"]:
        if set(token) <= set(";&|"):
            commands += [_command(words)] if words else []
            words = []
        else:
            words.append(token)
    return [command for command in commands if command.words or command.sets]


def _command(words: list[str]) -> Command:
    words = words[next((at for at, word in enumerate(words) if word not in _SHELL_WORDS), len(words)) :]
    if words[:1] == ["for"] or words in (["break"], ["done"], ["fi"]):
        return Command((), ())
    rest = words[1:] if words[:1] == ["export"] else words
    sets = []
    while rest and (found := _ASSIGNMENT.fullmatch(rest[0])):
        sets.append((found["name"], found["value"]))
        rest = rest[1:]
    return Command(tuple(rest), tuple(sets))


def problem_of(command: Command) -> str | None:
    """Return what is wrong with a command, or None."""
    for name, _ in command.sets:
        if name.startswith("WEBDATA_") and name not in known_variables():
            return f"no setting is called {name}"
    if not command.words or command.program in OTHERS:
        return None
    if command.program == "webdata":
        return _problem_of_click(typer.main.get_command(app), command.words[1:])
    if command.program == "make":
        return _problem_of_make(command.words[1:])
    if command.program in ("python", "python3.11") and command.words[1:2] == ("-m",):
        return None if find_spec(command.words[2]) else f"there is no module {command.words[2]}"
    if command.program in ("dagster", "dagster-webserver", "dg"):
        return _problem_of_click(_dagsters(command.program), command.words[1:])
    return f"{command.program}: no such program is known to webdata_assets_tests/docs/commands.py"


def _problem_of_click(program: click.Command, words: tuple[str, ...]) -> str | None:
    """Parse arguments down to the command that they name, and call nothing."""
    if "--help" in words or "--version" in words:
        words = words[: next(at for at, word in enumerate(words) if word in ("--help", "--version"))]
        return None if not words else _problem_of_group(program, words)
    try:
        context = program.make_context(program.name or "", [*words])
        while isinstance(context.command, click.Group) and context._protected_args + context.args:
            arguments = [*context._protected_args, *context.args]
            name, found, rest = context.command.resolve_command(context, arguments)
            assert found is not None
            context = found.make_context(name, rest, parent=context)
    except (click.ClickException, click.exceptions.Exit) as error:
        return getattr(error, "message", str(error))
    return None


def _problem_of_group(program: click.Command, words: tuple[str, ...]) -> str | None:
    context = click.Context(program)
    for word in words:
        found = program.get_command(context, word) if isinstance(program, click.Group) else None
        if found is None:
            return f"no such command: {word}"
        program = found
    return None


def _problem_of_make(words: tuple[str, ...]) -> str | None:
    targets = set(
        re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    )
    missing = [word for word in words if "=" not in word and word not in targets]
    return f"no target: {missing}" if missing else None


def _dagsters(program: str) -> click.Command:
    if program == "dagster":
        from dagster._cli import create_dagster_cli

        return create_dagster_cli()
    if program == "dg":
        from dagster_dg_cli.cli import create_dg_cli

        return create_dg_cli()
    from dagster_webserver.cli import create_dagster_webserver_cli

    return create_dagster_webserver_cli()


@cache
def known_variables() -> frozenset[str]:
    """Return the variables that settings, or the code beside them, read."""
    named = {f"WEBDATA_{name.upper()}" for name in Settings.model_fields}
    for folder in ("webdata_assets", "webdata_assets_tests/ui"):
        for file in (REPOSITORY / folder).rglob("*.py"):
            named |= {*_SETTING.findall(file.read_text(encoding="utf-8"))}
    return frozenset(named)
