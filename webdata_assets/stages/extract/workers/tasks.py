"""What a worker can be asked to do with pages.

What belongs here: tasks by name, because a name is all that crosses to the worker. What does not: the work.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from webdata_assets.sources.model import Source
from webdata_assets.sources.python_function import code_hash
from webdata_assets.sources.selectors import Selector
from webdata_assets.stages.extract.extraction import Payload
from webdata_assets.stages.extract.workers.wire import Json, pack_extraction, pack_value, unpack_value

if TYPE_CHECKING:
    from webdata_assets.stages.extract.any_page import Mode
    from webdata_assets.stages.extract.induction.lost import Known
    from webdata_assets.stages.extract.induction.trying import KnownItems
    from webdata_assets.stages.extract.main_content.templates import Templates


@dataclass(frozen=True)
class Task:
    """A kind of work and its settings, which are JSON.

    Attributes:
        owner: whose pages it is for, and by which code of theirs. A process that read a page of one owner
            reads none of another: what a hostile page does to it harms its own source at most.
    """

    name: str
    settings: Json
    owner: str = ""


def extraction_of(source: Source, templates: "Templates | None" = None) -> Task:
    """Return the task of turning a source's pages into candidates."""
    settings = _settings_of(source)
    if templates is not None:
        settings["templates"] = {
            host: sorted(map(bytes.hex, blocks)) for host, blocks in templates.blocks.items()
        }
    return Task("extract", settings, _owner_of(source))


def digests_of(source: Source) -> Task:
    """Return the task of identifying the blocks of a source's pages."""
    return Task("digests", _settings_of(source), _owner_of(source))


def reading_any_page(mode: "Mode") -> Task:
    """Return the task of saying what can be said of pages of no source."""
    return Task("read", {"mode": mode})


def candidates_for(source: Source, fields: Sequence[str], known: "Sequence[Known]") -> Task:
    """Return the task of finding selectors by which pages show the known values of lost fields."""
    settings = {**_settings_of(source), "fields": list(fields), "known": _pack_known(known)}
    return Task("candidates", settings, _owner_of(source))


def outcomes_for(
    source: Source, selectors: Mapping[str, Sequence[Selector]], known: "Sequence[Known]"
) -> Task:
    """Return the task of saying which selectors give the known values."""
    packed = {name: [one.model_dump(exclude_none=True) for one in each] for name, each in selectors.items()}
    settings = {**_settings_of(source), "selectors": packed, "known": _pack_known(known)}
    return Task("outcomes", settings, _owner_of(source))


def prepare(task: Task) -> Callable[[Payload], Any]:
    """Return the function that does a task for one page, and whose answer is JSON."""
    return _PREPARE[task.name](task.settings)


def _settings_of(source: Source) -> Json:
    return {"source": source.model_dump(mode="json", by_alias=True, exclude_unset=True)}


def _owner_of(source: Source) -> str:
    function = source.extract.python
    return f"{source.name}@{code_hash(function)}" if function else source.name


def _extract(settings: Json) -> Callable[[Payload], Any]:
    from webdata_assets.stages.extract.extractor import extract_page
    from webdata_assets.stages.extract.main_content.templates import Templates

    source = Source.model_validate(settings["source"])
    templates = None
    if "templates" in settings:
        blocks = settings["templates"].items()
        templates = Templates({host: frozenset(map(bytes.fromhex, digests)) for host, digests in blocks})
    return lambda payload: pack_extraction(extract_page(source, payload, templates))


def _digests(settings: Json) -> Callable[[Payload], Any]:
    from webdata_assets.stages.extract.extractor import digests_of_page

    source = Source.model_validate(settings["source"])
    return lambda payload: digests_of_page(source, payload)


def _read(settings: Json) -> Callable[[Payload], Any]:
    from webdata_assets.stages.extract.any_page import read_any_page

    mode = settings["mode"]
    return lambda payload: read_any_page(payload, mode)


def _candidates(settings: Json) -> Callable[[Payload], Any]:
    from webdata_assets.stages.extract.induction.trying import candidates_on

    source, known = Source.model_validate(settings["source"]), _unpack_known(settings)
    return lambda payload: candidates_on(source, settings["fields"], known, payload)


def _outcomes(settings: Json) -> Callable[[Payload], Any]:
    from webdata_assets.stages.extract.induction.trying import outcomes_on

    source, known = Source.model_validate(settings["source"]), _unpack_known(settings)
    selectors = {
        name: [Selector.model_validate(keys) for keys in each] for name, each in settings["selectors"].items()
    }
    return lambda payload: outcomes_on(source, selectors, known, payload)


def _pack_known(known: "Sequence[Known]") -> Json:
    packed: dict[str, list[Any]] = {}
    for entry in known:
        values = {name: pack_value(value) for name, value in entry.values.items()}
        packed.setdefault(entry.url, []).append([entry.ordinal, values])
    return packed


def _unpack_known(settings: Json) -> "KnownItems":
    return {
        url: [
            (ordinal, {name: unpack_value(value) for name, value in values.items()})
            for ordinal, values in items
        ]
        for url, items in settings["known"].items()
    }


_PREPARE: dict[str, Callable[[Json], Callable[[Payload], Any]]] = {
    "extract": _extract,
    "digests": _digests,
    "read": _read,
    "candidates": _candidates,
    "outcomes": _outcomes,
}
