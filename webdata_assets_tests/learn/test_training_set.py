"""Which rows a model learns from."""

import datetime as dt

import numpy as np
import polars as pl
import pytest

from webdata_assets.schemas.training_set import TrainingSet
from webdata_assets.stages.embed.embed import vector_matrix
from webdata_assets.stages.learn.training_set import build_examples, build_training_set
from webdata_assets.tasks.model import Evaluation
from webdata_assets_tests.learn.samples import DAY, TASK, corpus, embeddings, features

LATER = DAY + dt.timedelta(days=1)


def with_row(frame, number, **values):
    wanted = pl.col("record_id") == f"{number:032x}"
    return frame.with_columns(
        pl.when(wanted).then(pl.lit(value)).otherwise(pl.col(name)).alias(name)
        for name, value in values.items()
    )


def test_rows_match_the_schema_in_a_fixed_order():
    rows = build_training_set(corpus().reverse(), features().reverse(), embeddings().reverse(), TASK)
    TrainingSet.validate(rows)
    assert rows.equals(build_training_set(corpus(), features(), embeddings(), TASK))
    assert rows["record_id"].to_list() == [f"{n:032x}" for n in range(60)]


def test_the_vector_is_the_unit_mean_of_the_chunks():
    rows = build_training_set(corpus(), features(), embeddings(), TASK)
    mean = vector_matrix(embeddings()["vector"])[2:4].mean(axis=0)
    np.testing.assert_allclose(vector_matrix(rows["vector"])[1], mean / np.linalg.norm(mean), atol=1e-6)


@pytest.mark.parametrize(
    "values", [{"state": "gone"}, {"duplicate_of": "0" * 32}, {"category": None}], ids=str
)
def test_gone_duplicate_and_unlabelled_records_are_left_out(values):
    rows = build_training_set(with_row(corpus(), 7, **values), features(), embeddings(), TASK)
    assert len(rows) == 59
    assert f"{7:032x}" not in rows["record_id"]


def test_records_without_features_or_chunks_are_left_out():
    rows = build_training_set(corpus(60), features(50), embeddings(40), TASK)
    assert len(rows) == 40


def test_features_and_vectors_are_those_of_the_version_that_the_corpus_names():
    newer = with_row(corpus(), 7, date=LATER)
    only_old = build_training_set(newer, features(), embeddings(), TASK)
    assert f"{7:032x}" not in only_old["record_id"]
    both = build_training_set(
        newer,
        pl.concat([features(), features(date=LATER)]),
        pl.concat([embeddings(), embeddings(date=LATER)]),
        TASK,
    )
    assert len(both) == 60
    assert both.filter(record_id=f"{7:032x}")["date"].to_list() == [LATER]


def test_the_text_hash_changes_with_any_chunk():
    rows = build_training_set(corpus(), features(), embeddings(), TASK)
    changed = embeddings().with_columns(
        text_hash=pl.when(pl.col("chunk_id") == f"{7:032x}-0001")
        .then(pl.lit("f" * 64))
        .otherwise(pl.col("text_hash"))
    )
    other = build_training_set(corpus(), features(), changed, TASK)
    assert (rows["text_hash"] != other["text_hash"]).sum() == 1


def test_nothing_gives_an_empty_training_set():
    TrainingSet.validate(build_training_set(corpus(0), features(0), embeddings(0), TASK))
    assert build_training_set(corpus(), features(), embeddings(0), TASK).is_empty()


def test_vectors_of_two_models_are_refused():
    mixed = pl.concat([embeddings(30), embeddings(60, model_id="tiny@2").slice(60)])
    with pytest.raises(ValueError, match="several models"):
        build_training_set(corpus(), features(), mixed, TASK)


def test_examples_keep_the_unlabelled():
    rows = build_examples(with_row(corpus(), 7, category=None), features(), embeddings(), TASK)
    assert rows.filter(record_id=f"{7:032x}")["label"].to_list() == [None]


def test_words_are_title_and_text_or_what_there_is_of_them():
    rows = build_training_set(with_row(corpus(), 7, title=None), features(), embeddings(), TASK)
    assert rows["words"][6:8].to_list() == ["Item 6\n\nText 6", "Text 7"]


def test_sites_lie_on_one_side_as_a_whole_and_records_by_themselves():
    by_site = build_training_set(corpus(), features(), embeddings(), TASK)
    assert set(by_site["group"]) == {f"site-{n}.test" for n in range(20)}
    assert by_site.group_by("group").agg(pl.col("split").n_unique())["split"].to_list() == [1] * 20
    by_record = TASK.model_copy(update={"evaluation": Evaluation(group_by="record")})
    rows = build_training_set(corpus(), features(), embeddings(), by_record)
    assert rows["group"].equals(rows["record_id"], check_names=False)
    assert set(rows["split"]) == set(by_site["split"]) == {"train", "test"}
