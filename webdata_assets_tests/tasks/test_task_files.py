"""Task files: good ones are read, broken ones are named with file, line, field and remedy."""

from pathlib import Path

import pytest

from webdata_assets.errors import FailureDomain, TaskFileError
from webdata_assets.resources import TaskResource
from webdata_assets.settings import PACKAGED_TASK
from webdata_assets.tasks.loading import load_task

GOOD = """\
name: topic
description: A test
label: {field: category}
"""


def message_of(path: Path, content: str) -> str:
    path.write_text(content)
    with pytest.raises(TaskFileError) as caught:
        load_task(path)
    assert caught.value.failure_domain is FailureDomain.CONFIGURATION
    return str(caught.value)


def test_the_shipped_task_learns_the_category() -> None:
    assert load_task(PACKAGED_TASK).label.field == "category"


def test_what_is_left_out_has_a_default(tmp_path: Path) -> None:
    path = tmp_path / "task.yaml"
    path.write_text(GOOD)
    task = load_task(path)
    assert (task.inputs.text, task.inputs.vector, task.inputs.features) == (True, True, "all")
    assert (task.evaluation.group_by, task.retrain.after_partitions) == ("site", 8)


@pytest.mark.parametrize(
    ("line", "place", "what", "remedy"),
    [
        ("inputs: {txt: true}", "4: inputs.txt", "unknown field", "did you mean `text`?"),
        ("inputs: {features: lots}", "4: inputs.features", "'lots' is neither `all`", "Columns of"),
        ("inputs: {features: [a, 3]}", "4: inputs.features", "is neither `all`", "Columns of"),
        ("inputs: {text: false, vector: false, features: none}", "4: inputs", "see nothing", "switch one"),
        ("inputs: 3", "4: inputs", "3 is not a mapping", "`key: value` lines"),
        ("evaluation: {metric: f1}", "4: evaluation.metric", "'f1' is not one of", "macro_f1, accuracy"),
        ("evaluation: {slices: [sauce]}", "4: evaluation.slices[0]", "not one of", "did you mean `source`?"),
        ("evaluation:\n  floor: 2", "5: evaluation.floor", "less than or equal to 1", "Least score of a"),
        ("retrain: {schedule: daily}", "4: retrain.schedule", "not a cron expression", "`0 3 * * 0`"),
        ("names: x", "4: names", "unknown field", "did you mean `name`?"),
        ("name: x", "4: name", "given twice, first on line 1", "keep one"),
        ("drift: [", "5:1: document", "malformed YAML", "check indentation"),
    ],
)  # fmt: skip
def test_a_broken_line_is_named_with_a_remedy(
    tmp_path: Path, line: str, place: str, what: str, remedy: str
) -> None:
    path = tmp_path / "task.yaml"
    message = message_of(path, f"{GOOD}{line}\n")
    assert message.startswith(f"{path}:{place}: ")
    assert what in message
    assert remedy in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("label", "message"),
    [
        ("{}", "label: labels come from `field` or from `rules`; give exactly one of the two"),
        ("{field: a, rules: [{label: b, field: url, matches: c}]}", "give exactly one of the two"),
        ("{rules: [{label: a, field: url, matches: '('}]}", "label.rules[0].matches: '(' is not a regular"),
        ("{rules: [{label: a, matches: b}]}", "label.rules[0].field: required, and missing; add `field:`"),
        ("category", "label: 'category' is not a mapping"),
    ],
)
def test_a_broken_label_is_named_with_a_remedy(tmp_path: Path, label: str, message: str) -> None:
    found = message_of(tmp_path / "task.yaml", GOOD.replace("{field: category}", label))
    assert f"task.yaml:3: {message}" in found or message in found


def test_every_problem_is_named_in_the_order_of_lines(tmp_path: Path) -> None:
    content = GOOD.replace("topic", "A topic") + "drift: {psi: -1}\nretrain: {on: true}\n"
    lines = message_of(tmp_path / "task.yaml", content).splitlines()
    assert [line.split(":")[1] for line in lines] == ["1", "4", "5"]


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(TaskFileError, match=r"none\.yaml: no such file; create it, or point WEBDATA_TASK"):
        load_task(tmp_path / "none.yaml")


def test_a_tag_that_would_make_an_object_is_refused(tmp_path: Path) -> None:
    assert "not allowed" in message_of(tmp_path / "task.yaml", GOOD + "drift: !!python/name:os.system\n")


def test_the_resource_reads_the_file_once_per_run(tmp_path: Path) -> None:
    path = tmp_path / "task.yaml"
    path.write_text(GOOD)
    resource = TaskResource(path=str(path))
    first = resource.load()
    path.unlink()
    assert resource.load() is first
