"""What each sign of a date in sight is worth, and how likely that makes it the publication.

What belongs here: the weights and their use. What does not: the signs (signs.py, sight.py).
"""

import json
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from webdata_assets.stages.extract.dating.reader import Sighting

WEIGHTS_FILE = "weights.json"
ANY_DATE = "any date"
"""The weight that every date has; against it stands, at 0, that the page shows no date of publication."""


@dataclass(frozen=True)
class LikelyDate:
    """The date that is the publication with this probability, and where it is seen best."""

    sighting: Sighting
    probability: float


@cache
def shipped_weights() -> Mapping[str, float]:
    """Return the weights that `webdata_assets_tests.benchmarks.fit_dates` has fitted."""
    weights: dict[str, float] = json.loads((files(__package__) / WEIGHTS_FILE).read_bytes())
    return weights


def most_likely(found: Sequence[Sighting], weights: Mapping[str, float] | None = None) -> LikelyDate | None:
    """Return the likeliest date of a page; the same date in several places is as likely as these together.

    A conditional logit model (McFadden 1974): the odds of a date are the exponential of the sum of the
    weights of its signs.
    """
    if not found:
        return None
    worth = shipped_weights() if weights is None else weights
    odds = [math.exp(worth[ANY_DATE] + sum(worth.get(sign, 0.0) for sign in seen.signs)) for seen in found]
    by_date: dict[object, float] = defaultdict(float)
    for sighting, value in zip(found, odds, strict=True):
        by_date[sighting.date] += value
    likeliest = max(by_date, key=lambda date: by_date[date])
    _, best = max((value, -at) for at, value in enumerate(odds) if found[at].date == likeliest)
    return LikelyDate(found[-best], by_date[likeliest] / (1 + sum(odds)))
