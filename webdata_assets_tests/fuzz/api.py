"""The API of `webdata serve`, asked by schemathesis for what its schema allows, and for what it does not.

What belongs here: a server with a release, and schemathesis' run against it. What does not: expectations of
our own (webdata_assets_tests/serving).
"""

import subprocess
import sys
import tempfile
from pathlib import Path

_CONFIG = Path(__file__).with_name("schemathesis.toml")
_EXCLUDED = "positive_data_acceptance"
"""`since` after `until`, and a query too long as a whole, are refused, which no JSON Schema can say."""
_START_SECONDS = 120
_GRACE_SECONDS = 300


def check_api(folder: Path, seconds: float) -> bool:
    """Return whether schemathesis finds nothing wrong within some seconds; what it says is printed."""
    from webdata_assets_tests.serving.process import served
    from webdata_assets_tests.serving.releasing import Releasing, write_encoder

    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        place = Path(made)
        releasing = Releasing(place, write_encoder(place / "encoder"))
        releasing.release(1, model_version=releasing.train(1))
        with served(releasing.environment, place) as serving:
            serving.wait_for_release(1, _START_SECONDS)
            status = subprocess.run(
                [
                    Path(sys.executable).with_name("schemathesis"), "--config-file", _CONFIG, "run",
                    f"http://127.0.0.1:{serving.port}/openapi.json",
                    "--checks", "all", "--exclude-checks", _EXCLUDED, "--max-time", str(max(1, int(seconds))),
                    "--continue-on-failure", "--no-color",
                    "--generation-database", str(folder / "examples"),
                ],
                check=False, cwd=place, timeout=seconds + _GRACE_SECONDS,
            ).returncode  # fmt: skip
            alive = serving.process.poll() is None
    if not alive:
        print("The server ended while it was being asked.")
    return status == 0 and alive
