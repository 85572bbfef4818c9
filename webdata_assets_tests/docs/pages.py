"""The pages of the documentation, and what is in them: code blocks, headings, links.

What belongs here: reading Markdown as it is written here. What does not: judging it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from webdata_assets_tests.deployment import REPOSITORY

DOCS = REPOSITORY / "docs"
README = REPOSITORY / "README.md"
PAGES = [README, *sorted(DOCS.rglob("*.md"))]

_FENCE = re.compile(r"(?P<indent> *)```(?P<language>[\w-]*).*")
_NOT_RUN = re.compile(r"\s*<!-- not run: (?P<reason>.+) -->\s*")
_LINK = re.compile(r"\]\(([^()\s]*(?:\([^()\s]*\)[^()\s]*)*)\)")


@dataclass(frozen=True)
class Block:
    """A fenced block.

    Attributes:
        page: its page.
        line: of the fence, from 1 on.
        language: the word after the fence; empty for none.
        text: what is within, without the indentation of the fence.
        not_run: why it is not run, from a comment before it; None if it is.
        heading: the nearest one before it.
    """

    page: Path
    line: int
    language: str
    text: str
    not_run: str | None
    heading: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(REPOSITORY)}:{self.line}"


@cache
def lines_of(page: Path) -> tuple[str, ...]:
    return tuple(page.read_text(encoding="utf-8").splitlines())


@cache
def blocks_of(page: Path) -> tuple[Block, ...]:
    """Return the fenced blocks of a page, in order. A fence that is never closed fails."""
    blocks, lines, heading = [], lines_of(page), ""
    numbered = iter(enumerate(lines, start=1))
    for number, line in numbered:
        fence = _FENCE.fullmatch(line)
        if fence is None:
            heading = line.lstrip("# ") if line.startswith("#") else heading
            continue
        within = []
        for _, inner in numbered:
            if inner.strip() == "```":
                break
            within.append(inner.removeprefix(fence["indent"]))
        else:
            raise AssertionError(f"{page}:{number}: the block is never closed")
        before = next((each for each in reversed(lines[: number - 1]) if each.strip()), "")
        marker = _NOT_RUN.fullmatch(before)
        reason = marker["reason"] if marker else None
        blocks.append(Block(page, number, fence["language"], "\n".join(within) + "\n", reason, heading))
    return tuple(blocks)


def blocks(*languages: str) -> list[Block]:
    """Return the blocks of all pages in these languages."""
    return [block for page in PAGES for block in blocks_of(page) if block.language in languages]


def prose_of(page: Path) -> Iterator[tuple[int, str]]:
    """Yield number and text of the lines outside of code blocks."""
    inside = False
    for number, line in enumerate(lines_of(page), start=1):
        if line.lstrip().startswith("```"):
            inside = not inside
        elif not inside:
            yield number, line


def links_of(page: Path) -> list[tuple[int, str]]:
    """Return line and target of the links of a page that lead to files here."""
    return [
        (number, target)
        for number, line in prose_of(page)
        for target in _LINK.findall(re.sub(r"`[^`]*`", "", line))
        if "://" not in target and not target.startswith("mailto:")
    ]


@cache
def anchors_of(page: Path) -> frozenset[str]:
    """Return the anchors of a page's headings, as GitHub and MkDocs make them."""
    inside, found = False, set()
    for line in lines_of(page):
        if line.lstrip().startswith("```"):
            inside = not inside
        elif not inside and (heading := re.match(r"#{1,6} +(.+?) *#*$", line)):
            title = re.sub(r"\]\([^)]*\)", "", heading[1])
            found.add(re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-"))
    return frozenset(found)
