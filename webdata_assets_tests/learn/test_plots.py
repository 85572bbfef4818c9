"""Plots of models: the same bytes each time, small, and of numbers only."""

import subprocess
import sys
from pathlib import Path

import numpy as np
from lxml import etree

from webdata_assets.stages.learn.bootstrap import Estimate
from webdata_assets.stages.learn.classifier import Predictions
from webdata_assets.stages.learn.evaluation import evaluate
from webdata_assets.stages.learn.plots import (
    MAX_CLASSES,
    calibration_plot,
    confusion_plot,
    score_plot,
    shown_classes,
)
from webdata_assets_tests.learn.judging import rows, task

LARGEST = 60_000
HOSTILE = '<script>alert(1)</script>"&\u202e'


def evaluated(classes, count=2_000):
    random = np.random.default_rng(5)
    labels = [f"{HOSTILE}{number}" for number in range(classes)]
    truth = [labels[number] for number in random.integers(classes, size=count)]
    guess = [labels[number] for number in random.integers(classes, size=count)]
    return evaluate(Predictions(guess, random.random((count, 2))), rows(truth), task())


def scores(count):
    return [Estimate(0.5 + number / 100, 0.4, 0.9) for number in range(count)], [True] * count


def texts(svg):
    root = etree.fromstring(svg)
    return [node.text for node in root.iter("{*}text")]


def test_plots_are_images_of_numbers_and_of_our_own_words():
    many = evaluated(classes=40)
    images = score_plot(*scores(100)), confusion_plot(many), calibration_plot(many.bins)
    for image in images:
        assert etree.fromstring(image).tag == "{http://www.w3.org/2000/svg}svg"
        assert len(image) < LARGEST
        assert b"alert" not in image


def test_plots_of_nothing_are_images_too():
    empty = evaluate(Predictions([], np.empty((0, 2))), rows([]), task())
    for image in (score_plot([], []), confusion_plot(empty), calibration_plot(empty.bins)):
        assert etree.fromstring(image).tag.endswith("svg")


def test_the_confusion_matrix_shows_counts_by_class_number():
    few = evaluate(Predictions(list("abb"), np.ones((3, 1))), rows(list("aab")), task())
    assert texts(confusion_plot(few)) == ["1", "2", "predicted class", "1", "2", "true class", "1", "1", "1"]


def test_of_many_classes_the_most_frequent_are_shown():
    many = evaluated(classes=40)
    counts = dict.fromkeys(range(40), 0)
    for true, _, count in many.confusion:
        counts[true] += count
    shown = shown_classes(many)
    assert len(shown) == MAX_CLASSES
    assert shown == sorted(shown)
    assert min(counts[label] for label in shown) >= max(counts[label] for label in set(counts) - set(shown))


def test_another_process_draws_the_same_bytes():
    program = (
        "import sys\n"
        "from webdata_assets_tests.learn.test_plots import evaluated, scores\n"
        "from webdata_assets.stages.learn.plots import *\n"
        "many = evaluated(classes=9)\n"
        "sys.stdout.buffer.write(score_plot(*scores(5)) + confusion_plot(many) + calibration_plot(many.bins))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, cwd=Path(__file__).parents[2]
    )
    many = evaluated(classes=9)
    assert done.stdout == score_plot(*scores(5)) + confusion_plot(many) + calibration_plot(many.bins)
