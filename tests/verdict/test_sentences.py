"""The sentences of a verdict: question, answer, worst confusion, notes; and every message as written."""

from __future__ import annotations

from pathlib import Path

import pytest

from leukokit.evaluation.intervals import Groups, proportion
from leukokit.record.metrics import Metrics
from leukokit.record.scores import CellInterval, OperatingPoint, Referral
from leukokit.verdict.conclude import conclude
from leukokit.verdict.sample_size import needed_groups, needed_images
from leukokit.verdict.sentences import referral, worst_confusion
from tests.verdict.evidence_builder import metrics, part_scores, trusted
from tests.verdict.test_rules import LEVELS

MESSAGES = Path(__file__).with_name("messages.txt")
HEALTHY = OperatingPoint(negative=("Benign",), positive=("Early", "Pre", "Pro"))


def test_question_and_answer_name_what_was_asked_of_which_images() -> None:
    verdict = conclude(trusted())
    assert verdict.question == (
        "Which class does an image show: Benign, Early, Pre or Pro? Asked of 400 test images of my_slides, "
        "split kfold."
    )
    assert verdict.answer == (
        "368 of 400 test images are classified correctly: 92.0% (95% range 88.9 to 94.3%). Always answering "
        "Benign would give 25.0%."
    )


def test_without_a_classifier_there_is_no_question() -> None:
    """The agreement with true masks is the answer, where there are any."""
    measured = Metrics(segmentation={"nucleus": {"dice_mean": 0.834}, "cell": {"dice_mean": None}})
    verdict = conclude(trusted(classifier=None, metrics=measured))
    assert verdict.question == "No question: 1,200 images of my_slides were measured only."
    assert verdict.answer == "There is no score. Mean Dice with the true masks: nucleus 0.83."
    assert verdict.confusion == ""
    boxed = Metrics(segmentation={"cell_box": {"f1": 0.889, "recall": 0.8}})
    answer = conclude(trusted(classifier=None, metrics=boxed)).answer
    assert answer == "There is no score. F1 of objects against the true boxes: cell 0.89."


def test_cells_are_called_cells() -> None:
    """Where a sample is a cell."""
    verdict = conclude(trusted(sample="cell"))
    assert verdict.question.startswith("Which class does a cell show: ")
    assert "test cells of my_slides" in verdict.question
    assert "test cells are classified correctly" in verdict.answer


def test_the_worst_confusion_is_told_with_its_true_class() -> None:
    """A healthy class is marked as such."""
    matrix = ((28, 22, 0, 0), (3, 47, 0, 0), (0, 0, 50, 0), (0, 0, 4, 46))
    assert worst_confusion(part_scores(matrix, operating_point=HEALTHY)) == (
        "22 of 50 images of Benign (healthy) were called Early."
    )


def test_one_error_in_two_images_is_not_the_worst() -> None:
    """Of each share the lower end of its interval counts, so that small classes do not always win."""
    matrix = ((60, 40, 0, 0), (0, 1, 1, 0), (0, 0, 50, 0), (0, 0, 0, 50))
    scores = part_scores(matrix)
    assert scores.confusion is not None
    bounds = [
        [
            CellInterval(low=found.low, high=found.high)
            for n in row
            for found in [proportion([True] * n + [False] * (sum(row) - n), Groups.of(None, sum(row)))]
        ]
        for row in matrix
    ]
    confusion = scores.confusion.model_copy(update={"intervals": bounds})
    assert worst_confusion(scores.model_copy(update={"confusion": confusion})) == (
        "40 of 100 images of Benign were called Early."
    )


def test_no_confusion_is_said() -> None:
    scores = part_scores(((9, 0, 0, 0), (0, 9, 0, 0), (0, 0, 9, 0), (0, 0, 0, 9)))
    assert worst_confusion(scores) == "No image was called another class than its own."


def test_a_rule_that_refers_most_images_is_of_no_use() -> None:
    useless = Referral(referred=172, errors_referred=9, errors_kept=0)
    assert referral(useless, 200) == (
        "The rule for unsure images is of no use: it sends 172 of 200 to the expert."
    )
    useful = Referral(referred=12, errors_referred=9, errors_kept=5)
    assert referral(useful, 200) == (
        "The rule for unsure images sends 12 of 200 to the expert, with 9 of 14 errors."
    )


@pytest.mark.parametrize(("share", "needed"), [(0.5, 100), (0.8, 70), (0.95, 29), (1.0, 17)])
def test_so_many_images_are_enough_and_one_less_is_not(share: float, needed: int) -> None:
    """The fewest images with an interval of 20 points: where half are right 100, where all are right 17."""
    assert needed_images(share) == needed
    if share in (0.5, 1.0):  # a whole number of right images
        widths = []
        for n in (needed, needed - (2 if share == 0.5 else 1)):
            right = round(share * n)
            found = proportion([True] * right + [False] * (n - right), Groups.of(None, n))
            widths.append(found.high - found.low)
        assert widths[0] <= 0.2 < widths[1]


def test_half_the_width_needs_four_times_the_groups() -> None:
    assert needed_groups(12, 0.4) == 48
    assert needed_groups(12, 0.2001) == 13


def test_every_message_is_as_it_was() -> None:
    """The words that users read; where one changes on purpose, write messages.txt anew: see its head."""
    assert MESSAGES.read_text("utf-8") == messages()


def messages() -> str:
    """Give every reason of every hand-made case, once: level, code, text and next step."""
    lines = {}
    for evidence in (
        trusted(),
        trusted(metrics=metrics(protocols=())),
        *(case for case, _ in LEVELS.values()),
    ):
        for reason in conclude(evidence).reasons:
            lines.setdefault(reason.code, f"{reason.level} | {reason.code} | {reason.text} | {reason.next}")
    head = "# python -c 'from tests.verdict import test_sentences as t; t.MESSAGES.write_text(t.messages())'"
    return "\n".join([head, *(lines[code] for code in sorted(lines))]) + "\n"
