"""A step in a process of its own ends with the process of its run, whatever ended that."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from webdata_assets_tests.orchestration.place import wait_until

_RUN = """
import multiprocessing, sys, time
from webdata_assets_tests.orchestration.test_orphans import step

if __name__ == "__main__":
    multiprocessing.get_context(sys.argv[1]).Process(target=step, args=(sys.argv[2],)).start()
    time.sleep(60)
"""


def step(note: str) -> None:
    """Tell the process's id, and take a while."""
    import time

    from webdata_assets.orchestration.orphans import end_with_run

    end_with_run()
    Path(note).with_suffix(".half").write_text(str(os.getpid()))
    Path(note).with_suffix(".half").rename(note)
    time.sleep(60)


@pytest.mark.parametrize("method, ends", [("forkserver", True), ("spawn", False)])
def test_a_step_ends_with_its_killed_run_and_what_is_no_step_does_not(
    tmp_path: Path, method: str, ends: bool
):
    program, note = tmp_path / "run.py", tmp_path / "note"
    program.write_text(_RUN)
    run = subprocess.Popen([sys.executable, program, method, note], cwd=Path(__file__).parents[2])
    try:
        wait_until("the step", note.exists)
    finally:
        run.kill()
        run.wait()
    pid = int(note.read_text())
    try:
        if ends:
            wait_until("its end", lambda: not _is_alive(pid), 10)
        else:
            with pytest.raises(AssertionError):
                wait_until("its end", lambda: not _is_alive(pid), 1)
    finally:
        if _is_alive(pid):
            os.kill(pid, signal.SIGKILL)


def _is_alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
