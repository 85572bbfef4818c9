"""The section `contract` of a sink file: what a consumer may rely on.

What belongs here: its keys and their rules. What does not: holding rows to it (stages/deliver/contract.py).
"""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator

from webdata_assets.sources.grammar import Strict

ColumnType = Literal[
    "string", "int32", "int64", "float32", "float64", "boolean", "date", "timestamp", "decimal",
    "list<string>", "vector",
]  # fmt: skip

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z_][a-z0-9_]{0,62}$")]
"""What may name a column in any sink."""
TableName = Annotated[str, StringConstraints(pattern=r"^([a-z_][a-z0-9_]{0,62}\.)?[a-z_][a-z0-9_]{0,62}$")]


class Column(Strict):
    """One column that is delivered. `title: string` is short for `title: {type: string}`."""

    type: ColumnType = Field(
        description="Exactly: `timestamp` is in UTC to the microsecond, `decimal` has 18 digits, 4 of them "
        "after the point, `vector` is a list of float32"
    )
    required: bool = Field(default=False, description="Whether every row has a value")

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        return {"type": value} if isinstance(value, str) else value


class Contract(Strict):
    """What a consumer may rely on. A delivery that would break it stops before the sink."""

    columns: dict[Identifier, Column] = Field(
        default_factory=dict,
        description="Exactly what is delivered, beside the key and `row_hash`; every column if none is named",
    )
    freshness_hours: float | None = Field(
        default=None,
        gt=0,
        description="Hours since the end of each source's newest delivered date, at most; the check warns",
    )
