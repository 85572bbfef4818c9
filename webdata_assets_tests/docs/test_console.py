"""Every command of a console block exists, with the options that it is given."""

import re

import pytest

from webdata_assets_tests.docs.commands import commands_in, known_variables, problem_of, typed
from webdata_assets_tests.docs.pages import PAGES, Block, blocks, lines_of

# a name in a file that a reader is to make, or in an example of others
OF_READERS = frozenset({"WEBDATA_SOURCE", "WEBDATA_DATE"})


@pytest.mark.parametrize("block", blocks("console"), ids=str)
def test_every_command_could_be_called(block: Block) -> None:
    lines = [line for line, _ in typed(block)]
    assert lines, "a console block has lines that begin with `$ `"
    problems = [
        f"{line}: {problem}"
        for line in lines
        for command in commands_in(line)
        if (problem := problem_of(command))
    ]
    assert problems == []


def test_every_variable_that_is_named_is_read_somewhere() -> None:
    named = {
        (name, page.name)
        for page in PAGES
        for line in lines_of(page)
        for name in re.findall(r"\bWEBDATA_[A-Z0-9_]*[A-Z0-9]\b(?!…)", line)
    }
    assert {(name, page) for name, page in named if name not in known_variables() | OF_READERS} == set()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("webdata run --sorce my_blog", "--sorce"),
        ("webdata runn", "runn"),
        ("webdata search a --limit many", "many"),
        ("WEBDATA_STOER=x webdata status", "WEBDATA_STOER"),
        ("make dome", "dome"),
        ("python -m webdata_assets_tests.benchmarks.nothing", "nothing"),
        ("frobnicate", "frobnicate"),
        ("dagster jub list", "jub"),
        ("webdata status && webdata runn", "runn"),
    ],
)
def test_what_does_not_exist_is_told(line: str, told: str) -> None:
    problems = [problem for command in commands_in(line) if (problem := problem_of(command))]
    assert problems and told in problems[0]
