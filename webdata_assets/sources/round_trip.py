"""YAML to YAML by ruamel.yaml, with everything else left as a person wrote it.

What belongs here: adding one selector to the loaded document of a source file, and carrying the change over
to its text. What does not: whether the result is right (editing.py).
"""

import difflib
import io
import re
from collections.abc import Mapping
from typing import Any

from yaml import safe_load

from webdata_assets.errors import SourceFileError
from webdata_assets.sources.selectors import Selector, short_selector

_WIDTH = 1_000_000
"""Characters of a line that is not folded: no line is."""
_PLAIN = re.compile(r"[A-Za-z.][\w. >-]*")
"""What needs no quotes, unless it reads as something else than text, such as `yes`."""


def appended(text: str, field: str, keys: Mapping[str, str]) -> tuple[str, str]:
    """Return the text with one more selector of a field, in two ways: the first changes only lines that the
    edit is about; the second is as the library writes the whole file.

    Raises:
        SourceFileError: the text is not YAML that can be edited.
    """
    writer, document = _loaded(text)
    base = _dumped(writer, document)
    _append(document, field, keys)
    edited = _dumped(writer, document)
    return _carried_over(text, base, edited), edited


def _loaded(text: str) -> tuple[Any, Any]:
    """Return a round-trip YAML with the text's own indentation, and the document.

    The round-trip loader is one of the safe loaders: a tag becomes a label of its node, never an object. The
    text has been read by `yaml.safe_load` before (editing.py), which refuses such tags altogether.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError
    from ruamel.yaml.util import load_yaml_guess_indent

    try:
        _, sequence, offset = load_yaml_guess_indent(text)
        mapping = _indentation(text)
        if offset is None:  # the file has no list of its own to show how it writes them
            sequence, offset = mapping + 2, mapping
        writer = YAML(typ="rt")
        writer.preserve_quotes = True
        writer.width = _WIDTH
        writer.brace_single_entry_mapping_in_flow_sequence = True
        writer.indent(mapping=mapping, sequence=max(sequence, offset + 2), offset=offset)
        return writer, writer.load(text)
    except YAMLError as error:
        raise SourceFileError(f"the file cannot be edited as it is written: {error}") from error


def _indentation(text: str) -> int:
    """Return the spaces by which the file indents mappings."""
    found = re.search(r"^extract:[^\n]*\n(?:\s*(?:#[^\n]*)?\n)*( +)", text, re.MULTILINE)
    return len(found[1]) if found else 2


def _dumped(writer: Any, document: Any) -> str:
    out = io.StringIO()
    writer.dump(document, out)
    return out.getvalue()


def _append(document: Any, field: str, keys: Mapping[str, str]) -> None:
    """Add a selector to the loaded document, in the form that the field is written in."""
    from ruamel.yaml.comments import CommentedMap, CommentedSeq

    extract = document["extract"]
    if not isinstance(extract.get("fields"), CommentedMap):
        extract["fields"] = CommentedMap()
    fields = extract["fields"]
    rule = fields.get(field)
    entry = _written(keys)
    if rule is None:
        fields[field] = CommentedMap({"from": CommentedSeq([entry])})
        return
    if not isinstance(rule, CommentedMap):
        short = CommentedMap({next(iter(short_selector(str(rule)))): rule})
        if field in fields.ca.items:
            short.ca.items[next(iter(short))] = fields.ca.items.pop(field)
            _pass_on(short, entry)
        fields[field] = CommentedMap({"from": CommentedSeq([short, entry])})
        return
    if "from" in rule:
        rule["from"].append(entry)
        return
    own = CommentedMap()
    for name in [name for name in rule if name in Selector.model_fields]:
        position = len(own)
        own.insert(position, name, rule[name])
        if name in rule.ca.items:
            own.ca.items[name] = rule.ca.items.pop(name)
        del rule[name]
    if own:
        _pass_on(own, entry)
    alternatives = CommentedSeq([own, entry] if own else [entry])
    if rule.fa.flow_style():
        own.fa.set_flow_style()
        entry.fa.set_flow_style()
        alternatives.fa.set_flow_style()
    rule.insert(len(rule), "from", alternatives)


def _pass_on(before: Any, after: Any) -> None:
    """Move the lines below a mapping, blank ones and comments, to the end of what now follows it."""
    from ruamel.yaml.tokens import CommentToken

    last = next(reversed(before))
    tokens = before.ca.items.get(last)
    if not tokens or tokens[2] is None:
        return
    own, _, below = tokens[2].value.partition("\n")
    if below:
        tokens[2].value = f"{own}\n"
        moved = CommentToken(f"\n{below}", tokens[2].start_mark, None)
        after.ca.items[next(reversed(after))] = [None, None, moved, None]


def _written(keys: Mapping[str, str]) -> Any:
    """Return a selector to be dumped, with quotes wherever a plain text could be read as something else."""
    from ruamel.yaml.comments import CommentedMap
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString, SingleQuotedScalarString

    entry = CommentedMap()
    for name, value in keys.items():
        if _PLAIN.fullmatch(value) and safe_load(value) == value:
            entry[name] = value
        elif '"' in value or "\\" in value:
            entry[name] = SingleQuotedScalarString(value)
        else:
            entry[name] = DoubleQuotedScalarString(value)
    return entry


def _carried_over(text: str, base: str, edited: str) -> str:
    """Return the text with the changes that lead from `base` to `edited`.

    `base` is the text as the YAML library writes it, so that its habits do not touch lines that the edit does
    not.
    """
    lines, based, wanted = (each.splitlines(keepends=True) for each in (text, base, edited))
    place = _places(based, lines)
    result: list[str] = []
    done = 0
    for kind, low, high, first, last in difflib.SequenceMatcher(
        None, based, wanted, autojunk=False
    ).get_opcodes():
        if kind == "equal":
            continue
        if low not in place or high not in place:
            return edited
        result += lines[done : place[low]] + wanted[first:last]
        done = place[high]
    return "".join(result + lines[done:])


def _places(based: list[str], lines: list[str]) -> dict[int, int]:
    """Return where lines of one text are in another that differs from it by spaces, or line by line."""
    place = {len(based): len(lines)}
    bare, bare_lines = (["".join(line.split()) for line in each] for each in (based, lines))
    for kind, low, high, first, last in difflib.SequenceMatcher(
        None, bare, bare_lines, autojunk=False
    ).get_opcodes():
        if kind == "equal" or high - low == last - first:
            place.update({low + step: first + step for step in range(high - low)})
    return place
