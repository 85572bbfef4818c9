"""`webdata search`: answers from the current release.

What belongs here: opening the release, and how answers look on a terminal. What does not: ranking.
"""

import dataclasses
import datetime as dt
import re
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from webdata_assets.cli.output import PIPE_COLUMNS, printable
from webdata_assets.settings import Settings
from webdata_assets.store import Store

if TYPE_CHECKING:
    from rich.text import Text

    from webdata_assets.stages.index.search import Hit, Mode
    from webdata_assets.store.releases import Release

_INDENT = "   "


@dataclasses.dataclass(frozen=True)
class Answer:
    """What was asked, what answered, and the answers, best first."""

    query: str
    release: "Release"
    hits: "list[Hit]"

    def as_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "query": self.query,
            "release": dataclasses.asdict(self.release),
            "hits": [dataclasses.asdict(hit) for hit in self.hits],
        }


def search_release(
    words: str,
    *,
    limit: int,
    mode: "Mode" = "hybrid",
    sources: Sequence[str] = (),
    languages: Sequence[str] = (),
    since: dt.date | None = None,
    until: dt.date | None = None,
    with_pii: bool = False,
    with_injection: bool = False,
) -> Answer:
    """Search the current release; for the arguments see `webdata_assets.search`.

    Raises:
        NotAdmittedError: nothing was released yet.
        PermanentError: the query is empty, or the release does not fit the deployment's encoder.
    """
    from webdata_assets.serving.pair import open_pair

    settings = Settings()
    pair = open_pair(Store.of(settings), settings)
    hits = pair.search(
        words,
        limit=limit,
        sources=sources or None,
        languages=languages or None,
        since=since,
        until=until,
        mode=mode,
        injection=with_injection,
        pii=with_pii,
    )
    return Answer(words, pair.release, hits)


def print_answer(answer: Answer) -> None:
    """Print the answers as a list; on a terminal the words that were looked for are bold."""
    from rich.console import Console
    from rich.text import Text

    # a pipe has no width of its own, and 80 columns would break addresses apart
    console = Console(width=None if sys.stdout.isatty() else PIPE_COLUMNS, highlight=False)
    for line in _lines(answer):
        # soft_wrap leaves an address whole, so that terminals open it
        console.print(line if isinstance(line, Text) else Text(printable(line)), soft_wrap=True)


def _lines(answer: Answer) -> "Iterator[Text | str]":
    from rich.text import Text

    release = answer.release
    model = f"model {release.model_version}" if release.model_version else "no model yet"
    answered = f"release {release.release} ({release.chunks} chunks, index {release.index_snapshot}, {model})"
    if not answer.hits:
        yield f"No answer in {answered}."
        return
    yield Text(printable(f"Answers to “{answer.query}” from {answered}"), style="bold")
    for number, hit in enumerate(answer.hits, start=1):
        yield ""
        path = " › ".join(filter(None, (hit.title or "(no title)", *hit.heading_path)))
        yield Text.assemble(f"{number}. ", (printable(_one_line(path)), "cyan"))
        published = f"published {hit.published_at:%Y-%m-%d}" if hit.published_at else None
        facts = (hit.source, f"{hit.date}", hit.language, published, f"score {hit.score:.4f}")
        yield _INDENT + " · ".join(filter(None, facts))
        yield _INDENT + hit.url
        yield Text(_INDENT).append_text(_highlighted(hit))


def _highlighted(hit: "Hit") -> "Text":
    from rich.text import Text

    shown, at = Text(), 0
    for start, end in hit.highlights:
        shown.append(printable(_one_line(hit.snippet[at:start])))
        shown.append(printable(_one_line(hit.snippet[start:end])), style="bold")
        at = end
    return shown.append(printable(_one_line(hit.snippet[at:])))


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text)
