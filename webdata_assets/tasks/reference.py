"""The reference of task files, `docs/tasks.md`, rendered from the model's own descriptions.

What belongs here: its introduction and the order of its sections. What does not: the model as Markdown
(sources/reference.py), and the JSON Schema for editors (json_schema.py).

`python -m webdata_assets.tasks.reference` writes `docs/tasks.md` anew.
"""

from pathlib import Path

from pydantic import BaseModel

from webdata_assets.sources.reference import render_sections
from webdata_assets.tasks import model

REFERENCE_PATH = Path(__file__).resolve().parents[2] / "docs" / "tasks.md"

_SECTIONS: tuple[tuple[str, type[BaseModel]], ...] = (
    ("The file", model.Task),
    ("`label`", model.Label),
    ("`label.rules`", model.LabelRule),
    ("`inputs`", model.Inputs),
    ("`evaluation`", model.Evaluation),
    ("`drift`", model.Drift),
    ("`retrain`", model.Retrain),
)

_INTRODUCTION = """\
# Task files

One YAML file says what the model of a deployment learns; `WEBDATA_TASK` points to it. `webdata task check`
names file, line, field and remedy for whatever is wrong, and says what was understood; editors complete keys
from `task.schema.json`. Made from the model by `make schema`.

```yaml
name: page_type
description: The type of a page, to route it by
label:
  rules: # the first that matches counts; or `field: category`, a column of the corpus or a field of yours
    - {label: product, field: url, matches: /product/}
    - {label: forum, field: title, matches: "(?i)thread|forum"}
inputs: {text: true, vector: false, features: all}
evaluation: {metric: macro_f1, floor: 0.6, group_by: site, slices: [source]}
retrain: {after_partitions: 8, schedule: "0 3 * * 0"}
```

- A label is what the record is at its newest admitted version. Records without a label are not learnt from,
  and are predicted all the same.
- A fifth of the groups is held out for ever, by the hash of the group: what a model is judged on, no model
  was trained on. A site is the host of a record's URL without a leading `www.`. With fewer than five sites
  held out the evaluation says little, and the check `held_out_groups` warns.
- Rules that read what the model reads too, such as words of the title, are learnt as they are: the score then
  says how well the rules were copied.
"""


def render() -> str:
    """Return the reference as Markdown."""
    return render_sections(_INTRODUCTION, _SECTIONS)


if __name__ == "__main__":
    REFERENCE_PATH.write_text(render(), encoding="utf-8")
