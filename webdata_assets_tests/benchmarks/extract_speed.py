"""How fast the main content is found, beside trafilatura, resiliparse and readability: pages per CPU-second.

    python -m webdata_assets_tests.benchmarks.extract_speed --data DIR --json OUT

One process, decoded pages, each contender's own parse included, contenders in turn on each page, so that a
busy machine slows all of them alike.
"""

import sys
import time
from collections.abc import Callable

from selectolax.lexbor import LexborHTMLParser

from webdata_assets.stages.extract.document import Document
from webdata_assets.stages.extract.main_content.find import find_main_content
from webdata_assets.stages.extract.main_content.training.pages import GoldPage, read_pages
from webdata_assets_tests.benchmarks.arguments import parser, report

CLAIMS = {"ours balanced": 2.0, "ours fast": 8.0}
"""How many times trafilatura's speed."""
_WARM_UP_PAGES = 5


def main() -> int:
    """Time every contender; the exit code says whether ours are as fast as is claimed."""
    arguments = parser("Main content: speed beside the peers.")
    arguments.add_argument("--limit", type=int, default=300, help="pages (default: %(default)s)")
    options = arguments.parse_args()
    pages = [page for page in read_pages(options.data) if page.collection != "htmldate_eval"]
    pages = pages[:: max(1, len(pages) // options.limit)]
    if not pages:
        print(f"nothing to measure in {options.data}")
        return 0
    contenders = _contenders()
    seconds = dict.fromkeys(contenders, 0.0)
    for number, page in enumerate(pages[:_WARM_UP_PAGES] + pages):
        for name, extract in contenders.items():
            started = time.process_time()
            extract(page)
            if number >= _WARM_UP_PAGES:
                seconds[name] += time.process_time() - started
    slowest = seconds["trafilatura"]
    rows: list[dict[str, object]] = [
        {"extractor": name, "pages_per_cpu_second": len(pages) / spent, "times_trafilatura": slowest / spent}
        for name, spent in seconds.items()
    ]
    failures = [
        f"{name}: {slowest / seconds[name]:.1f} × trafilatura, claimed {claim} ×"
        for name, claim in CLAIMS.items()
        if slowest / seconds[name] < claim
    ]
    report({"pages": len(pages), "speed": rows, "failures": failures}, [(f"{len(pages)} pages", rows)],
           options.json)  # fmt: skip
    for failure in failures:
        print(f"NOT MET: {failure}", file=sys.stderr)
    return 1 if failures else 0


def _contenders() -> dict[str, Callable[[GoldPage], object]]:
    from readability import Document as Readable
    from resiliparse.extract.html2text import extract_plain_text
    from trafilatura import extract

    def ours(page: GoldPage) -> object:
        return find_main_content(Document(page.url, page.html, tree=LexborHTMLParser(page.html)))

    def fast(page: GoldPage) -> object:
        document = Document(page.url, page.html, tree=LexborHTMLParser(page.html))
        return find_main_content(document, mode="fast")

    def readable(page: GoldPage) -> object:
        try:
            return Readable(page.html).summary()
        except Exception:  # noqa: BLE001 - its time counts all the same
            return None

    return {
        "ours balanced": ours,
        "ours fast": fast,
        "trafilatura": lambda page: extract(page.html, include_comments=False),
        "resiliparse": lambda page: extract_plain_text(page.html, main_content=True),
        "readability": readable,
    }


if __name__ == "__main__":
    sys.exit(main())
