"""Reading a page from top to bottom for the dates that its reader sees.

What belongs here: dates in text nodes and attributes, each with the signs of its place. What does not: the
signs themselves (signs.py), comparing the dates of a page (sight.py).
"""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from selectolax.lexbor import LexborNode

from webdata_assets.stages.extract.dating.patterns import WrittenDay, days_in
from webdata_assets.stages.extract.dating.signs import Surroundings, word_after, word_before

EARLIEST_YEAR = 1995
MAX_DATES = 40
_MAX_NODES = 60_000
_MAX_LOOKS = 1_000
"""Texts with a year that are looked at; tables of figures have more."""
_MAX_GATHERED = 20
"""Places where a date is gathered from several elements."""
_MAX_TEXT = 1_000
_SHORT_TEXT = 40
_PIECE = 14
"""Characters of what may be one piece of a date in several elements."""
_LEAD = 40
_MAX_ATTRIBUTE = 80

_UNSEEN = frozenset({"script", "style", "noscript", "template", "svg", "option", "textarea", "title"})
_YEAR = re.compile(r"20[0-3]\d|199\d")
_SHORT_DATE = re.compile(r"\d[./]\d\d?[./]\d\d")
_CLOCK = re.compile(r"\W{0,4}\s?(?:at|um|à|alle|às|om|kl\.?|-|\|)?\s*\d\d?[:.h]\d\d")
_ATTRIBUTES = ("datetime", "title")
_WITH_ATTRIBUTES = "time[datetime], abbr[title], span[title], relative-time[datetime]"


@dataclass
class Sighting:
    """A date in sight.

    Attributes:
        date: the day, as written.
        raw: how it is written, with what follows: it may be the time of day.
        position: characters of text before it.
        tag: of its element.
        css_class: of its element.
        signs: what speaks for or against its being the publication; see weights.py.
    """

    date: dt.date
    raw: str
    position: int
    tag: str
    css_class: str
    signs: set[str] = field(default_factory=set)


class PageReader:
    """Reads the body of one page, in the order of its nodes and only as far as needed.

    Attributes:
        found: the dates so far.
        position: characters of text so far.
        heading_at: the position of the heading, once it is reached.
    """

    def __init__(self, latest: dt.date, heading: int | None, reach: int, *, month_first: bool) -> None:
        """Prepare to read.

        Args:
            latest: the last day that counts.
            heading: the memory address of the heading's element.
            reach: how many characters after the heading are read.
            month_first: whether 3/4/2026 is the fourth of March.
        """
        self._latest = latest
        self._heading = heading
        self._reach = reach
        self._month_first = month_first
        self._surroundings = Surroundings()
        self._before = ("", "")
        self._looks = 0
        self._gathered = 0
        self.found: list[Sighting] = []
        self.position = 0
        self.heading_at: int | None = None

    def read(self, body: LexborNode) -> Iterator[Sighting]:
        """Yield the dates of a page as they are come upon."""
        telling = {node.mem_id for node in body.css(_WITH_ATTRIBUTES)} | {self._heading}
        for node in islice(body.traverse(include_text=True), _MAX_NODES):
            if node.is_text_node:
                text = node.text_content or ""
                if text.isspace():
                    continue
                sightings = self._in_text(node, text)
            elif node.mem_id not in telling:
                continue
            elif node.mem_id != self._heading:
                sightings = self._in_attributes(node)
            else:
                self.heading_at = self.position
                continue
            for sighting in sightings:
                self.found.append(sighting)
                yield sighting
            if len(self.found) >= MAX_DATES or self._looks > _MAX_LOOKS or self._is_past_reach():
                return

    def _is_past_reach(self) -> bool:
        return self.heading_at is not None and self.position > self.heading_at + self._reach

    def _in_text(self, node: LexborNode, text: str) -> list[Sighting]:
        length = len(text)
        match = _YEAR.search(text) if "20" in text or "199" in text else None
        if match is None and length <= _SHORT_TEXT:
            match = _SHORT_DATE.search(text)
        sightings: list[Sighting] = []
        if match or length > _MAX_TEXT:
            parent = node.parent
            if parent is None or parent.tag in _UNSEEN:
                return []
            if match:
                self._looks += 1
                start = max(0, match.start() - _MAX_TEXT // 2) if length > _MAX_TEXT else 0
                line = " ".join(text[start : start + _MAX_TEXT].split())
                sightings = list(self._in_line(parent, line))
        self.position += length
        self._before = (self._before[1], text)
        return sightings

    def _in_line(self, parent: LexborNode, line: str) -> Iterator[Sighting]:
        days = list(self._plausible(line, short_years=len(line) <= _SHORT_TEXT))
        is_gathered = not days and len(line) <= _PIECE
        if is_gathered:
            line, days = self._gather(parent)
        for number, day in enumerate(days[:4]):
            written = line[max(0, day.start - _LEAD) : day.start]
            before = written if day.start > _LEAD // 2 else f"{self._text_before()} {written}"
            share = (day.end - day.start) / len(line)
            signs = {
                f"before:{word_before(before[-_LEAD:])}",
                f"after:{word_after(line[day.end : day.end + _LEAD // 2])}",
                "alone"
                if share > 0.85
                else "mostly"
                if share > 0.4
                else "brief"
                if len(line) < 90
                else "prose",
            }
            for sign, holds in (
                ("gathered", is_gathered),
                ("short_year", day.end - day.start <= 8),
                ("with_time", _CLOCK.match(line, day.end)),
                ("not_first_of_text", number > 0),
                ("ambiguous", day.is_ambiguous),
            ):
                if holds:
                    signs.add(sign)
            yield self._sighting(day, parent, line[day.start : day.end + _LEAD], signs)

    def _gather(self, parent: LexborNode | None) -> tuple[str, list[WrittenDay]]:
        """Look for a date whose day, month and year are in elements of their own."""
        self._gathered += 1
        for _ in range(3):
            if parent is None or self._gathered > _MAX_GATHERED:
                break
            line = " ".join(parent.text(separator=" ")[: 4 * _LEAD].split())
            if len(line) > 2 * _LEAD:
                break
            if days := list(self._plausible(line, short_years=False)):
                return line, days
            parent = parent.parent
        return "", []

    def _in_attributes(self, node: LexborNode) -> list[Sighting]:
        attributes = node.attributes
        for name in _ATTRIBUTES:
            raw = (attributes.get(name) or "").strip()
            if not raw or len(raw) > _MAX_ATTRIBUTE:
                continue
            if day := next(self._plausible(raw, short_years=False), None):
                signs = {"attribute", f"@{name}", f"before:{word_before(self._text_before()[-_LEAD:])}"}
                return [self._sighting(day, node, raw, signs)]
        return []

    def _sighting(self, day: WrittenDay, node: LexborNode, raw: str, signs: set[str]) -> Sighting:
        signs |= self._surroundings.signs(node)
        css_class = (node.attributes.get("class") or "")[:_MAX_ATTRIBUTE]
        return Sighting(day.date, raw, self.position, node.tag or "", css_class, signs)

    def _text_before(self) -> str:
        return " ".join(f"{self._before[0][-_LEAD:]} {self._before[1][-_LEAD:]}".split())

    def _plausible(self, line: str, *, short_years: bool) -> Iterator[WrittenDay]:
        for day in days_in(line, month_first=self._month_first, short_years=short_years):
            if day.date.year >= EARLIEST_YEAR and day.date <= self._latest:
                yield day
