"""The work of `webdata settings check` that asks: whether what the settings name is there and answers.

What belongs here: one finding for each thing that a deployment stands on. What does not: whether the values
are good (settings_files.py), and any repair. Nothing is written but the probe of the store.
"""

import os
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from webdata_assets.errors import FailureDomain, PermanentError, TransientError, WebdataError
from webdata_assets.settings import Settings

_SECONDS = 5
_PORTS = {"http": 80, "https": 443, "postgresql": 5432, "postgres": 5432, "redis": 6379, "rediss": 6379}


@dataclass(frozen=True)
class Finding:
    """One thing that a deployment stands on.

    Attributes:
        what: in a few words.
        state: `ok`, `mend` (a file or the environment needs editing), or `away` (it does not answer).
        told: how it is, or what is wrong with it and the remedy; without any secret.
    """

    what: str
    state: str
    told: str


def look_around(settings: Settings, hide: Callable[[str], str]) -> Iterator[Finding]:
    """Yield a finding for each thing, in the order in which a deployment needs them.

    The environment of this process must be the deployment's: credentials are read from it.

    Args:
        settings: of the deployment.
        hide: takes secrets out of a text.
    """
    looks: list[tuple[str, Callable[[Settings], str]]] = [
        ("working folder", _home),
        ("store", _store),
        ("Dagster's storage", _dagster_storage),
        ("encoder", _encoder),
        ("source files", _sources),
        ("sink files", _sinks),
        ("task file", _task),
    ]
    looks += [
        (name, lambda _, name=name, address=address: _answers(name, address))  # type: ignore[misc]
        for name, address in _addresses(settings).items()
    ]
    for what, look in looks:
        try:
            told, state = look(settings), "ok"
        except WebdataError as error:
            told = str(error)
            state = "mend" if error.failure_domain is FailureDomain.CONFIGURATION else "away"
        yield Finding(what, state, hide(told))


def _home(settings: Settings) -> str:
    home = settings.home.absolute()
    there = next(each for each in (home, *home.parents) if each.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        raise _to_mend(
            f"WEBDATA_HOME={home}: {there} cannot be written by this user; give it write permission, "
            "or name another folder"
        )
    return f"{home}" if there == home else f"{home}, made on first use"


def _store(settings: Settings) -> str:
    from webdata_assets.store import Store

    location = Store.of(settings).location
    if endpoint := location.options.get("AWS_ENDPOINT_URL", ""):
        _answers(
            "WEBDATA_S3_ENDPOINT", endpoint
        )  # clients of object stores would try for a minute and a half
    location.check_writable()
    return f"{settings.store} is writable"


def _dagster_storage(settings: Settings) -> str:
    if not settings.dagster_storage.get_secret_value():
        return "SQLite in the working folder"
    import psycopg

    from webdata_assets.orchestration.storage import address_of

    address = address_of(settings).replace("postgresql+psycopg2://", "postgresql://", 1)
    try:
        connection = psycopg.connect(address, connect_timeout=_SECONDS)
    except psycopg.OperationalError as error:
        reason = str(error).strip().partition("\n")[0]
        refused = "authentication" in reason or "does not exist" in reason or "pg_hba" in reason
        message = f"WEBDATA_DAGSTER_STORAGE: {reason}"
        if refused:
            raise _to_mend(f"{message}; change user, password or database") from None
        raise _away(f"{message}; start the server, or change the address") from None
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT to_regclass('runs') IS NOT NULL, has_schema_privilege('public', 'CREATE')")
            made, may_make = cursor.fetchone() or (False, False)
    finally:
        connection.close()
    if not made and not may_make:
        raise _to_mend("WEBDATA_DAGSTER_STORAGE: its user may not make tables; grant CREATE on its schema")
    return "PostgreSQL answers" if made else "PostgreSQL answers; tables are made on first use"


def _encoder(settings: Settings) -> str:
    from webdata_assets.stages.artefacts import MANIFEST, read_artefact
    from webdata_assets.stages.embed.encoders.spec import EncoderSpec, expected_model_id

    spec = EncoderSpec.of(settings)
    model_id = expected_model_id(spec)
    if spec.kind != "default":
        return model_id
    kept = (path.parent for path in spec.folder.glob(f"*/{MANIFEST}"))
    facts = (read_artefact(each, failure_domain=FailureDomain.CONFIGURATION).facts for each in kept)
    wanted = model_id.rpartition("/")[0]
    if any(str(each.get("model_id")).rpartition("/")[0] == wanted for each in facts):
        return f"{model_id}, in the working folder"
    if spec.given is None:
        return f"{model_id}, fetched on first use (91 MB)"
    from webdata_assets.stages.embed.encoders.checkpoint import obtain_checkpoint

    obtain_checkpoint(spec.given)
    return f"{model_id}, made on first use from {spec.given}"


def _sources(settings: Settings) -> str:
    from webdata_assets.sources.registry import load_sources
    from webdata_assets.stages.observe.redaction import referenced_names

    registry = load_sources(settings.sources, patches=settings.patches)
    for name, source in registry.enabled.items():
        _require_set(f"source {name}", referenced_names([source.model_dump_json()]))
    return f"{len(registry.all)} good, {len(registry.enabled)} enabled"


def _sinks(settings: Settings) -> str:
    from webdata_assets.sinks.loading import load_sinks

    sinks = {name: sink for name, sink in load_sinks(settings.sinks).items() if sink.enabled}
    for name, sink in sinks.items():
        _require_set(f"sink {name}", set(_named_variables(sink.model_dump())))
    return f"{len(sinks)} good and enabled; `webdata sinks check` opens them"


def _task(settings: Settings) -> str:
    from webdata_assets.tasks.loading import load_task

    return load_task(settings.task).name


def _named_variables(value: Any) -> Iterator[str]:
    """Yield the variables that a sink file names, in its keys `…_env`, however deep."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            if isinstance(each, str) and str(key).endswith("_env"):
                yield each
            else:
                yield from _named_variables(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _named_variables(each)


def _require_set(who: str, names: set[str] | frozenset[str]) -> None:
    if missing := sorted(name for name in names if not os.environ.get(name)):
        raise _to_mend(f"{who}: its file names {', '.join(missing)}, which is not set; set it where runs are")


def _addresses(settings: Settings) -> dict[str, str]:
    """Return the servers of others that the settings name, by variable."""
    celery = settings.executor == "celery"
    named = {
        "WEBDATA_SHARED_RATES": settings.shared_rates.get_secret_value(),
        "WEBDATA_CELERY_BROKER": settings.celery_broker.get_secret_value() if celery else "",
        "WEBDATA_CELERY_BACKEND": settings.celery_backend.get_secret_value() if celery else "",
        "WEBDATA_ENGINE": settings.engine if "://" in settings.engine else "",
        "WEBDATA_INDEX": settings.index,
        "WEBDATA_ENCODER_URL": settings.encoder_url,
    }
    return {name: address for name, address in named.items() if address}


def _answers(name: str, address: str) -> str:
    """Return who listens at an address. Raises a WebdataError if nobody does."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        host, port = None, None
    if not host and urlsplit(address).query:
        return "reached by a socket of this machine"
    if not host or port is None:
        raise _to_mend(f"{name} is no address with a host and a port; write scheme://host:port/…")
    try:
        socket.create_connection((host, port), timeout=_SECONDS).close()
    except OSError as error:
        reason = error.strerror or str(error)
        raise _away(
            f"{name}: nobody answers at {host}:{port} ({reason}); start the server, or change the address"
        ) from None
    return f"{host}:{port} answers"


def _to_mend(message: str) -> PermanentError:
    return PermanentError(message, failure_domain=FailureDomain.CONFIGURATION)


def _away(message: str) -> TransientError:
    return TransientError(message, failure_domain=FailureDomain.RESOURCE)
