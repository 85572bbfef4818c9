"""Folders that are there whole or not at all."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.stages.export.whole_file import disk_errors_of


@contextmanager
def whole_folder(out: Path, *, what: str, suffix: str = "", is_one: Callable[[Path], bool]) -> Iterator[Path]:
    """Give a folder to make, and give it its name once it is whole.

    An older one of that name is moved away as soon as the new one is whole, and then deleted.

    Args:
        out: the folder.
        what: what it is, for messages, such as "Lance dataset".
        suffix: what its name must end in.
        is_one: whether a folder that has the name already is an older one of these.

    Raises:
        PermanentError: CONFIGURATION, when there can be no such folder, or something else has the name.
        TransientError: SINK, when the disk fails or is full.
    """
    problem = None
    if not out.name.endswith(suffix) or not out.absolute().parent.is_dir():
        problem = f"name a {what}{f' that ends in {suffix}' if suffix else ''}, in a folder that exists"
    elif out.exists() and not is_one(out):
        problem = f"something that is no {what} has that name; choose another"
    if problem is not None:
        raise PermanentError(
            f"{out} cannot be written: {problem}", failure_domain=FailureDomain.CONFIGURATION
        )
    with disk_errors_of(out):
        staging = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.absolute().parent))
        try:
            yield staging / f"new{suffix}"
            if out.exists():
                out.rename(staging / "old")
            (staging / f"new{suffix}").rename(out)
        finally:
            shutil.rmtree(staging)
