"""`webdata selectors`: fields whose selectors no longer match, and the selectors proposed in their place."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from webdata_assets.cli.arguments import Json
from webdata_assets.cli.output import ExitCode, fail_clearly, print_json, print_table, say
from webdata_assets.errors import FailureDomain, PermanentError

if TYPE_CHECKING:
    from webdata_assets.sources.selectors import Selector

selectors_app = typer.Typer(
    help="Show fields whose selectors no longer match; accept what is proposed for them.",
    no_args_is_help=True,
)

SourceName = Annotated[str, typer.Argument(help="The source's name.")]
FieldName = Annotated[str, typer.Argument(help="The field's name.")]


@selectors_app.command("list")
def selectors_list(
    source: Annotated[str, typer.Option(help="Only this source; all if none.")] = "", as_json: Json = False
) -> None:
    """List fields that are no longer found, each with the selector that is proposed for it.

    Example: webdata selectors list --source demo_shop
    """
    from webdata_assets.cli.selector_work import list_lost_fields

    with fail_clearly():
        rows = list_lost_fields(source or None)
        if as_json:
            print_json(rows)
        elif rows:
            print_table("Fields that are no longer found", rows)
        else:
            say("Every selector matches.")


@selectors_app.command("show")
def selectors_show(source: SourceName, field: FieldName, as_json: Json = False) -> None:
    """Show one field's proposal, its support, and what it gives on some of the pages.

    Example: webdata selectors show demo_shop price
    """
    from webdata_assets.cli.selector_work import show_lost_field

    with fail_clearly():
        report = show_lost_field(source, field)
        if as_json:
            print_json(report)
            return
        samples = report.pop("samples")
        print_table(
            f"{source}.{field}",
            [{"what": name.replace("_", " "), "value": value} for name, value in report.items()],
        )
        print_table("Before, and with the proposed selector", samples)


@selectors_app.command("accept")
def selectors_accept(
    source: SourceName,
    fields: Annotated[
        list[str] | None, typer.Argument(help="Fields, as they are listed; all with a proposal if none.")
    ] = None,
    selector: Annotated[
        str,
        typer.Option(help='Another one than the proposed: CSS, XPath, or JSON such as {"meta": "price"}.'),
    ] = "",
    patch: Annotated[
        bool, typer.Option("--patch", help="Write to the patches, and leave the source file as it is.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Put selectors into the source file, after those that the fields have; comments and order stay.

    The partitions that failed for want of the fields are then replayed by the sensor, without any request.
    Fields that were lost together are best accepted together.

    Example: webdata selectors accept demo_shop price currency
    """
    from webdata_assets.cli.selector_work import plan_edit

    with fail_clearly():
        edit = plan_edit(source, fields or [], _selector(selector) if selector else None, patch=patch)
        if not as_json:
            typer.echo(
                "".join(letter for letter in edit.difference if letter.isprintable() or letter == "\n")
            )
            if not yes and not typer.confirm(f"Write {edit.path}?"):
                say("Nothing was written.")
                raise typer.Exit(ExitCode.FAILED)
        edit.write()
        if as_json:
            print_json(
                {"path": str(edit.path), "selectors": edit.keys, "diff": edit.difference, "next": edit.next}
            )
            return
        say(f"Wrote {edit.path}.")
        for line in edit.next:
            say(line)


def _selector(text: str) -> "Selector":
    """Return the selector that a text is: JSON of its keys, or the short form of CSS and XPath."""
    from pydantic import ValidationError

    from webdata_assets.sources.selectors import Selector, short_selector

    try:
        keys: Any = json.loads(text) if text.lstrip().startswith("{") else short_selector(text)
        return Selector.model_validate(keys)
    except (json.JSONDecodeError, ValidationError) as error:
        what = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise PermanentError(
            f"{text!r} is no selector: {what}", failure_domain=FailureDomain.CONFIGURATION
        ) from error
