"""Formulas of the training set."""

import polars as pl
import pytest

from webdata_assets.partitions import Partition
from webdata_assets.stages.learn.training_set import build_training_set
from webdata_assets.tasks.model import Evaluation
from webdata_assets_tests.checks.judge import judge, numbers
from webdata_assets_tests.learn import samples
from webdata_assets_tests.store.rows import admit, frame, put

SAMPLED = Partition(samples.DAY, "shop")
BY_RECORD = samples.TASK.model_copy(update={"evaluation": Evaluation(group_by="record")})


def training_set(task=samples.TASK):
    return build_training_set(samples.corpus(), samples.features(), samples.embeddings(), task)


def finding(store, rows, check):
    put(store, "training_set", rows, None)
    return judge(store, "training_set", check, partition=None)


def test_two_labels_on_either_side_are_enough(store):
    rows = training_set().filter(pl.col("label") != "office")
    found = finding(store, rows, "labels")
    assert (numbers(found), found.detail) == ((True, 2, 2), None)


def test_labels_of_the_poorer_side_count(store):
    rows = training_set().filter((pl.col("label") == "office") | (pl.col("split") == "train"))
    found = finding(store, rows, "labels")
    assert numbers(found) == (False, 1, 2)
    assert found.detail.startswith("labels: 3 on the train side, 1 on the test side")


def test_no_rows_have_too_few_labels_and_groups_and_no_wrong_split(store):
    rows = training_set().clear()
    assert numbers(finding(store, rows, "labels")) == (False, 0, 2)
    assert numbers(finding(store, rows, "held_out_groups")) == (False, 0, 5)
    assert numbers(finding(store, rows, "split")) == (True, 0, 0)


@pytest.mark.parametrize("task", [samples.TASK, BY_RECORD], ids=["site", "record"])
def test_groups_on_the_side_of_their_hash_pass(store, task):
    assert numbers(finding(store, training_set(task), "split")) == (True, 0, 0)


def test_every_row_of_a_group_on_both_sides_is_counted(store):
    rows = training_set()
    group = rows["group"][0]
    other = {"train": "test", "test": "train"}[rows["split"][0]]
    torn = rows.with_columns(
        split=pl.when(pl.int_range(pl.len()) == 0).then(pl.lit(other)).otherwise(pl.col("split"))
    )
    size = rows.filter(group=group).height
    assert size > 1
    assert numbers(finding(store, torn, "split")) == (False, size, 0)


def test_a_group_on_the_wrong_side_as_a_whole_is_counted(store):
    rows = training_set()
    turned = rows.with_columns(split=pl.lit("train"))
    assert numbers(finding(store, turned, "split")) == (False, rows.filter(split="test").height, 0)


def test_few_held_out_sites_are_said_to_be_a_weak_evaluation(store):
    rows = training_set()
    sites = sorted(set(rows.filter(split="test")["group"]))[:2]
    found = finding(
        store, rows.filter((pl.col("split") == "train") | pl.col("group").is_in(sites)), "held_out_groups"
    )
    assert numbers(found) == (False, 2, 5)
    assert found.detail == (
        "the evaluation is weak, it rests on 2 sites: add sources, or write "
        "`group_by: record` in the task file"
    )


def test_held_out_records_are_groups_of_their_own(store):
    rows = training_set(BY_RECORD)
    held_out = rows.filter(split="test").height
    assert numbers(finding(store, rows, "held_out_groups")) == (True, held_out, 5)
    few = finding(store, rows.filter(split="train"), "held_out_groups")
    assert few.detail == "the evaluation is weak, it rests on 0 records: add records"


def test_training_rows_must_come_from_admitted_partitions(store):
    rows = training_set()
    put(store, "training_set", rows, None)
    for name in ("features", "embeddings"):
        put(store, name, frame(name), SAMPLED)
    admit(store, "features", SAMPLED)
    assert numbers(judge(store, "training_set", "admitted_only", partition=None)) == (False, rows.height, 0)
    admit(store, "embeddings", SAMPLED)
    assert numbers(judge(store, "training_set", "admitted_only", partition=None)) == (True, 0, 0)
