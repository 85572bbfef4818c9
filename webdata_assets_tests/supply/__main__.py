"""`make audit`: the environment against the lock, files, licences, known vulnerabilities, bill of materials.

What belongs here: the order of things, what is printed, the exit code. What does not: any of the checks.
"""

import argparse
import sys
from importlib.metadata import Distribution, distributions
from pathlib import Path

from packaging.utils import canonicalize_name

from webdata_assets_tests.supply.advisories import Finding, find
from webdata_assets_tests.supply.bill import write_bill
from webdata_assets_tests.supply.installed import changed_files, differences, versions
from webdata_assets_tests.supply.lock import LOCK, pinned_here
from webdata_assets_tests.supply.page import PAGE, page, unfit
from webdata_assets_tests.supply.scopes import PYPROJECT, runtime
from webdata_assets_tests.supply.service import OSV, NotAskedError, ask

BILL = LOCK.parent / ".webdata" / "sbom.cdx.json"


def main() -> int:
    """Audit this environment; return 0 where all holds, else 1."""
    parser = argparse.ArgumentParser(prog="python -m webdata_assets_tests.supply", description=__doc__)
    parser.add_argument(
        "--advisories", type=Path, help="folder of advisories in OSV's format; asks no service"
    )
    parser.add_argument(
        "--ignore", action="append", default=[], help="an advisory that is accepted; repeatable"
    )
    parser.add_argument("--osv-url", default=OSV)
    given = parser.parse_args()
    locked = pinned_here(LOCK.read_text())
    print(f"{LOCK.name}: {len(locked)} distributions for this machine, each with sha256 hashes")
    everything = list(distributions())
    ours = {canonicalize_name(each.metadata["Name"]): each for each in everything}
    known = {name: each for name, each in ours.items() if name in locked}
    running = runtime(known, PYPROJECT.read_text())
    wrong = [
        *_told("Installed as locked", _installed(locked, everything)),
        *_told("Files as shipped", [line for each in everything for line in changed_files(each)]),
        *_told("Licences known, and fit for Apache-2.0", unfit(known, running)),
        *_vulnerable(locked, given.advisories, set(given.ignore), given.osv_url),
    ]
    PAGE.write_text(page(known, running))
    write_bill(BILL, PYPROJECT)
    print(f"Wrote {PAGE.relative_to(LOCK.parent)} and {BILL.relative_to(LOCK.parent)}.")
    return 1 if wrong else 0


def _installed(locked: dict[str, str], everything: list[Distribution]) -> list[str]:
    lines = differences(locked, versions(everything))
    return [*lines, "make the environment anew: rm -r .venv && make test"] if lines else []


def _vulnerable(locked: dict[str, str], folder: Path | None, ignored: set[str], url: str) -> list[str]:
    try:
        found: list[Finding] = find(folder, locked) if folder else ask(LOCK, url=url)
    except NotAskedError as error:
        print(f"Known vulnerabilities: could not ask ({error}).")
        print("  Without network: --advisories DIR, a folder of advisories in OSV's format.")
        return []
    return _told("Known vulnerabilities: none", [str(each) for each in found if each.advisory not in ignored])


def _told(title: str, lines: list[str]) -> list[str]:
    print(f"{title}: {'yes' if not lines else 'NO'}")
    for line in lines:
        print(f"  {line}")
    return lines


if __name__ == "__main__":
    sys.exit(main())
