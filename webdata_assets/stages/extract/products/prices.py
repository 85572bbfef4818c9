"""The price on a product page that states none for machines: which of the amounts shown is it?

What belongs here: the choice. What does not: prices that the page states (stated.py, declared.py).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import islice

from webdata_assets.stages.extract.products.amounts import Amount, amounts_in
from webdata_assets.stages.extract.products.price_evidence import evidence_of
from webdata_assets.stages.extract.products.surroundings import Surroundings
from webdata_assets.stages.extract.products.texts import PageTexts

_MAX_AMOUNTS = 200


@dataclass(frozen=True)
class PriceWeights:
    """How evidence is weighed.

    Attributes:
        weights: by the name of the evidence; the sum is the logarithm of the odds.
        least: the sum under which no amount is taken.
    """

    weights: Mapping[str, float]
    least: float

    def score(self, evidence: frozenset[str]) -> float:
        """Return how much speaks for an amount."""
        return sum(self.weights.get(name, 0.0) for name in evidence)


@lru_cache(maxsize=1)
def trained_weights() -> PriceWeights:
    """Return the weights that ship with the project, see `price_weights.json`."""
    stored = json.loads(files(__package__).joinpath("price_weights.json").read_text())
    return PriceWeights(stored["weights"], stored["least"])


def shown_price(page: PageTexts, weights: PriceWeights) -> Amount | None:
    """Return the amount for which most speaks, the first of equals; None where none is convincing."""
    scored = [(weights.score(evidence), amount) for amount, evidence in weighed_amounts(page)]
    score, amount = max(scored, key=lambda entry: entry[0], default=(weights.least - 1, None))
    return amount if score >= weights.least else None


def weighed_amounts(page: PageTexts) -> list[tuple[Amount, frozenset[str]]]:
    """Return the amounts on a page, in its order, each with its evidence."""
    surroundings = Surroundings()
    amounts = list(islice(amounts_in(page.texts, surroundings), _MAX_AMOUNTS))
    return list(zip(amounts, evidence_of(page, amounts, surroundings), strict=True))
