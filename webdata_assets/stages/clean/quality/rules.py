"""Which quality rules a text breaks.

What belongs here: the families, and judging by batches. What does not: rules (gopher.py, repetition.py,
c4.py, fineweb.py).
"""

from collections.abc import Iterator

import polars as pl

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.sources.clean import Quality, QualityRules
from webdata_assets.stages.clean.quality import c4, fineweb, gopher, repetition
from webdata_assets.stages.clean.quality.rule import Rule
from webdata_assets.stages.clean.quality.signals import signals

FAMILIES: dict[QualityRules, tuple[Rule, ...]] = {
    "gopher_quality": gopher.RULES,
    "gopher_repetition": repetition.RULES,
    "c4": c4.RULES,
    "fineweb": fineweb.RULES,
}
BATCH_BYTES = 4_000_000
"""As much text as is judged at once: bounds memory at about 40 times as much."""


def rules_of(policy: Quality) -> tuple[Rule, ...]:
    """Return the rules that a source applies, in the order of their families.

    Raises:
        PermanentError: CONFIGURATION, when `except` names a rule that does not exist.
    """
    known = {rule.name for family in FAMILIES.values() for rule in family}
    if unknown := set(policy.except_) - known:
        raise PermanentError(
            f"clean.quality.except: there is no rule {', '.join(sorted(unknown))}; the rules are "
            f"{', '.join(sorted(known))}",
            failure_domain=FailureDomain.CONFIGURATION,
        )
    chosen = (rule for family in FAMILIES if family in policy.rules for rule in FAMILIES[family])
    return tuple(rule for rule in chosen if rule.name not in policy.except_)


def quality_flags(texts: pl.Series, languages: pl.Series, policy: Quality) -> pl.Series:
    """Return the names of the rules that each text breaks, in the rules' order; null for a null text.

    A rule is not applied to texts in languages that it does not fit.

    Raises:
        PermanentError: CONFIGURATION, when `except` names a rule that does not exist.
    """
    rules = rules_of(policy)
    judged = [_judged(texts[start:end], languages[start:end], rules) for start, end in _batches(texts)]
    flags = pl.concat(judged) if judged else pl.Series(dtype=pl.List(pl.String))
    return flags.alias("quality_flags")


def _judged(texts: pl.Series, languages: pl.Series, rules: tuple[Rule, ...]) -> pl.Series:
    numbers = signals(texts).with_columns(language=languages, has_text=texts.is_not_null())
    broken = [
        pl.when(rule.judged(pl.col("language"))).then(pl.lit(rule.name)).otherwise(pl.lit(None, pl.String))
        for rule in rules
    ]
    flags = pl.concat_list(broken).list.drop_nulls() if broken else pl.lit([], pl.List(pl.String))
    return numbers.select(pl.when("has_text").then(flags).alias("flags")).to_series()


def _batches(texts: pl.Series) -> Iterator[tuple[int, int]]:
    start = size = 0
    for end, length in enumerate(texts.str.len_bytes().fill_null(0), start=1):
        size += length
        if size >= BATCH_BYTES:
            yield start, end
            start, size = end, 0
    if start < len(texts):
        yield start, len(texts)
