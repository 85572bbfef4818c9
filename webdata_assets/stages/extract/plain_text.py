"""Building plain text with lines and paragraphs from a tree's pieces.

What belongs here: white space. What does not: any knowledge of a particular tree.
"""

import re


class PlainText:
    """Collects words and breaks; white space collapses, and breaks next to each other do not add up."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._end = "\n\n"

    def words(self, text: str) -> None:
        """Add running text, with white space collapsed."""
        collapsed = re.sub(r"\s+", " ", text)
        self.verbatim(collapsed.lstrip(" ") if self._end[-1] in "\n " else collapsed)

    def verbatim(self, text: str) -> None:
        """Add text as it stands."""
        if text:
            self._pieces.append(text)
            self._end = (self._end + text)[-2:]

    def newline(self) -> None:
        """End the line, even an empty one."""
        self.verbatim("\n")

    def line(self) -> None:
        """Make sure that what follows begins a line."""
        if self._end[-1] != "\n":
            self.verbatim("\n")

    def paragraph(self) -> None:
        """Make sure that what follows begins a paragraph, after a blank line."""
        while self._end != "\n\n":
            self.verbatim("\n")

    def __str__(self) -> str:
        text = re.sub(r"[ \t]+\n", "\n", "".join(self._pieces))
        return re.sub(r"\n{3,}", "\n\n", text).strip()
