"""`python -m webdata_assets.stages.extract.main_content.training --data DIR`: learn the weights anew."""

import argparse
from pathlib import Path

from webdata_assets.stages.extract.main_content.model import BLOCKS_FILE, MANIFEST_FILE, PAGE_TYPES_FILE
from webdata_assets.stages.extract.main_content.training.fit import fit
from webdata_assets.stages.extract.main_content.training.pages import prepare, read_pages


def main() -> None:
    """Read the pages, fit, and write the weights."""
    parser = argparse.ArgumentParser(description="Learn the weights of the main content model.")
    parser.add_argument("--data", type=Path, required=True, help="a folder laid out like the shared data")
    parser.add_argument(
        "--out", type=Path, default=Path(__file__).parents[1] / "weights", help="(default: %(default)s)"
    )
    arguments = parser.parse_args()
    pages = []
    for number, page in enumerate(read_pages(arguments.data), start=1):
        if prepared := prepare(page):
            pages.append(prepared)
        if number % 100 == 0:
            print(f"read {number} pages", flush=True)
    print(f"fitting on {len(pages)} pages", flush=True)
    weights = fit(pages)
    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / BLOCKS_FILE).write_bytes(weights.blocks)
    (arguments.out / PAGE_TYPES_FILE).write_bytes(weights.page_types)
    (arguments.out / MANIFEST_FILE).write_bytes(weights.manifest)
    print(f"wrote {arguments.out}")


if __name__ == "__main__":
    main()
