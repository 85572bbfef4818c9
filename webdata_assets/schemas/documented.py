"""What the columns of a schema class mean, read from the docstrings below them.

What belongs here: finding those strings in the class's source. What does not: the columns.
"""

import ast
import inspect
import textwrap
from functools import cache

import dataframely as dy


@cache
def column_descriptions(schema: type[dy.Schema]) -> dict[str, str]:
    """Return the docstring of each documented column, on one line; undocumented columns are left out."""
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
