"""Real pages: the documentation that Debian packages as HTML, about 3,800 pages in 26 languages.

What belongs here: where they lie, and their URLs. What does not: serving them (nginx.py).
"""

from collections.abc import Sequence
from pathlib import Path

FOLDERS = {
    "/python/": Path("/usr/share/doc/python3.11/html"),
    "/handbook/": Path("/usr/share/doc/debian-handbook/html"),
}
"""Path on the site → folder."""
NEEDS_DOCUMENTATION = "needs Debian's packages python3.11-doc and debian-handbook"


def present() -> dict[str, Path]:
    """Return the folders that this machine has."""
    return {path: folder for path, folder in FOLDERS.items() if folder.is_dir()}


def page_paths() -> list[str]:
    """Return the path of every page on the site, in order; what is compressed or no page is left out."""
    return sorted(
        path + file.relative_to(folder).as_posix()
        for path, folder in present().items()
        for file in folder.rglob("*.html")
        if file.is_file()
    )


def start_paths(pages: Sequence[str]) -> list[str]:
    """Return the pages from which links lead to the others: the front page of each book."""
    return [path for path in pages if path.endswith("/index.html") and path.count("/") <= 3]
