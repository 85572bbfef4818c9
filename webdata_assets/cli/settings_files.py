"""The work of `webdata settings check` that asks nobody: settings files, read as the settings read them.

What belongs here: names, values, and files side by side. What does not: what the values lead to
(settings_reach.py).
"""

import difflib
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from webdata_assets.cli.settings_lines import ENVIRONMENT, Problem, read_lines
from webdata_assets.errors import FailureDomain, PermanentError, WebdataError
from webdata_assets.settings import Settings
from webdata_assets.stages.observe.redaction import Redaction

_PREFIX = "WEBDATA_"
_BESIDE_SETTINGS = ("WEBDATA_ENCODER_KEY",)
"""Read from the environment where it is used, so that it is no setting."""
_LIKE = 0.75


class _OfFile(Settings):
    """Settings of a file alone: what this process's own environment says does not count."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (dotenv_settings,)


@dataclass(frozen=True)
class SettingsFile:
    """One deployment's variables, and what they amount to.

    Attributes:
        place: how the file, or the environment, is called.
        variables: all that it says, secrets included.
        lines: where each variable stands; none for those of the environment.
        settings: None where a value does not validate.
        problems: in the order of the lines.
    """

    place: str
    variables: Mapping[str, str]
    lines: Mapping[str, int]
    settings: Settings | None
    problems: tuple[Problem, ...]

    @property
    def redaction(self) -> Redaction:
        """What hides the secrets that it, or this process's environment, holds."""
        alerts = self.variables.get("WEBDATA_ALERTS", "").split()
        return Redaction.of({**os.environ, **self.variables}, values=alerts)


def read_settings(path: Path | None) -> SettingsFile:
    """Read a settings file; the environment and `.env`, as every command does, if it is None.

    Raises:
        PermanentError: CONFIGURATION, there is no such file, or it is no text.
    """
    if path is None:
        return _of_environment()
    variables, lines, problems = read_lines(path)
    return _judged(str(path), variables, lines, problems, lambda: _OfFile(_env_file=path))


def missing_keys(files: Sequence[SettingsFile]) -> dict[str, list[str]]:
    """Return, by file, the variables that another file has and it has not; empty if all have the same."""
    everywhere = {name for file in files for name in file.variables}
    missing = {file.place: sorted(everywhere - set(file.variables)) for file in files}
    return {place: names for place, names in missing.items() if names}


@contextmanager
def as_environment(file: SettingsFile) -> Iterator[None]:
    """Let this process, and the clients in it, see a file's variables in place of its own WEBDATA_*.

    Of `.env`, which counts without a file, only settings are read, and nothing else is ever seen.
    """
    if file.place == ENVIRONMENT:
        yield
        return
    before = dict(os.environ)
    try:
        for name in before:
            if name.upper().startswith(_PREFIX):
                del os.environ[name]
        os.environ.update(file.variables)
        yield
    finally:
        for name in set(os.environ) - set(before):
            del os.environ[name]
        os.environ.update(before)


def known_names() -> frozenset[str]:
    """Return the WEBDATA_* variables that are read."""
    return frozenset({*(f"{_PREFIX}{name}".upper() for name in Settings.model_fields), *_BESIDE_SETTINGS})


def _of_environment() -> SettingsFile:
    file = Path(".env")
    said, lines, problems = read_lines(file) if file.is_file() else ({}, {}, [])
    own = {name.upper(): value for name, value in os.environ.items() if name.upper().startswith(_PREFIX)}
    lines = {name: line for name, line in lines.items() if name not in own}
    return _judged(ENVIRONMENT, {**said, **own}, lines, problems, Settings)


def _judged(
    place: str,
    variables: Mapping[str, str],
    lines: Mapping[str, int],
    problems: Collection[Problem],
    read: Callable[[], Settings],
) -> SettingsFile:
    """Return a file with all that is wrong with its names and values."""
    found = [*problems, *_unknown(variables, lines), *_empty_paths(variables, lines)]
    settings = None
    redaction = SettingsFile(place, variables, lines, None, ()).redaction
    try:
        settings = read()
        _refuse_contradictions(settings)
    except ValidationError as error:
        found += [_invalid(each, variables, lines, redaction) for each in error.errors()]
    except WebdataError as error:
        settings = None
        found.append(Problem("", None, redaction.apply(str(error)), "change the file"))
    found.sort(key=lambda each: (each.line or 0, each.name))
    return SettingsFile(place, variables, lines, settings, tuple(found))


def _unknown(variables: Mapping[str, str], lines: Mapping[str, int]) -> Iterator[Problem]:
    known = known_names()
    for name in variables:
        if name.startswith(_PREFIX) and name not in known:
            close = difflib.get_close_matches(name, known, n=1, cutoff=_LIKE)
            remedy = f"did you mean {close[0]}?" if close else "remove it; .env.example has all there are"
            yield Problem(name, lines.get(name), "no setting is called so", remedy)


def _empty_paths(variables: Mapping[str, str], lines: Mapping[str, int]) -> Iterator[Problem]:
    """Yield paths without a value, which would be the current folder."""
    for field, info in Settings.model_fields.items():
        name = f"{_PREFIX}{field}".upper()
        if variables.get(name) == "" and info.annotation in (Path, Path | None):
            yield Problem(name, lines.get(name), "is empty", "name a path, or remove the line")


def _invalid(
    error: Any, variables: Mapping[str, str], lines: Mapping[str, int], redaction: Redaction
) -> Problem:
    field = str(error["loc"][0])
    name = f"{_PREFIX}{field}".upper()
    what = error["msg"].removeprefix("Value error, ").removeprefix(f"{name}: ")
    if variables.get(name) == "":
        return Problem(name, lines.get(name), f"is empty: {what}", "give it a value, or remove the line")
    # without the value: what stands in the wrong place may be a secret
    return Problem(name, lines.get(name), redaction.apply(what), "change the value")


def _refuse_contradictions(settings: Settings) -> None:
    """Raise PermanentError where values are good one by one, and not together."""
    from webdata_assets.orchestration.instance_config import render_instance_config
    from webdata_assets.store.options import storage_options

    storage_options(settings.store, {}, access_key="-")  # refuses an address with a password in it
    render_instance_config(settings, "")
    if settings.dagster_storage.get_secret_value():
        if find_spec("dagster_postgres") is None:
            raise PermanentError(
                'WEBDATA_DAGSTER_STORAGE needs the extra "postgres": pip install "webdata_assets[postgres]"',
                failure_domain=FailureDomain.CONFIGURATION,
            )
        from webdata_assets.orchestration.storage import address_of

        address_of(settings)
