"""Workers whose parent was killed end too, be they idle or in the middle of a bomb."""

import subprocess
import sys
import time

import pytest

from webdata_assets_tests.deployment import REPOSITORY
from webdata_assets_tests.extract.workers.test_pool import is_running


def wait_for_end(pid: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not is_running(pid)


@pytest.mark.slow
def test_workers_do_not_outlive_a_killed_parent() -> None:
    program = "webdata_assets_tests.extract.workers.abandoning"
    with subprocess.Popen(
        [sys.executable, "-m", program], stdout=subprocess.PIPE, text=True, cwd=REPOSITORY
    ) as parent:
        assert parent.stdout is not None
        try:
            idle, hanging = map(int, parent.stdout.readline().split())
            assert is_running(idle)
            assert is_running(hanging)
        finally:
            parent.kill()
        parent.wait()
        assert wait_for_end(idle, 10)
        assert wait_for_end(hanging, 30)


def test_a_worker_loads_neither_dagster_nor_tables() -> None:
    program = (
        "import sys, webdata_assets.stages.extract.workers.program, webdata_assets.stages.extract.extractor\n"
        "heavy = {'dagster', 'polars', 'dataframely', 'deltalake', 'pandas', 'trafilatura', 'onnxruntime'}\n"
        "print(sorted(heavy & {name.split('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, cwd=REPOSITORY
    )
    assert done.stdout == "[]\n"
