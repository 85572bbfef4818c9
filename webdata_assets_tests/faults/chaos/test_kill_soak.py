"""Everything is killed at random, again and again: nothing is lost, doubled, or admitted unchecked."""

import time
from pathlib import Path

import pytest

from webdata_assets.cli.demo import SOURCES
from webdata_assets.demo.calendar import dates
from webdata_assets.partitions import Partition
from webdata_assets.store import Store
from webdata_assets_tests.faults.chaos.ending import (
    different_content,
    errors_of_steps,
    stuck_runs,
    untold_deliveries,
)
from webdata_assets_tests.faults.chaos.place import Place, whole_deployment
from webdata_assets_tests.faults.chaos.schedule import (
    LONG_FORM,
    LONGEST_GAP,
    HitLog,
    chosen_seed,
    wanted_kills,
)
from webdata_assets_tests.faults.chaos.soak import Soak
from webdata_assets_tests.faults.chaos.work import Work
from webdata_assets_tests.faults.elsewhere import start_demo

SHORT = 40
"""Fewer kills than that are for a part of the demo."""
SHORT_DATES, SHORT_SOURCES, SHORT_GAP = 1, ("demo_app", "demo_blog"), 4.0
REFERENCE_SECONDS = 3_000


@pytest.mark.soak
@pytest.mark.timeout(4 * 3_600)
def test_a_deployment_whose_parts_are_killed_at_random_holds_what_an_undisturbed_one_does(
    tmp_path: Path, encoder_folder: Path
):
    kills, seed = wanted_kills(), chosen_seed()
    print(f"seed {seed}: {kills} kills of {LONG_FORM} in the long form")
    is_short = kills < SHORT
    chosen = SHORT_SOURCES if is_short else SOURCES
    days = dates()[: SHORT_DATES if is_short else None]
    wanted = [Partition(date, source) for date in days for source in chosen]
    options = ["--dates", str(SHORT_DATES), "--sources", ",".join(SHORT_SOURCES)] if is_short else []
    undisturbed = tmp_path / "undisturbed"
    (undisturbed / "home").mkdir(parents=True)
    (undisturbed / "home" / "encoders").symlink_to(encoder_folder)
    settings = {"WEBDATA_STORE": str(undisturbed / "store"), "WEBDATA_HOME": str(undisturbed / "home")}
    reference = start_demo(undisturbed, settings, *options)
    began = time.monotonic()
    try:
        with whole_deployment(wanted, encoder_folder) as place:
            soak = Soak(place, Work(place, seed), HitLog(seed), seed)
            for fault, possible in (("disk full", place.can_fill), ("clock jump", place.clock.library)):
                if not possible:
                    print(f"no {fault}: it cannot be brought about here")
            soak.run(kills, SHORT_GAP if is_short else LONGEST_GAP)
            reference.communicate(timeout=REFERENCE_SECONDS)
            assert_ended(soak, place, Store.open(settings["WEBDATA_STORE"]))
            print(
                f"{dict(soak.hits)} in {time.monotonic() - began:.0f} s; {dict(soak.work.launched)} launched"
            )
    finally:
        reference.kill()


def assert_ended(soak: Soak, place: Place, expected: Store) -> None:
    """Everything is as if nobody had killed anything."""
    objects = place.store.location.objects("events")
    told = [
        *different_content(place.store, expected),
        *untold_deliveries(place.store, place.announced.messages, [entry.key for entry in objects.list()]),
        *stuck_runs(place.instance),
        *(f"a retry was owed to run {run} and never came" for run in soak.work.lost_retries),
    ]
    errors = errors_of_steps(place.instance)
    for (domain, error), count in errors.most_common():
        print(f"{count} × {domain}: {error}")
    told += [f"{count} × {error}" for (domain, error), count in errors.items() if domain is None]
    soak.require(not told, "\n".join(told))
