"""A campaign against one target: its corpus, its processes, and what came of them.

What belongs here: folders, the fuzzer's options, and reading its report. What does not: which targets are
fuzzed, and for how long (__main__.py).
"""

import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from blake3 import blake3

from webdata_assets_tests.fuzz.finds import drop, ends_the_process, kept
from webdata_assets_tests.fuzz.target import Target, judge, load_target

_HANG_SECONDS = 60
"""Wall time after which the fuzzer gives an input up, and its process with it."""
_RSS_LIMIT_MB = 2_048
_GRACE_SECONDS = 120
"""For imports, for reading the corpus, and for the last input."""
_MERGED_FROM = 300
"""Inputs in a corpus from which on it is worth the time to drop those that add no coverage."""
_SHARE_OF_MERGING = 0.3
_LEAST_SECONDS = 5.0
_STATUS = re.compile(r"cov: (\d+) ft: (\d+) corp: (\d+)")
_EXECUTED = re.compile(r"^stat::number_of_executed_units: (\d+)|^#(\d+)\t(?!DONE)", re.MULTILINE)


@dataclass(frozen=True)
class Outcome:
    """What fuzzing one target gave.

    Attributes:
        executions: inputs tried.
        seconds: in which they were.
        edges: branches of instrumented code that were taken.
        features: edges by how often they were taken, and comparisons.
        corpus: inputs that add coverage.
        finds: inputs that ought not to do what they do.
        failure: why the fuzzer itself did not work; empty where it did.
    """

    target: str
    executions: int
    seconds: float
    edges: int
    features: int
    corpus: int
    finds: tuple[Path, ...]
    failure: str = ""


def fuzz(name: str, folder: Path, data: Path, seconds: float) -> Outcome:
    """Fuzz one target for some seconds, with the corpus that earlier campaigns left in its folder."""
    place = folder / name
    corpus, found, seeds, log = place / "corpus", place / "finds", place / "seeds", place / "log"
    for made in (corpus, found):
        made.mkdir(parents=True, exist_ok=True)
    target = load_target(name)
    log.write_bytes(b"")
    _drop_mended(name, target, place)
    _write_seeds(target, seeds, data)
    _write_dictionary(target, place / "dictionary")
    started = time.monotonic()
    if sum(1 for _ in corpus.iterdir()) > _MERGED_FROM:
        _merge(name, target, place, seconds * _SHARE_OF_MERGING)
    while (left := seconds - (time.monotonic() - started)) > _LEAST_SECONDS:
        known = len(kept(found))
        options = [
            str(corpus), str(seeds), f"-max_total_time={int(left)}", f"-dict={place / 'dictionary'}",
            "-print_final_stats=1", "-reload=0",
        ]  # fmt: skip
        status = _run(name, target, place, options, left)
        if status != 0 and len(kept(found)) == known:
            # nothing that the fuzzer was given ended it
            return _outcome(name, place, time.monotonic() - started, failure=f"ended with status {status}")
    return _outcome(name, place, time.monotonic() - started)


def replay(name: str, file: Path) -> None:
    """Judge one input in this process. Raises what makes it a find."""
    judge(load_target(name), file.read_bytes())


def _run(name: str, target: Target, place: Path, options: list[str], seconds: float) -> int:
    command = [
        sys.executable, "-m", "webdata_assets_tests.fuzz.child", name, str(place / "finds"),
        f"-max_len={target.max_bytes}", f"-rss_limit_mb={_RSS_LIMIT_MB}", f"-timeout={_HANG_SECONDS}",
        f"-artifact_prefix={place / 'finds'}/", *options,
    ]  # fmt: skip
    with (place / "log").open("ab") as log:
        try:
            return subprocess.run(
                command, stdout=log, stderr=log, check=False, timeout=seconds + _GRACE_SECONDS
            ).returncode
        except subprocess.TimeoutExpired:
            # the fuzzer looks at the clock only once it has read its corpus, and ends single inputs itself
            return 0


def _merge(name: str, target: Target, place: Path, seconds: float) -> None:
    """Leave in the corpus only what adds coverage; the corpus stays as it is where the time is too short."""
    merged = place / "merged"
    shutil.rmtree(merged, ignore_errors=True)
    merged.mkdir()
    options = ["-merge=1", f"-max_total_time={int(seconds)}", str(merged), str(place / "corpus")]
    began = time.monotonic()
    if _run(name, target, place, options, seconds) == 0 and time.monotonic() - began < seconds:
        shutil.rmtree(place / "corpus")
        merged.rename(place / "corpus")
    else:
        shutil.rmtree(merged)


def _drop_mended(name: str, target: Target, place: Path) -> None:
    """Remove the finds of earlier campaigns that are none any more."""
    for find in kept(place / "finds"):
        if not (_still_ends if ends_the_process(find) else _still_fails)(name, target, place, find):
            drop(find)


def _still_fails(_name: str, target: Target, _place: Path, find: Path) -> bool:
    try:
        judge(target, find.read_bytes())
    except Exception:  # noqa: BLE001 - it is still a find, of whatever kind
        return True
    return False


def _still_ends(name: str, target: Target, place: Path, find: Path) -> bool:
    return _run(name, target, place, [str(find)], _HANG_SECONDS) != 0


def _write_seeds(target: Target, folder: Path, data: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for seed in {*target.samples, *target.seeds(data)}:
        content = seed[: target.max_bytes]
        (folder / blake3(content).hexdigest()[:32]).write_bytes(content)


def _write_dictionary(target: Target, path: Path) -> None:
    """Write the tokens in libFuzzer's form: quoted, every byte but the plainest as an escape."""
    lines = []
    for token in target.tokens:
        content = token.encode()[:60]
        quoted = "".join(
            chr(byte) if chr(byte).isalnum() and byte < 128 else f"\\x{byte:02x}" for byte in content
        )
        lines.append(f'"{quoted}"')
    path.write_text("\n".join(lines) + "\n")


def _outcome(name: str, place: Path, seconds: float, failure: str = "") -> Outcome:
    log = (place / "log").read_text(errors="replace")
    executions = 0
    # each process counts from the beginning
    for part in log.split("INFO: Running with entropic")[1:]:
        counts = [int(first or second) for first, second in _EXECUTED.findall(part)]
        executions += max(counts, default=0)
    edges, features, corpus = max(
        ((int(a), int(b), int(c)) for a, b, c in _STATUS.findall(log)), default=(0, 0, 0)
    )
    return Outcome(name, executions, seconds, edges, features, corpus, tuple(kept(place / "finds")), failure)
