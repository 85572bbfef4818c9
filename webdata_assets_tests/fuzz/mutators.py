"""Mutations that know a format a little, so that what comes out is still read beyond its first bytes.

What belongs here: mutators for markup, for lines, and for a head before a body. What does not: YAML
(targets/source_yaml.py) and web archives (targets/warc.py), which only one target needs.
"""

import random
import re
from collections.abc import Sequence

from webdata_assets_tests.fuzz.target import Mutate, Mutator

_PIECE = re.compile(rb"<[^<>]*>?|[^<>]+|>")
_MAX_COPIES = 64


def shuffled(pieces: list[bytes], tokens: Sequence[bytes], rng: random.Random, mutate: Mutate) -> list[bytes]:
    """Return pieces with one of them changed, moved, doubled, left out or joined by a token."""
    at = rng.randrange(len(pieces) or 1)
    action = rng.randrange(7)
    if not pieces or action == 0:
        return [*pieces[:at], rng.choice(tokens), *pieces[at:]]
    end = min(len(pieces), at + rng.choice((1, 1, 2, 4, 16)))
    match action:
        case 1:
            return pieces[:at] + pieces[end:]
        case 2:
            copies = rng.choice((1, 1, 2, rng.randrange(1, _MAX_COPIES)))
            return pieces[:end] + pieces[at:end] * copies + pieces[end:]
        case 3:
            to = rng.randrange(len(pieces))
            rest = pieces[:at] + pieces[end:]
            return rest[:to] + pieces[at:end] + rest[to:]
        case 4:
            return [*pieces[:at], rng.choice(tokens), *pieces[at + 1 :]]
        case _:
            return [*pieces[:at], mutate(pieces[at]), *pieces[at + 1 :]]


def markup_mutator(tokens: Sequence[str]) -> Mutator:
    """Return a mutator of tags and the texts between them."""
    encoded = [token.encode() for token in tokens]

    def mutate_markup(data: bytes, rng: random.Random, mutate: Mutate) -> bytes:
        pieces = _PIECE.findall(data)
        for _ in range(rng.choice((1, 1, 2, 3))):
            pieces = shuffled(pieces, encoded, rng, mutate)
        return b"".join(pieces)

    return mutate_markup


def line_mutator(tokens: Sequence[str]) -> Mutator:
    """Return a mutator of lines."""
    encoded = [token.encode() + b"\n" for token in tokens]

    def mutate_lines(data: bytes, rng: random.Random, mutate: Mutate) -> bytes:
        return b"".join(shuffled(data.splitlines(keepends=True), encoded, rng, mutate))

    return mutate_lines


def behind_first_byte(mutator: Mutator) -> Mutator:
    """Return a mutator for inputs whose first byte chooses the way in which the rest is read."""

    def mutate_rest(data: bytes, rng: random.Random, mutate: Mutate) -> bytes:
        first = data[:1] if data and rng.random() < 0.9 else bytes([rng.randrange(256)])
        return first + mutator(data[1:], rng, mutate)

    return mutate_rest
