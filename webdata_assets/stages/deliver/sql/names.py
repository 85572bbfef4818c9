"""Identifiers in statements: which are allowed, and how they are quoted.

What belongs here: the one place where a name becomes part of a statement. What does not: values, which travel
as parameters or as data.
"""

import re

from webdata_assets.errors import FailureDomain, PermanentError

_IDENTIFIER = re.compile(r"[a-z_][a-z0-9_]{0,62}")


def checked(name: str) -> str:
    """Return a name that may stand in a statement.

    Raises:
        PermanentError: it has other characters than `a-z`, `0-9` and `_`, or more than 63.
    """
    if not _IDENTIFIER.fullmatch(name):
        raise PermanentError(
            f"{name!r} cannot name a table or column: write a-z, 0-9 and _, at most 63 characters, "
            "and no digit first",
            failure_domain=FailureDomain.CONFIGURATION,
        )
    return name


def quoted(name: str, *, mark: str = '"') -> str:
    """Return a checked name, or several joined by dots (`schema.table`), in quotation marks."""
    return ".".join(f"{mark}{checked(part)}{mark}" for part in name.split("."))


def beside(table: str, name: str) -> str:
    """Return a name within the schema of a table: `sales.records` and `x` make `sales.x`."""
    schema, dot, _ = table.rpartition(".")
    return f"{schema}{dot}{name}"
