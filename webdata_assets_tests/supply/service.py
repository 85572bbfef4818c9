"""Known vulnerabilities by pip-audit, which asks a service. That it could not be asked is no verdict.

What belongs here: calling it and reading its answer. What does not: advisories from a folder (advisories.py).
"""

import json
import subprocess
import sys
from pathlib import Path

from webdata_assets_tests.supply.advisories import Finding

OSV = "https://api.osv.dev/v1/query"
SECONDS = 900


class NotAskedError(Exception):
    """The service did not answer."""


def ask(lock: Path, *, url: str = OSV, timeout_seconds: int = 15) -> list[Finding]:
    """Return what the service knows about what a lock pins for this machine.

    Args:
        lock: with hashes.
        url: where OSV's questions are answered.
        timeout_seconds: for each question.

    Raises:
        NotAskedError: with what pip-audit said.
    """
    command = [
        sys.executable, "-m", "pip_audit", "--requirement", str(lock), "--require-hashes", "--disable-pip",
        "--vulnerability-service", "osv", "--osv-url", url, "--timeout", str(timeout_seconds),
        "--format", "json", "--progress-spinner", "off",
    ]  # fmt: skip
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=SECONDS)
    try:
        dependencies = json.loads(done.stdout)["dependencies"]
    except json.JSONDecodeError:
        lines = done.stderr.strip().splitlines()
        raise NotAskedError(lines[-1] if lines else f"pip-audit ended with {done.returncode}") from None
    skipped = [each["skip_reason"] for each in dependencies if "skip_reason" in each]
    if skipped:
        raise NotAskedError("; ".join(skipped))
    return sorted(
        Finding(each["name"], each["version"], flaw["id"], tuple(flaw["fix_versions"]))
        for each in dependencies
        for flaw in each["vulns"]
    )
