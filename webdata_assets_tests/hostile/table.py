"""`docs/hostile-input.md`, from the figures that the tests of this folder stated in pytest's JUnit file.

What belongs here: from properties of test cases to the page. What does not: the attacks.
"""

import json
import sys
from itertools import groupby
from pathlib import Path
from xml.etree import ElementTree

PAGE = Path(__file__).parents[2] / "docs" / "hostile-input.md"
_INTRODUCTION = """\
# Hostile input

What the web, a source file, a stored file or a visitor may send at each part, and what came of it. Each row
is measured by a test in `webdata_assets_tests/hostile`; `make hostile` runs them all and writes this page.
"""


def rows(junit: Path) -> list[list[str]]:
    """Return part, attack and figure of every row that a passed test stated, in order of part and attack."""
    stated = [
        json.loads(each.attrib["value"])
        for case in ElementTree.parse(junit).iter("testcase")
        if case.find("failure") is None and case.find("error") is None
        for each in case.iter("property")
        if each.get("name") == "hostile"
    ]
    return sorted(stated)


def render(stated: list[list[str]]) -> str:
    """Return the page, a table for each part."""
    sections = [_INTRODUCTION]
    for part, of_part in groupby(stated, key=lambda row: row[0]):
        cells = (" | ".join(cell.replace("|", "\\|") for cell in row[1:]) for row in of_part)
        table = "\n".join(f"| {line} |" for line in cells)
        sections.append(f"## {part}\n\n| what was tried | what came of it |\n|---|---|\n{table}\n")
    return "\n".join(sections)


if __name__ == "__main__":
    PAGE.write_text(render(rows(Path(sys.argv[1]))), encoding="utf-8")
