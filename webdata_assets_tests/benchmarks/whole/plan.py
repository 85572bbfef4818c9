"""What a contender is told: the site, its folder, the encoder; saved as a file that its processes read.

What belongs here: the plan and its file; nothing heavy. What does not: doing it.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

DATES = ("2026-06-01", "2026-06-02")
SOURCE = "web"
PLAN_FILE = "RACE_PLAN"
"""The environment variable that names the file where a command takes no argument of ours."""


@dataclass(frozen=True)
class Plan:
    """One contender's task.

    Attributes:
        origin: of the site, without a slash.
        folder: of its own; kept from the first day to the second.
        model: the encoder as fastembed reads it.
        encoders: where our own encoder is kept.
        cores: processes and threads at most.
    """

    origin: str
    folder: Path
    model: Path
    encoders: Path
    cores: int

    @property
    def file(self) -> Path:
        """Where it is saved."""
        return self.folder / "plan.json"

    def save(self) -> Path:
        """Write it into its folder and return the file."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.file.write_text(json.dumps(asdict(self), default=str))
        return self.file

    @classmethod
    def load(cls, file: str | Path) -> "Plan":
        """Read a plan that was saved."""
        told = json.loads(Path(file).read_bytes())
        return cls(**told | {name: Path(told[name]) for name in ("folder", "model", "encoders")})
