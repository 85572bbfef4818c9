"""The main content of an HTML page as plain text.

What belongs here: choosing and serialising the main content. What does not: title, author and dates
(content.py).
"""

from typing import TYPE_CHECKING

from webdata_assets.stages.extract.document import Document
from webdata_assets.stages.extract.plain_text import PlainText

if TYPE_CHECKING:
    from lxml.etree import _Element

_PARAGRAPHS = frozenset({"p", "head", "list", "table", "quote", "ab"})
_LINES = frozenset({"item", "row", "div"})
"""Elements of trafilatura's result, a small TEI vocabulary."""


def main_text(document: Document) -> tuple[str, str] | None:
    """Return the main content and the name of the library that found it; None for a page without text.

    Paragraphs are parted by blank lines, list items begin with `- `, table cells are parted by ` | `.
    trafilatura runs with its balanced settings: word F1 .84 on 120 mixed pages of WCXB, where its precision
    settings reach .79. Where it finds nothing, resiliparse's main content
    and then its whole visible text stand in.
    """
    from resiliparse.extract.html2text import extract_plain_text
    from trafilatura import bare_extraction

    if document.tree is None:
        return None
    found = bare_extraction(document.text, include_comments=False)
    body = getattr(found, "body", None)
    if body is not None and (text := _serialise(body)):
        return text, "trafilatura"
    for main_content in (True, False):
        text = extract_plain_text(
            document.text, preserve_formatting=True, main_content=main_content, alt_texts=False
        ).strip()
        if text:
            return text, "resiliparse"
    return None


def _serialise(body: "_Element") -> str:
    from lxml.etree import iterwalk

    text = PlainText()
    code_blocks = 0
    for event, element in iterwalk(body, events=("start", "end")):
        tag = element.tag
        if not isinstance(tag, str):
            continue  # comments and processing instructions
        is_code_block = tag == "code" and "\n" in "".join(element.itertext())
        if is_code_block:
            text.paragraph()
        else:
            _break_at(element, tag, event, text)
        if event == "start":
            code_blocks += is_code_block
            words = element.text
        else:
            code_blocks -= is_code_block
            words = element.tail if element is not body else None
        add = text.verbatim if code_blocks else text.words
        add(words or "")
    return str(text)


def _break_at(element: "_Element", tag: str, event: str, text: PlainText) -> None:
    parent = element.getparent()
    opens_item = parent is not None and parent.tag in {"item", "cell"} and element.getprevious() is None
    if tag in _PARAGRAPHS and not opens_item:
        text.paragraph()
    elif tag in _LINES:
        text.line()
    if event == "end":
        return
    if tag == "lb":
        text.newline()
    elif tag == "item":
        text.verbatim("- ")
    elif tag == "cell" and element.getprevious() is not None:
        text.verbatim(" | ")
