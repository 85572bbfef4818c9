"""Candidates of many pages → ranked proposals.

What belongs here: votes, support, and the order of candidates. What does not: pages (trying.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from pydantic import ValidationError

from webdata_assets.sources.selectors import Selector
from webdata_assets.stages.extract.induction.lost import MINIMAL_PRECISION, MINIMAL_SUPPORT, Proposal
from webdata_assets.stages.extract.induction.tokens import words_of
from webdata_assets.stages.extract.induction.trying import RIGHT, STALE, WRONG

MOST_TRIED = 40
"""Candidates of one field that are tried on the held-out pages."""
_SAME_SUPPORT = 0.03
"""Candidates this near to the best support are told apart by how likely they are to last."""
_KIN_BONUS = 1.0
_AMBIGUOUS_COST = 1.5
_NEAR_LEVELS = 3
_CONSTANT_SHARE = 0.9
_CONSTANT_SUPPORT = 0.95
_SHOWN = 3


@dataclass(frozen=True)
class Candidate:
    """A selector with what the learning pages say of it.

    Attributes:
        votes: share of the learning pages on which it finds the known value.
        cost: how likely it is to break with the next change.
        near: mean levels up to an element that also holds another field's value.
        is_kin: whether it shares a word with the field's name or its old selectors.
    """

    selector: Selector
    votes: float
    cost: float
    near: float
    is_kin: bool


def candidates_of(answers: Sequence[Sequence[Sequence[object]]], hints: frozenset[str]) -> list[Candidate]:
    """Return the candidates worth trying, from the answers of the learning pages for one field."""
    seen: dict[tuple[tuple[str, str], ...], list[tuple[float, int]]] = {}
    for answer in answers:
        for keys, cost, near in answer:
            assert isinstance(keys, dict)
            seen.setdefault(tuple(keys.items()), []).append((float(str(cost)), int(str(near))))
    ranked: list[Candidate] = []
    for keys, marks in seen.items():
        selector = _selector_of(dict(keys))
        if selector is None:
            continue
        is_kin = bool(words_of(selector.label) & hints)
        cost = fmean(cost for cost, _ in marks) - (_KIN_BONUS if is_kin else 0)
        near = fmean(near for _, near in marks)
        ranked.append(Candidate(selector, len(marks) / len(answers), cost, near, is_kin))
    # a value that many places show gives candidates for each: those tried must include the kin and the near
    ranked.sort(key=lambda one: (-round(one.votes, 1), one.cost + 0.3 * one.near, one.selector.label))
    return ranked[:MOST_TRIED]


def proposals_of(
    candidates: Sequence[Candidate], outcomes: Sequence[Sequence[Sequence[int]]], *, is_constant: bool
) -> list[Proposal]:
    """Return the candidates that do well enough on held-out items, the best first.

    Args:
        candidates: the columns of `outcomes`.
        outcomes: by held-out item, what each candidate gave.
        is_constant: whether nearly all known values are the same: then a candidate needs a better reason than
            that it finds the value.
    """
    good: list[tuple[Proposal, float]] = []
    for number, candidate in enumerate(candidates):
        given = [row[number][0] for row in outcomes]
        right, wrong = given.count(RIGHT), given.count(WRONG)
        support = right / len(given)
        precision = right / (right + wrong) if right else 0.0
        if support < MINIMAL_SUPPORT or precision < MINIMAL_PRECISION:
            continue
        is_plausible = candidate.is_kin or candidate.near <= _NEAR_LEVELS
        if is_constant and (support < _CONSTANT_SUPPORT or not is_plausible):
            continue
        several = sum(row[number][1] > 1 for row in outcomes) / len(outcomes)
        cost = candidate.cost + several * _AMBIGUOUS_COST + 0.15 * candidate.near
        good.append((Proposal(candidate.selector, support, precision, _reason(candidate, given)), cost))
    if not good:
        return []
    best = max(proposal.support for proposal, _ in good)
    good.sort(key=lambda one: (one[0].support < best - _SAME_SUPPORT, one[1], one[0].selector.label))
    return [proposal for proposal, _ in good[:_SHOWN]]


def is_constant(values: Sequence[object]) -> bool:
    """Whether nearly all values are the same one."""
    counts: Mapping[object, int] = {value: values.count(value) for value in set(values)}
    return max(counts.values(), default=0) > _CONSTANT_SHARE * len(values)


def _selector_of(keys: dict[str, str]) -> Selector | None:
    """Return the selector of an answer; None where a page's odd names make no selector of them."""
    try:
        return Selector.model_validate(keys)
    except ValidationError:
        return None


def _reason(candidate: Candidate, given: Sequence[int]) -> str:
    right, stale = given.count(RIGHT), given.count(STALE)
    parts = [f"gives the known value on {right} of {len(given)} held-out records"]
    if stale:
        parts.append(f"another one on {stale} that no longer show it anywhere")
    if candidate.is_kin:
        parts.append("shares a word with the field or its selectors")
    return ", ".join(parts)
