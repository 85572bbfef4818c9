"""What the columns of a schema class mean, read from the docstrings below them.

What belongs here: finding those strings in the class's source. What does not: the columns.
"""

import ast
import inspect
import textwrap
from functools import cache

import dataframely as dy

from webdata_assets.schemas.feature import facts_of


@cache
def column_descriptions(schema: type[dy.Schema]) -> dict[str, str]:
    """Return what each documented column means, on one line; undocumented columns are left out.

    That is its docstring, and before it, where the column is a feature, formula and unit.
    """
    docstrings: dict[str, str] = {}
    for part in reversed(schema.__mro__):
        if issubclass(part, dy.Schema) and part is not dy.Schema:
            docstrings |= column_docstrings(part)
    described = {}
    for name, column in schema.columns().items():
        facts = facts_of(column)
        parts = [f"{facts.formula} ({facts.unit})."] if facts else []
        if text := " ".join([*parts, *filter(None, [docstrings.get(name)])]):
            described[name] = text
    return described


def column_docstrings(schema: type[dy.Schema]) -> dict[str, str]:
    """Return the docstrings below the columns that a schema class itself declares."""
    definition = ast.parse(textwrap.dedent(inspect.getsource(schema))).body[0]
    assert isinstance(definition, ast.ClassDef)
    described = {}
    for statement, following in zip(definition.body, definition.body[1:], strict=False):
        if isinstance(statement, ast.Assign) and isinstance(following, ast.Expr):
            [target] = statement.targets
            text = following.value
            if (
                isinstance(target, ast.Name)
                and isinstance(text, ast.Constant)
                and isinstance(text.value, str)
            ):
                described[target.id] = " ".join(text.value.split())
    return described
