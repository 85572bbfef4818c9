"""The site that is raced over: real pages, abstracts with judged queries, and planted near-duplicates.

What belongs here: the pages of both days, and what is known of them. What does not: serving them (site.py).
"""

import json
import random
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from html import escape
from pathlib import Path

from webdata_assets.stages.extract.main_content.training.pages import read_pages
from webdata_assets_tests.benchmarks.near_duplicates.corpus import edited
from webdata_assets_tests.benchmarks.rankings.collection import part_of, read_collection

SIMILARITIES = (1.0, 0.95, 0.92, 0.9)
"""Of planted copies to their originals: Jaccard of 5-word shingles, about."""
COPIED = 10
"""Every so-many-th abstract and article has a copy."""
CHANGED = 50
"""Every so-many-th page is another on the second day: two in a hundred."""
MARK = "Corrected on the second day: page"
"""Begins the sentence that a changed page gains."""
DOCUMENTATION = Path("/usr/share/doc/python3.11/html")
"""Python's own, as Debian packages it (python3.11-doc)."""
_LEAST_WORDS = 80
_TRUTH = "truth.json"
_DAYS = ("day1", "day2")


@dataclass(frozen=True)
class Truth:
    """What is known of the site; pages go by their names, `web-0001.html`.

    Attributes:
        gold: page → its main content, where someone has written it down.
        snippets: page → what its main content must hold, and what it must not.
        documents: page → the document of the judged collection that it shows, copies included.
        copies: copy → original.
        changed: pages that are others on the second day.
        one_in: of the judged collection: every so-many-th query and document.
    """

    pages: list[str] = field(default_factory=list)
    gold: dict[str, str] = field(default_factory=dict)
    snippets: dict[str, tuple[list[str], list[str]]] = field(default_factory=dict)
    documents: dict[str, str] = field(default_factory=dict)
    copies: dict[str, str] = field(default_factory=dict)
    changed: list[str] = field(default_factory=list)
    one_in: int = 1

    @classmethod
    def load(cls, folder: Path) -> "Truth":
        """Read what `make_site` wrote."""
        return cls(**json.loads((folder / _TRUTH).read_bytes()))


def make_site(
    data: Path, folder: Path, pages: int | None = None, documentation: Path = DOCUMENTATION
) -> Truth:
    """Write the pages of both days, sitemap and truth into a folder.

    Args:
        data: a folder laid out like the shared data.
        folder: is made.
        pages: about how many at most; all if None.
        documentation: pages for volume, of which nothing is known; none where the folder is absent.
    """
    for day in _DAYS:
        (folder / day).mkdir(parents=True)
    real = [page for page in read_pages(data) if page.collection in ("wcxb", "trafilatura_eval")]
    manuals = sorted(documentation.rglob("*.html"))
    judged = read_collection(data / "cranfield")
    one_in = max(1, -(-(len(real) + len(manuals) + len(judged.documents)) // pages)) if pages else 1
    judged = part_of(judged, one_in) if one_in > 1 else judged
    truth = Truth(one_in=one_in)
    articles: list[tuple[str, str]] = []
    for number, page in enumerate(real[::one_in]):
        name = f"web-{number:04}.html"
        _write(folder, truth, name, page.html)
        if page.gold is not None:
            truth.gold[name] = page.gold
            if page.page_type == "article":
                articles.append((name, page.gold))
        else:
            truth.snippets[name] = list(page.wanted), list(page.unwanted)
    for number, manual in enumerate(manuals[::one_in]):
        _write(folder, truth, f"manual-{number:04}.html", manual.read_text(encoding="utf-8"))
    abstracts = []
    for document in judged.documents:
        name = f"abstract-{document.id}.html"
        _write(folder, truth, name, rendered(document.title or "Untitled", document.text))
        truth.documents[name] = document.id
        abstracts.append((name, document.text))
    for name, copy, text in _copies([*articles, *abstracts]):
        _write(folder, truth, copy, rendered(f"Again: {name}", text))
        truth.copies[copy] = name
        if name in truth.documents:
            truth.documents[copy] = truth.documents[name]
    (folder / _TRUTH).write_text(json.dumps(asdict(truth)))
    return truth


def _copies(originals: list[tuple[str, str]]) -> Iterator[tuple[str, str, str]]:
    """Yield original, name and text of copies of every so-many-th text that is long enough."""
    generator = random.Random(1)
    vocabulary = [word for _, text in originals[:200] for word in text.split()]
    long = [each for each in originals if len(each[1].split()) >= _LEAST_WORDS]
    for number, (name, text) in enumerate(long[::COPIED]):
        similarity = SIMILARITIES[number % len(SIMILARITIES)]
        yield name, f"copy-{number:04}.html", edited(text, similarity, vocabulary, generator)


def _write(folder: Path, truth: Truth, name: str, html: str) -> None:
    """Write a page, and its successor where it has one."""
    (folder / "day1" / name).write_text(html, encoding="utf-8", errors="replace")
    if len(truth.pages) % CHANGED == CHANGED // 2 and (later := changed_page(html, name)):
        (folder / "day2" / name).write_text(later, encoding="utf-8", errors="replace")
        truth.changed.append(name)
    truth.pages.append(name)


def changed_page(html: str, name: str) -> str | None:
    """Return the page with one sentence more behind its longest paragraph; None for a page without any."""
    pieces = html.split("</p>")
    if len(pieces) == 1:
        return None
    longest = max(range(len(pieces) - 1), key=lambda at: len(pieces[at].rpartition("<p")[2]))
    pieces[longest] += f" {MARK} {name.removesuffix('.html')} has been looked through again by its editors."
    return "</p>".join(pieces)


def rendered(title: str, text: str) -> str:
    """Return a page around a text as sites have them: navigation, content, a list beside it, footer."""
    words = text.split()
    paragraphs = [" ".join(words[at : at + 120]) for at in range(0, len(words), 120)]
    body = "\n".join(f"<p>{escape(paragraph)}</p>" for paragraph in paragraphs)
    menu = "".join(
        f'<li><a href="/{name.lower()}/">{name}</a></li>'
        for name in ("Home", "Library", "Reports", "Authors", "About")
    )
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title></head>'
        f"<body><header><nav><ul>{menu}</ul></nav></header><main><article><h1>{escape(title)}</h1>\n{body}\n"
        "</article></main><aside><h2>More reports</h2><ul><li><a href='/a'>Newest reports</a></li>"
        "<li><a href='/b'>Most read</a></li></ul></aside>"
        "<footer><p>All rights reserved. <a href='/terms'>Terms of use</a></p></footer></body></html>"
    )
