"""The five topics that all four sites write about, read from `topics/*.yaml`.

What belongs here: vocabulary and sentences. What does not: how they become products, posts or guides.
"""

from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict

TOPIC_NAMES = ("kitchen", "garden", "audio", "cycling", "photography")


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Goods(_Frozen):
    """Something that the shop sells and the reviews talk about."""

    noun: str
    price: int
    """The usual price in euros."""
    text: str


class Subject(_Frozen):
    """The title and first sentences of a post or a guide."""

    title: str
    opening: str


class Topic(_Frozen):
    """The words of one topic."""

    name: str
    title: str
    brands: tuple[str, ...]
    products: tuple[Goods, ...]
    features: tuple[str, ...]
    advice: tuple[str, ...]
    headings: tuple[str, ...]
    subjects: tuple[Subject, ...]
    reviews: tuple[str, ...]
    guide: Subject


@cache
def topics() -> tuple[Topic, ...]:
    """Return the topics in the order of `TOPIC_NAMES`."""
    folder = Path(__file__).parent / "topics"
    return tuple(
        Topic.model_validate(yaml.safe_load((folder / f"{name}.yaml").read_text(encoding="utf-8")))
        for name in TOPIC_NAMES
    )


def topic_of(index: int) -> Topic:
    """Return the topic of the n-th thing: topics take turns."""
    return topics()[index % len(TOPIC_NAMES)]


def slug(title: str) -> str:
    """Return a title in the form that URLs hold, such as `cast-iron-skillet`."""
    words = "".join(letter if letter.isalnum() else " " for letter in title.lower().replace("'", ""))
    return "-".join(words.split())
