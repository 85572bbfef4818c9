"""The structure chunker: parts of a text, packed into chunks as full as they can be without tearing.

What belongs here: where a chunk ends. What does not: what may be an end (boundaries.py), and what is encoded
before a chunk (context.py).
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from webdata_assets.stages.embed.chunking.boundaries import finders_of
from webdata_assets.stages.embed.chunking.chunk import Chunk
from webdata_assets.stages.embed.chunking.context import Context, Contexts
from webdata_assets.stages.embed.chunking.tokens import SPECIAL_TOKENS, TextTokens
from webdata_assets.stages.extract.main_content.structure import Part


class Packer:
    """Cuts one text into chunks.

    A part stays whole where it fits into a chunk, and a heading goes with what follows it. Small parts share
    a chunk; one that is half full ends before a heading of the level that it lies under, or a higher one. A
    part that is too long is cut where least is torn: between items, rows or lines, then sentences, then
    words, and within a word only where that alone is too long.

    Args:
        tokens: the text.
        parts: its parts in order; at least one.
        contexts: what is encoded before each chunk.
        max_tokens: of what is encoded, special ones included.
    """

    def __init__(
        self, tokens: TextTokens, parts: Sequence[Part], contexts: Contexts, max_tokens: int
    ) -> None:
        self._tokens = tokens
        self._text = tokens.text
        self._parts = parts
        self._starts = [part.start for part in parts]
        self._contexts = contexts
        self._room = max_tokens - SPECIAL_TOKENS
        self._sections = list(_section_levels(parts))
        # a chunk may end before a part that follows no heading
        self._ends = [number for number in range(1, len(parts)) if parts[number - 1].kind != "heading"]
        self._end_places = [parts[number].start for number in self._ends]
        self._inner: dict[tuple[int, int], list[int]] = {}

    def chunks(self) -> Iterator[Chunk]:
        """Yield the chunks in order; together they hold every character that is not space, each once."""
        start = self._skip_space(0)
        while start < len(self._text):
            path = self._parts[self._part_at(start)].path
            context = self._contexts.before(start, path)
            end, tokens = self._end_of(start, context)
            yield Chunk(start, end, tokens + SPECIAL_TOKENS, path, context.text)
            start = self._skip_space(end)

    def _end_of(self, start: int, context: Context) -> tuple[int, int]:
        """Return where the chunk that begins at `start` ends, and the tokens of what is encoded of it."""
        room = self._room - context.tokens
        cut = self._cut(start, room)
        while True:
            end = start + len(self._text[start:cut].rstrip())
            tokens = self._tokens.measure(start, end, context.text, context.tokens)
            if tokens <= self._room:
                return end, tokens
            if end - start == 1:
                raise AssertionError("a single character has more tokens than a chunk may hold")
            # only parts of words, and tokenizers that do not split at spaces, come here
            room = min(room, self._tokens.count(start, end)) - (tokens - self._room)
            cut = self._cut(start, room) if room > 0 else (start + end) // 2

    def _cut(self, start: int, room: int) -> int:
        """Return the place after `start` before which a chunk of at most `room` tokens had best end."""
        furthest = self._tokens.furthest(start, room)
        first = bisect_right(self._end_places, start)
        after = bisect_right(self._end_places, furthest)
        section = self._sections[self._part_at(start)]
        for place, number in zip(self._end_places[first:after], self._ends[first:after], strict=True):
            level = self._parts[number].level
            if 0 < level <= section and self._is_half_full(start, place, room):
                return place
        if furthest == len(self._text):
            return furthest
        end = self._end_places[after - 1] if after > first else None
        next_end = self._end_places[after] if after < len(self._ends) else len(self._text)
        torn = self._part_at(furthest)
        if end is not None and (
            self._is_half_full(start, end, room)
            or self._parts[torn].kind == "heading"
            or self._fits(end, next_end)
        ):
            return end
        return self._cut_within(torn, start, furthest, room, end)

    def _cut_within(self, number: int, start: int, furthest: int, room: int, end: int | None) -> int:
        """Return where to cut a part that goes on after `furthest`; `end` is the last place before it."""
        part = self._parts[number]
        for finder in range(len(finders_of(part.kind))):
            places = self._places_within(number, finder)
            after = bisect_right(places, furthest)
            next_place = places[after] if after < len(places) else self._end_of_part(number)
            if after and places[after - 1] > start:
                end = places[after - 1]
                if self._is_half_full(start, end, room) or self._fits(end, next_place):
                    return end
        if end is not None and self._is_half_full(start, end, room):
            return end
        return furthest

    def _places_within(self, number: int, finder: int) -> list[int]:
        """Return the places in a part that one of its finders and those before it find."""
        known = self._inner.get((number, finder))
        if known is None:
            part = self._parts[number]
            found = set(finders_of(part.kind)[finder](self._text, part.start, part.end))
            if finder:
                found.update(self._places_within(number, finder - 1))
            known = self._inner[number, finder] = sorted(found)
        return known

    def _fits(self, start: int, end: int) -> bool:
        """Tell whether a slice fits into a chunk of its own."""
        path = self._parts[self._part_at(start)].path
        return self._tokens.count(start, end) <= self._room - self._contexts.before(start, path).tokens

    def _is_half_full(self, start: int, end: int, room: int) -> bool:
        return 2 * self._tokens.count(start, end) >= room

    def _part_at(self, place: int) -> int:
        return max(0, bisect_right(self._starts, place) - 1)

    def _end_of_part(self, number: int) -> int:
        return self._starts[number + 1] if number + 1 < len(self._parts) else len(self._text)

    def _skip_space(self, place: int) -> int:
        rest = self._text[place : place + 64]
        while rest and rest.isspace():
            place += len(rest)
            rest = self._text[place : place + 64]
        return place + len(rest) - len(rest.lstrip())


def _section_levels(parts: Sequence[Part]) -> Iterator[int]:
    """Yield for each part the level of the heading that it is, or else that it lies under; 0 for none."""
    level = 0
    for part in parts:
        level = part.level or level
        yield level
