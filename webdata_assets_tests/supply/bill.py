"""The bill of materials: CycloneDX, of what is installed here, the same bytes for the same environment.

What belongs here: making it. It is not kept in the repository: it tells of one environment on one platform,
is made in seconds, and beside the lock it would be a second list that can be wrong.
"""

import subprocess
import sys
from pathlib import Path

SECONDS = 120


def write_bill(file: Path, pyproject: Path, *, python: str = sys.executable) -> None:
    """Write the bill of an environment, checked against CycloneDX's schema as it is made.

    Args:
        file: to write.
        pyproject: of the project that the environment is for.
        python: the environment's interpreter.

    Raises:
        subprocess.CalledProcessError: it could not be made, or breaks the schema.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    command = [
        sys.executable, "-m", "cyclonedx_py", "environment", "--pyproject", str(pyproject),
        "--output-reproducible", "--validate", "--output-format", "JSON", "--output-file", str(file), python,
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=SECONDS)
