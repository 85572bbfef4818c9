"""The guides that the JavaScript app shows on a date.

What belongs here: which guides exist, and their words. What does not: the shell and its script (app.py).
"""

import datetime as dt
from dataclasses import dataclass

from webdata_assets.demo.calendar import date_of, day_number
from webdata_assets.demo.choice import sample
from webdata_assets.demo.topics import Subject, Topic, slug, topics

REVISED_GUIDE, REVISED_ON_DAY = 0, 2
ADDED_ON_DAY = 4
"""The seventh guide appears on 5 June."""
_DAILY = Subject(
    title="Caring for Your Equipment",
    opening="Tools that are cleaned after use are ready before use. Ten minutes on a Sunday keep blades "
    "sharp, pans black and hinges quiet.",
)
_BUYING = Subject(
    title="Buying Speakers Second Hand",
    opening="Good speakers outlive three owners, if each of them looked at the foam. Bring a record you know "
    "and a small torch.",
)


@dataclass(frozen=True)
class Guide:
    """One guide as the app shows it on one date."""

    path: str
    title: str
    summary: str
    steps: tuple[str, ...]
    topic: Topic
    updated: dt.date


def guides_on(date: dt.date) -> list[Guide]:
    """Return the guides in the order of the app's front page."""
    day = day_number(date)
    subjects = [(topic.guide, topic) for topic in topics()] + [(_DAILY, topics()[0])]
    if day >= ADDED_ON_DAY:
        subjects.append((_BUYING, topics()[2]))
    return [_guide(index, subject, topic, day) for index, (subject, topic) in enumerate(subjects)]


def _guide(index: int, subject: Subject, topic: Topic, day: int) -> Guide:
    revised = index == REVISED_GUIDE and day >= REVISED_ON_DAY
    return Guide(
        path=f"/guides/{slug(subject.title)}",
        title=subject.title,
        summary=subject.opening,
        steps=tuple(sample(topic.advice, 7 if revised else 6, "guide", subject.title)),
        topic=topic,
        updated=date_of(REVISED_ON_DAY if revised else ADDED_ON_DAY if index > 5 else -10 - index),
    )
