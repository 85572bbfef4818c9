"""Texts that are alike, by comparing each with each."""

from collections.abc import Mapping

WORDS = 5
"""Of a shingle."""


def shingles(text: str) -> frozenset[tuple[str, ...]]:
    words = text.lower().split()
    return frozenset(tuple(words[at : at + WORDS]) for at in range(max(1, len(words) - WORDS + 1)))


def alike(texts: Mapping[str, str]) -> dict[tuple[str, str], float]:
    """Return the Jaccard similarity of every two texts with common shingles, by their ids in order."""
    sets = {name: shingles(text) for name, text in texts.items() if text.split()}
    found = {}
    for one in sorted(sets):
        for other in sorted(sets):
            if one < other and not sets[one].isdisjoint(sets[other]):
                common = len(sets[one] & sets[other])
                found[one, other] = common / (len(sets[one]) + len(sets[other]) - common)
    return found


def clusters(pairs: Mapping[tuple[str, str], float], least: float) -> dict[str, frozenset[str]]:
    """Return the cluster of each id that is like another: all that a chain of alike pairs leads to."""
    near: dict[str, set[str]] = {}
    for (one, other), similarity in pairs.items():
        if similarity >= least:
            near.setdefault(one, set()).add(other)
            near.setdefault(other, set()).add(one)
    found: dict[str, frozenset[str]] = {}
    for start in near:
        if start in found:
            continue
        members, left = {start}, [start]
        while left:
            fresh = near[left.pop()] - members
            members |= fresh
            left.extend(fresh)
        found.update(dict.fromkeys(members, frozenset(members)))
    return found
