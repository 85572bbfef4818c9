"""The response header Link, as RFC 8288 defines it.

What belongs here: its grammar, by the algorithm of the RFC's appendix B; HTTP clients split at commas, which
targets and quoted values may hold. What does not: what a relation is good for (api.py).
"""

import re
from dataclasses import dataclass

_TARGET = re.compile(r"[ \t,]*<([^>]*)>")
_PARAMETER = re.compile(
    r"[ \t]*;[ \t]*([^ \t=;,]*)[ \t]*"
    r'(?:=[ \t]*(?:"((?:[^"\\]|\\.)*+)"?|([^;,]*)))?',
    re.DOTALL,
)


@dataclass(frozen=True)
class Link:
    """One link of the header.

    Attributes:
        target: as written, to be resolved against the response's URL.
        relations: in lower case.
        anchor: what the link starts from, where that is not the response itself.
    """

    target: str
    relations: frozenset[str]
    anchor: str | None


def parse_link_header(value: str) -> list[Link]:
    """Return the links of the header, several headers joined by commas; what is malformed ends the list."""
    links = []
    position = 0
    while target := _TARGET.match(value, position):
        position = target.end()
        parameters: dict[str, str] = {}
        while parameter := _PARAMETER.match(value, position):
            position = parameter.end()
            name, quoted, plain = parameter.groups()
            text = re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL) if quoted is not None else plain or ""
            # the first of its name counts
            parameters.setdefault(name.lower(), text)
        relations = frozenset(parameters.get("rel", "").lower().split())
        links.append(Link(target[1].strip(), relations, parameters.get("anchor")))
    return links
