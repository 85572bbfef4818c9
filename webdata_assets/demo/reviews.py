"""The reviews that the API lists on a date.

What belongs here: which reviews exist, and their words. What does not: JSON and cursors (api.py).
"""

import datetime as dt
from dataclasses import dataclass

from webdata_assets.demo.calendar import date_of, day_number
from webdata_assets.demo.choice import number, pick, sample
from webdata_assets.demo.topics import topic_of

FIRST_REVIEWS = 30
NEW_PER_DAY = 3
_NAMES = ("Alba", "Bruno", "Chidi", "Dagny", "Emre", "Freya", "Goran", "Hana", "Iker", "Jun", "Kaia", "Liam")
_OPENINGS = (
    "I have used the {noun} almost every week for {span}.",
    "After {span} with the {noun}, this is what I can say.",
    "A friend recommended the {noun}, and after {span} I can see why.",
    "I compared four models before I settled on the {noun}.",
    "The {noun} came as a present {span} ago.",
)
_SPANS = ("two months", "half a year", "six weeks", "a year", "three months")
_VERDICTS = {
    3: (
        "Decent {noun} with a flaw or two",
        "It does the job, but I would look around before buying it again.",
    ),
    4: ("The {noun} I would choose again", "My neighbours have already asked where I found it."),
    5: ("The best {noun} I have owned", "Worth every cent, and I do not say that often."),
}


@dataclass(frozen=True)
class Review:
    """One review. Reviews never change once they are written."""

    id: str
    title: str
    body: str
    category: str
    rating: int
    author: str
    created_at: dt.datetime


def reviews_on(date: dt.date) -> list[Review]:
    """Return the reviews written up to the date, oldest first, so that full pages stay as they are."""
    return [_review(index) for index in range(FIRST_REVIEWS + NEW_PER_DAY * day_number(date))]


def _review(index: int) -> Review:
    topic = topic_of(index)
    goods = topic.products[index // 5 % len(topic.products)]
    noun = goods.noun if any(letter.isdigit() for letter in goods.noun) else goods.noun.lower()
    rating = 3 + number(3, "rating", index)
    title, verdict = _VERDICTS[rating]
    opening = pick(_OPENINGS, "opening", index).format(noun=noun, span=pick(_SPANS, "span", index))
    # The first reviews came one a day before the first day, in the order of their numbers.
    day = index - FIRST_REVIEWS if index < FIRST_REVIEWS else (index - FIRST_REVIEWS) // NEW_PER_DAY + 1
    time = dt.time(8 + 4 * (index % NEW_PER_DAY), number(60, "minute", index), tzinfo=dt.UTC)
    return Review(
        id=f"r-{index:05d}",
        title=title.format(noun=noun),
        body=" ".join([opening, *sample(topic.reviews, 3, "review", index), verdict]),
        category=topic.name,
        rating=rating,
        author=f"{pick(_NAMES, 'name', index)} {chr(65 + number(26, 'initial', index))}.",
        created_at=dt.datetime.combine(date_of(day), time),
    )
