"""Where a recipe asks for answers by patient, the verdict is about patients."""

from __future__ import annotations

from leukokit.record.groups import GroupScores
from leukokit.verdict.conclude import conclude
from tests.verdict.evidence_builder import metrics, part_scores, square, trusted


def test_question_answer_and_confusion_are_about_patients() -> None:
    """The accuracy by image stands beside that by patient."""
    by_group = GroupScores(kind="patient", test=part_scores(square(14, 1)), notes=("one patient is missing",))
    verdict = conclude(trusted(metrics=metrics(by_group=by_group)))
    assert verdict.question == (
        "Which class does a patient have: Benign, Early, Pre or Pro? Asked of 60 test patients (400 test "
        "images) of my_slides, split kfold."
    )
    assert verdict.answer == (
        "56 of 60 test patients are classified correctly: 93.3% (95% range 83.8 to 98.2%). Always answering "
        "Benign would give 25.0%. By image: 92.0% (95% range 88.9 to 94.3%)."
    )
    assert verdict.confusion == "1 of 15 patients of Benign was called Early."
    assert "One patient is missing." in verdict.notes
    texts = {reason.code: reason.text for reason in verdict.reasons}
    assert texts["enough_images"] == "60 test patients give a 95% range of 83.8 to 98.2%"
    assert texts["enough_of_each_class"] == "every class has enough test patients"


def test_many_images_of_few_patients_are_not_enough() -> None:
    """By image the interval is narrow enough; by patient it is not."""
    by_group = GroupScores(kind="slide", test=part_scores(square(4, 1)))
    verdict = conclude(trusted(metrics=metrics(by_group=by_group)))
    reasons = {reason.code: reason for reason in verdict.reasons}
    assert reasons["too_few_images"].text == (
        "with 20 test slides the true accuracy can be anything from 56.3 to 94.3%"
    )
    assert reasons["too_few_images"].next == "Test on at least 70 slides: add slides, or use folds " + (
        "('split: {method: kfold, folds: 5}' tests every image once)."
    )
    assert "Benign 28.4 to 99.5% (5 slides)" in reasons["few_images_of_class"].text
