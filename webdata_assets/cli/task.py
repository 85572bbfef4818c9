"""`webdata task`: what the model learns, as it was understood."""

from typing import TYPE_CHECKING, Any

import typer

from webdata_assets.cli.arguments import Json
from webdata_assets.cli.output import fail_clearly, print_json, print_table, say

if TYPE_CHECKING:
    import polars as pl

    from webdata_assets.tasks.model import Task

task_app = typer.Typer(help="Check the file that says what the model learns.", no_args_is_help=True)


@task_app.callback()
def _group() -> None:
    """Keep `check` a command of its own while it is the only one."""


@task_app.command("check")
def task_check(as_json: Json = False) -> None:
    """Check the task file, say what was understood, and count the labels of the corpus.

    Example: WEBDATA_TASK=page_type.yaml webdata task check
    """
    with fail_clearly():
        report = check_task()
        if as_json:
            print_json(report)
            return
        rows = [{"key": name, "value": value} for name, value in report["understood"].items()]
        print_table(f"{report['task']}: {report['description']}", rows)
        if report["labels"]:
            print_table("Labels of the corpus, and how many of them are held out", report["labels"])
        for note in report["notes"]:
            say(note)


def check_task() -> dict[str, Any]:
    """Return what the task file says and, where there is a corpus, its labels.

    Raises:
        TaskFileError: the file cannot be used; the message names file, line, field and remedy.
        PermanentError: a feature that it names cannot be taken.
    """
    from webdata_assets.errors import NotAdmittedError
    from webdata_assets.schemas.corpus import CORPUS
    from webdata_assets.settings import Settings
    from webdata_assets.stages.learn.inputs import feature_names
    from webdata_assets.store import Store
    from webdata_assets.tasks.loading import load_task

    settings = Settings()
    task = load_task(settings.task)
    features = feature_names(task.inputs)
    label, evaluation, retrain = task.label, task.evaluation, task.retrain
    reads = (
        ("words", task.inputs.text),
        ("vector", task.inputs.vector),
        (f"{len(features)} features", features),
    )
    report: dict[str, Any] = {
        "task": task.name,
        "file": str(settings.task),
        "description": task.description,
        "understood": {
            "label": f"the field {label.field!r}"
            if label.field
            else f"{len(label.rules)} rules, the first counts",
            "inputs": ", ".join(name for name, read in reads if read),
            "judged by": f"{evaluation.metric} on a fifth of the {evaluation.group_by}s, by "
            + (", ".join(evaluation.slices) or "no slices"),
            "floor": "that of the most frequent label" if evaluation.floor is None else evaluation.floor,
            "retrained": f"after {retrain.after_partitions} partitions"
            + (f", and at {retrain.schedule} (UTC)" if retrain.schedule else ""),
        },
        "labels": [],
        "notes": [],
    }
    try:
        corpus = Store.of(settings).read_admitted(CORPUS)
    except NotAdmittedError as error:
        report["notes"].append(f"No labels to count: {error}")
        return report
    return {**report, **_count_labels(corpus, task)}


def _count_labels(corpus: "pl.DataFrame", task: "Task") -> dict[str, Any]:
    import polars as pl

    from webdata_assets.stages.learn.labels import label_of
    from webdata_assets.stages.learn.split import TEST, group, split_of

    live = corpus.filter(pl.col("duplicate_of").is_null(), state="live")
    rows = live.select(group(task.evaluation.group_by)).with_columns(label_of(live, task.label))
    rows = rows.with_columns(split_of(rows["group"]))
    held_out = pl.col("split") == TEST
    counts = (
        rows.drop_nulls("label")
        .group_by("label")
        .agg(
            records=pl.len(),
            groups=pl.col("group").n_unique(),
            held_out_records=held_out.sum(),
            held_out_groups=pl.col("group").filter(held_out).n_unique(),
        )
        .sort("records", "label", descending=[True, False])
    )
    unlabelled = rows["label"].null_count()
    notes = [f"{unlabelled} of {rows.height} live records have no label."]
    if counts.filter(pl.col("held_out_records") > 0).height < 2:
        notes.append(
            "Fewer than two labels are held out: no model can be judged. Add records of other "
            f"{task.evaluation.group_by}s, or see `evaluation.group_by`."
        )
    return {"labels": counts.to_dicts(), "notes": notes}
