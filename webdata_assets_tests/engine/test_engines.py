"""Both engines: answers in order, bounded memory, errors as they were."""

import itertools
import time
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.stages.engine.threads import ThreadEngine
from webdata_assets_tests.engine import functions


@pytest.fixture(params=["threads", "dask"])
def any_engine(request):
    if request.param == "dask":
        yield request.getfixturevalue("engine")
        return
    engine = ThreadEngine(2)
    yield engine
    engine.close()


def test_answers_come_in_the_order_of_the_inputs(any_engine):
    texts = [f"text {number}" for number in range(100)]
    found = list(any_engine.map(functions.shouted, texts))
    assert found == [(text, text.upper().encode()) for text in texts]


def test_no_input_gives_no_answer(any_engine):
    assert list(any_engine.map(functions.shouted, [])) == []


def test_inputs_are_taken_as_they_are_needed(any_engine):
    taken = itertools.count()
    answers = any_engine.map(functions.shouted, (f"text {next(taken)}" for _ in range(1_000)))
    next(answers)
    assert next(taken) <= 10
    answers.close()
    assert list(any_engine.map(functions.shouted, ["after"])) == [("after", b"AFTER")]


def test_a_typed_error_keeps_its_type_and_domain(any_engine):
    with pytest.raises(PermanentError, match="not like this") as caught:
        list(any_engine.map(functions.refused, [1]))
    assert caught.value.failure_domain is FailureDomain.PARSE


def test_a_bug_is_raised_as_it_is_after_the_answers_before_it(any_engine):
    answers = any_engine.map(functions.broken, [2, 4, 0, 8])
    assert [next(answers), next(answers)] == [(2, 0.5), (4, 0.25)]
    with pytest.raises(ZeroDivisionError):
        next(answers)


def _late(delays, number):
    time.sleep(delays[number])
    return number


@given(st.lists(st.floats(0, 0.004), max_size=12), st.integers(1, 4))
def test_the_order_does_not_depend_on_who_is_done_first(delays, threads):
    engine = ThreadEngine(threads)
    found = list(engine.map(partial(_late, delays), range(len(delays))))
    engine.close()
    assert found == [(number, number) for number in range(len(delays))]
