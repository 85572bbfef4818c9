"""Runs a command and waits for every process that comes of it: `python …reaper.py COMMAND…`.

Linux only. Processes whose parent ends without waiting for them become this one's children, so that the usage
which its own parent is told counts all of them (prctl(2), PR_SET_CHILD_SUBREAPER).
"""

import ctypes
import os
import subprocess
import sys

_PR_SET_CHILD_SUBREAPER = 36


def main() -> int:
    """Return the command's exit code."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")
    code = subprocess.run(sys.argv[1:], check=False).returncode
    while True:
        try:
            os.wait()
        except ChildProcessError:
            return code if code >= 0 else 1


if __name__ == "__main__":
    sys.exit(main())
