"""httpbin under gunicorn on loopback.

What belongs here: how it is started. What does not: the process (process.py).
"""

import sys
from collections.abc import Sequence

from webdata_assets_tests.real_sites.process import ServerProcess

NEEDS_HTTPBIN = "needs the extra `oracles`: httpbin and gunicorn"


class Httpbin(ServerProcess):
    """httpbin with one worker and several threads. It closes each connection after its answer."""

    def command(self, descriptor: int) -> Sequence[str]:
        return [
            sys.executable, "-m", "gunicorn",
            "--bind", f"fd://{descriptor}",
            "--workers", "1",
            "--threads", "8",
            "--graceful-timeout", "1",
            "--access-logfile", str(self.log_file),
            "--access-logformat", "%(s)s %({raw_uri}e)s",
            "httpbin:app",
        ]  # fmt: skip
