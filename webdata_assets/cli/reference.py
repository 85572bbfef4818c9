"""The reference of commands, `docs/reference/cli.md`, rendered from the commands' own help.

What belongs here: the commands as Markdown. What does not: the commands (main.py and its neighbours).
"""

import inspect
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import click
import typer.main

from webdata_assets.cli.main import app

REFERENCE_PATH = Path(__file__).resolve().parents[2] / "docs" / "reference" / "cli.md"

_HEAD = """\
# Commands

`webdata COMMAND --help` says the same. Settings are variables ([settings](settings.md)). Made from the
commands by `make schema`.

| exit code | says |
|---|---|
| 0 | fine |
| 1 | the work failed, or was not admitted |
| 2 | wrong usage, or a file needs editing |
"""
_EXAMPLE = re.compile(r"\bExample:\s(.+)\Z", re.DOTALL)


def render() -> str:
    """Return the page."""
    root = typer.main.get_command(app)
    sections = (_section(name, command) for name, command in commands_of(root, "webdata"))
    return "\n".join([_HEAD, *sections])


def commands_of(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    """Yield name and command of everything that can be called below a command, in the order of its help."""
    if not isinstance(command, click.Group):
        yield name, command
        return
    if command.invoke_without_command or (command.callback is not None and not command.no_args_is_help):
        yield name, command
    with click.Context(command, info_name=name) as context:
        for each in command.list_commands(context):
            below = command.get_command(context, each)
            assert below is not None
            if not below.hidden:
                yield from commands_of(below, f"{name} {each}")


def _section(name: str, command: click.Command) -> str:
    told, example = _help(command)
    with click.Context(command, info_name=name) as context:
        usage = " ".join(filter(None, [name, *command.collect_usage_pieces(context)]))
        rows = [_row(parameter, context) for parameter in command.params if _is_shown(parameter)]
    parts = [f"## {name}\n", f"{told}\n", f"`{usage}`\n"]
    if rows:
        parts += ["| argument or option | takes | default | meaning |", "|---|---|---|---|", *rows, ""]
    if any(map(_is_json, command.params)):
        parts.append("`--json` prints JSON instead of text.\n")
    if example:
        parts.append(f"```console\n$ {example}\n```\n")
    return "\n".join(parts)


def _help(command: click.Command) -> tuple[str, str]:
    """Return what a command does as one paragraph each, and its example."""
    text = inspect.cleandoc(command.help or "")
    found = _EXAMPLE.search(text)
    example = " ".join(found[1].split()) if found else ""
    paragraphs = (text[: found.start()] if found else text).strip().split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs), example


def _row(parameter: click.Parameter, context: click.Context) -> str:
    is_option = isinstance(parameter, click.Option)
    names = parameter.opts if is_option else [parameter.make_metavar(context)]
    takes = "" if _is_flag(parameter) or not is_option else _takes(parameter)
    cells = (_code(names), takes, _default(parameter), getattr(parameter, "help", None) or "")
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"


def _takes(parameter: click.Parameter) -> str:
    kind = parameter.type
    if isinstance(kind, click.Choice):
        return _code(str(getattr(choice, "value", choice)) for choice in kind.choices)
    bounds = ""
    if isinstance(kind, click.IntRange | click.FloatRange):
        ends = (kind.min, kind.max)
        bounds = " from {} to {}".format(*ends) if None not in ends else f" from {kind.min}"
    named = {"integer": "integer", "float": "number", "path": "path", "file": "path"}
    return (
        named.get(kind.name.removesuffix(" range"), "text")
        + bounds
        + (", repeatable" if parameter.multiple else "")
    )


def _default(parameter: click.Parameter) -> str:
    if parameter.required:
        return "required"
    value = parameter.default
    shown = value is not None and value != "" and not _is_flag(parameter) and not callable(value)
    return f"`{getattr(value, 'value', value)}`" if shown else ""


def _is_flag(parameter: click.Parameter) -> bool:
    return isinstance(parameter, click.Option) and parameter.is_flag


def _is_shown(parameter: click.Parameter) -> bool:
    return not _is_json(parameter) and not getattr(parameter, "hidden", False)


def _is_json(parameter: click.Parameter) -> bool:
    return "--json" in parameter.opts


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


if __name__ == "__main__":
    REFERENCE_PATH.write_text(render(), encoding="utf-8")
