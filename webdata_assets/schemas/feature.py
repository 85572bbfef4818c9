"""How a feature is declared: a column that knows its version, unit, formula and source.

What belongs here: the facts of a feature, and columns that carry them. What does not: any feature
(model_features.py, features.py), and computing them (stages/featurize).
"""

from dataclasses import dataclass
from typing import Any

import dataframely as dy

_FACTS = "feature"


@dataclass(frozen=True)
class FeatureFacts:
    """What is known of a feature beside its type and bounds.

    Attributes:
        unit: what one is one of.
        formula: in words or as an expression over columns of records and of changes.
        version: raised whenever the formula gives other values.
        unknown: what stands there when there is nothing to compute it from.
        source: who proposed the formula; None for plain counts and shares.
    """

    unit: str
    formula: str
    version: int = 1
    unknown: str = "0"
    source: str | None = None


def facts_of(column: dy.Column) -> FeatureFacts | None:
    """Return the facts of a feature; None for a column that is none."""
    facts = (column.metadata or {}).get(_FACTS)
    assert facts is None or isinstance(facts, FeatureFacts)
    return facts


def count(unit: str, formula: str, **more: Any) -> dy.Int32:
    """A number of things; never null."""
    return dy.Int32(nullable=False, min=0, metadata={_FACTS: FeatureFacts(unit, formula, **more)})


def number(unit: str, formula: str, *, least: float | None = 0, **more: Any) -> dy.Float64:
    """A measure; never null, NaN or infinite."""
    return dy.Float64(nullable=False, min=least, metadata={_FACTS: FeatureFacts(unit, formula, **more)})


def share(formula: str, **more: Any) -> dy.Float64:
    """A part of a whole, 0 to 1; never null."""
    return dy.Float64(nullable=False, min=0, max=1, metadata={_FACTS: FeatureFacts("share", formula, **more)})


def flag(formula: str, **more: Any) -> dy.Bool:
    """True or false; never null."""
    return dy.Bool(nullable=False, metadata={_FACTS: FeatureFacts("true or false", formula, **more)})


def known_number(
    unit: str, formula: str, *, least: float | None = 0, most: float | None = None, **more: Any
) -> dy.Float64:
    """A measure that is null where it is not known, because no number would say so."""
    facts = FeatureFacts(unit, formula, unknown="null", **more)
    return dy.Float64(nullable=True, min=least, max=most, metadata={_FACTS: facts})
