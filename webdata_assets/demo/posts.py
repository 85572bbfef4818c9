"""The blog's posts on a date, the flood of copies included.

What belongs here: which posts exist, and their words. What does not: HTML, RSS and sitemaps (blog.py).
"""

import datetime as dt
from dataclasses import dataclass, replace

from webdata_assets.demo.calendar import Incident, date_of, day_number, happens, has_begun
from webdata_assets.demo.choice import number, pick, sample
from webdata_assets.demo.topics import Topic, slug, topic_of

FIRST_POSTS = 20
NEW_PER_DAY = 2
EDIT_ONE_IN = 12
"""A post is edited on one day in twelve."""
BROKEN_POST = FIRST_POSTS + 2 * NEW_PER_DAY - 1
"""The post that answers 503 on the day of that incident, on which it is published."""
COPIED_POST = 11
"""The post that the flood copies. It is never edited, so that exact copies stay exact."""
REMOVED_POST, REMOVED_ON_DAY = 7, 3
"""A post that its author takes down: 410 from 4 June on, and no longer in the sitemap."""
EXACT_COPIES = 4
AUTHORS = ("Ines Carvalho", "Tom Hadley", "Priya Raman", "Jonas Weber", "Amara Okafor")
_POSTSCRIPTS = (
    "I come back to this every year.",
    "A friend asked me for this, so here it is.",
    "It took me ten years to learn.",
    "Try it once and tell me how it went.",
)


@dataclass(frozen=True)
class Section:
    """A heading with its paragraph."""

    heading: str
    paragraph: str


@dataclass(frozen=True)
class Post:
    """One post as the blog shows it on one date."""

    path: str
    title: str
    author: str
    topic: Topic
    opening: str
    sections: tuple[Section, ...]
    published_at: dt.datetime
    modified_at: dt.datetime


def posts_on(date: dt.date) -> list[Post]:
    """Return the posts that are online, newest first, copies of the flood before all."""
    day = day_number(date)
    indexes = reversed(range(FIRST_POSTS + NEW_PER_DAY * day))
    posts = [_post(index, day) for index in indexes if not is_removed(index, date)]
    return [*_copies(date), *posts]


def removed_paths(date: dt.date) -> frozenset[str]:
    """Return where posts lay that have been taken down."""
    return frozenset({_post(REMOVED_POST, 0).path} if is_removed(REMOVED_POST, date) else ())


def broken_paths(date: dt.date) -> frozenset[str]:
    """Return the posts that cannot be reached on the date."""
    broken = happens(Incident.BLOG_BROKEN_POST, date)
    return frozenset({_post(BROKEN_POST, 0).path} if broken else ())


def is_removed(index: int, date: dt.date) -> bool:
    """Say whether a post has been taken down by the date."""
    return index == REMOVED_POST and day_number(date) >= REMOVED_ON_DAY


def _post(index: int, day: int) -> Post:
    topic = topic_of(index)
    round_, position = divmod(index // 5, len(topic.subjects))
    subject = topic.subjects[position]
    title = subject.title + (f", Part {round_ + 1}" if round_ else "")
    count = 2 + number(3, "sections", index)
    headings = sample(topic.headings, count, "headings", index)
    advice = sample(topic.advice, 3 * count, "advice", index)
    sections = [
        Section(heading, " ".join(advice[3 * place : 3 * place + 3]))
        for place, heading in enumerate(headings)
    ]
    # The first posts are spread over the weeks before the first day, two days apart.
    first_day = 2 * (index - FIRST_POSTS) if index < FIRST_POSTS else (index - FIRST_POSTS) // NEW_PER_DAY + 1
    published_at = _moment(first_day, "published", index)
    edited = next((d for d in range(day, max(first_day, 0), -1) if _is_edited(index, d)), None)
    if edited is not None:
        sections.append(Section("Update", f"A reader adds: {pick(topic.advice, 'update', index, edited)}"))
    return Post(
        path=f"/posts/{slug(title)}",
        title=title,
        author=pick(AUTHORS, "author", index),
        topic=topic,
        opening=subject.opening,
        sections=tuple(sections),
        published_at=published_at,
        modified_at=published_at if edited is None else _moment(edited, "edited", index),
    )


def _is_edited(index: int, day: int) -> bool:
    return index != COPIED_POST and number(EDIT_ONE_IN, "edit", index, day) == 0


def _moment(day: int, *seed: object) -> dt.datetime:
    """Return a moment in the morning of a day."""
    time = dt.time(5 + number(6, *seed, "hour"), number(60, *seed, "minute"), tzinfo=dt.UTC)
    return dt.datetime.combine(date_of(day), time)


def _copies(date: dt.date) -> list[Post]:
    """Return the flood: copies keep title, author and date, as those who copy do; half add a sentence."""
    if not has_begun(Incident.BLOG_FLOOD, date):
        return []
    original = _post(COPIED_POST, 0)
    name = original.path.rpartition("/")[2]
    exact = [replace(original, path=f"/reposts/{name}-{copy}") for copy in range(1, EXACT_COPIES + 1)]
    edited = [
        replace(
            original,
            path=f"/reposts/{name}-{EXACT_COPIES + 1 + place}",
            opening=f"{original.opening} {postscript}",
        )
        for place, postscript in enumerate(_POSTSCRIPTS)
    ]
    return [*exact, *edited]
