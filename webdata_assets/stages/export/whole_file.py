"""Files that are there whole or not at all."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from webdata_assets.errors import FailureDomain, PermanentError, TransientError


@contextmanager
def whole_file(out: Path, *, suffix: str) -> Iterator[BinaryIO]:
    """Open a file to write, and give it its name once it is whole; a file of that name is replaced.

    Args:
        out: the file.
        suffix: what its name must end in.

    Raises:
        PermanentError: CONFIGURATION, when there can be no such file.
        TransientError: SINK, when the disk fails or is full.
    """
    if not out.name.endswith(suffix) or out.is_dir() or not out.absolute().parent.is_dir():
        raise PermanentError(
            f"{out} cannot be written: name a file that ends in {suffix}, in a folder that exists",
            failure_domain=FailureDomain.CONFIGURATION,
        )
    unfinished = out.with_name(f".{out.name}.{uuid.uuid4().hex}")
    try:
        with disk_errors_of(out):
            with unfinished.open("xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(out)
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def disk_errors_of(out: Path) -> Iterator[None]:
    """Turn what the disk refuses while something is written there into a typed error.

    Raises:
        PermanentError: CONFIGURATION, when it may not be written.
        TransientError: SINK, when the disk fails or is full.
    """
    try:
        yield
    except PermissionError as error:
        raise PermanentError(
            f"{out} cannot be written ({error.strerror}); give this user write permission",
            failure_domain=FailureDomain.CONFIGURATION,
        ) from error
    except OSError as error:
        raise TransientError(
            f"{out} cannot be written ({error.strerror or error})", failure_domain=FailureDomain.SINK
        ) from error
