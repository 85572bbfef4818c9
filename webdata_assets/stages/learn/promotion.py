"""Promotion: whether a challenger becomes champion.

What belongs here: the rule. What does not: the scores (evaluation.py), and moving the alias (assets/).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Decision:
    """Whether to promote, and why or why not, in words."""

    promote: bool
    reason: str


def decide(
    challenger_score: float, champion_score: float | None, floor: float, margin: float = 0.01
) -> Decision:
    """Promote a challenger that reaches the floor and is not worse than the champion by more than `margin`.

    Args:
        challenger_score: in 0…1; a NaN is never promoted.
        champion_score: on the same rows; None when there is no champion.
        floor: the least score that any champion must have.
        margin: how much worse than the champion the challenger, trained on newer data, may be.
    """
    if not challenger_score >= floor:
        return Decision(False, f"score {challenger_score:.3f} is under the floor of {floor:.3f}")
    if champion_score is None:
        return Decision(True, f"first champion: score {challenger_score:.3f}, floor {floor:.3f}")
    least = champion_score - margin
    if not challenger_score >= least:
        return Decision(
            False, f"score {challenger_score:.3f} is more than {margin:.3f} under {champion_score:.3f}"
        )
    return Decision(True, f"score {challenger_score:.3f} against the champion's {champion_score:.3f}")
