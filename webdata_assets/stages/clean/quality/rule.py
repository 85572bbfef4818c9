"""What a quality rule is.

What belongs here: the form of rules, and the languages that some do not fit. What does not: any rule (the
modules named after their papers).
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

ENGLISH = frozenset({"en"})
UNSPACED = frozenset({"bo", "dz", "ja", "km", "lo", "my", "th", "wuu", "yue", "zh"})
"""Languages that do not part words by spaces: what counts words cannot judge them."""
WITHOUT_FULL_STOPS = frozenset({"lo", "th"})
"""Languages that end sentences with a space."""


@dataclass(frozen=True)
class Rule:
    """One rule.

    Attributes:
        name: `family:rule`, as flags and a source's `except` name it.
        breaks: over the signals of a text, true where the text breaks the rule.
        description: its formula, threshold and paper.
        only: the languages it is for; empty: all.
        not_for: languages it does not fit.
    """

    name: str
    breaks: pl.Expr
    description: str
    only: frozenset[str] = frozenset()
    not_for: frozenset[str] = frozenset()

    def judged(self, language: pl.Expr) -> pl.Expr:
        """Return `breaks`, false for other languages; a text of unknown language is judged."""
        fits = pl.lit(value=True)
        if self.only:
            fits &= language.is_null() | language.is_in(sorted(self.only))
        if self.not_for:
            fits &= language.is_null() | ~language.is_in(sorted(self.not_for))
        return self.breaks & fits


def rule(
    family: str, *, only: frozenset[str] = frozenset(), not_for: frozenset[str] = frozenset()
) -> Callable[[Callable[[], pl.Expr]], Rule]:
    """Make a rule of a function that returns `breaks`: named after it, described by its docstring."""

    def made(function: Callable[[], pl.Expr]) -> Rule:
        description = inspect.getdoc(function)
        assert description, f"the rule {function.__name__} says nothing of its paper"
        return Rule(f"{family}:{function.__name__}", function(), description, only, not_for)

    return made
