"""What becomes of a record whose field has no value, or one that is not of its type.

What belongs here: `on_missing`, `on_invalid` and `default` of a field. What does not: finding and converting
values (fields.py).
"""

from dataclasses import dataclass, replace

from webdata_assets.sources.fields import FieldRule, ValueType
from webdata_assets.stages.extract.extraction import FieldError

_LEFT_OUT = "and the source leaves such records out"


@dataclass(frozen=True)
class Outcome:
    """What reading one field came to: a value, or else reasons against its record; all empty for none.

    Attributes:
        value: the typed value; None where there is none.
        errors: reasons to refuse the record.
        dropped: the reason to leave the record, or the object within it, out.
        takes_default: whether the field's default stands in.
    """

    value: object = None
    errors: tuple[FieldError, ...] = ()
    dropped: FieldError | None = None
    takes_default: bool = False


def missing(path: str, rule: FieldRule, value_type: ValueType) -> Outcome:
    """Return what follows from a field that was not found."""
    match rule.on_missing:
        case "default":
            return Outcome(takes_default=True)
        case "require":
            reason = "is missing, and the source requires it"
            return Outcome(errors=(FieldError(path, value_type, None, reason, "required"),))
        case "drop":
            reason = f"is missing, {_LEFT_OUT}"
            return Outcome(dropped=FieldError(path, value_type, None, reason, f"missing:{path}"))
        case "keep":
            return Outcome()


def invalid(path: str, rule: FieldRule, error: FieldError) -> Outcome:
    """Return what follows from a value that is not of its type."""
    match rule.on_invalid:
        case "default":
            return Outcome(takes_default=True)
        case "missing":
            return missing(path, rule, error.value_type)
        case "drop":
            reason = f"{error.reason}, {_LEFT_OUT}"
            return Outcome(dropped=replace(error, reason=reason, rule=f"invalid:{path}"))
        case "quarantine":
            return Outcome(errors=(error,))
