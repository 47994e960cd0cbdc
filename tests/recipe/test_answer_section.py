"""The sections ``answer`` and ``subgroups``, and protocols that leave one site out."""

from __future__ import annotations

import pytest

from leukokit.api import LeukokitError
from leukokit.catalog import discover
from leukokit.recipe import Recipe, load_recipe_text
from leukokit.recipe.answer import Answer
from leukokit.recipe.split import LeaveOneOut

RECIPE = "leukokit: 1\nname: a\ndata: smears\nfeatures: [intensity]\nclassify: knn\n"


def recipe(more: str, text: str = RECIPE) -> Recipe:
    return load_recipe_text(text + more, discover())


def test_the_short_form_is_the_mean_of_each_group() -> None:
    answer = recipe("answer: group\n").model.answer
    assert answer == Answer(by="group", how="mean", k=5, choose_by="log_loss")
    assert answer.ways == ("mean",)


def test_several_ways_are_tried_in_their_order() -> None:
    answer = recipe("answer: {how: [vote, top_k], k: 3, choose_by: macro_f1}\n").model.answer
    assert answer is not None
    assert answer.ways == ("vote", "top_k")


def test_recipes_without_them_are_written_out_as_before() -> None:
    """So their plans keep their names."""
    assert not {"answer", "subgroups"} & recipe("").resolved().keys()
    assert recipe("subgroups: [lab]\n").resolved()["subgroups"] == ["lab"]


def test_a_protocol_that_leaves_each_site_out_has_a_short_form() -> None:
    short = "{leave_one_out: {by: the site, validation: 0.1}}"
    protocols = recipe(f"evaluate: [grouped, {short}]\n").model.evaluate
    assert protocols[1].name == "leave_one_the-site_out"
    assert protocols[1].split == LeaveOneOut(method="leave_one_out", by="the site", validation=0.1)
    assert recipe("evaluate: [{leave_one_out: lab}]\n").model.evaluate[0].name == "leave_one_lab_out"


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("answer: patient\n", 'answer: expected group, got "patient"'),
        ("answer: {how: median}\n", "answer.how"),
        ("answer: {how: [mean, mean]}\n", "'mean' is given twice; name each way once"),
        ("answer: {how: []}\n", "answer.how"),
        ("answer: {k: 0}\n", "answer.k"),
        ("subgroups: [lab, lab]\n", "'lab' is given twice; name each trait once"),
        ("split: {method: leave_one_out}\n", "split.by"),
        ("evaluate: [{leave_one_out: {validation: 0.1}}]\n", "evaluate.0.leave_one_out.by: is missing"),
    ],
)
def test_mistakes_are_told_where_they_stand(more: str, message: str) -> None:
    with pytest.raises(LeukokitError) as raised:
        recipe(more)
    assert message in str(raised.value)


def test_without_a_classifier_there_is_nothing_to_answer() -> None:
    text = RECIPE.replace("classify: knn\n", "")
    with pytest.raises(LeukokitError) as raised:
        recipe("answer: group\nsubgroups: [lab]\n", text)
    assert "answer combines the probabilities of a classifier and the recipe has no 'classify'" in str(
        raised.value
    )
    assert "subgroups compares the scores of a classifier" in str(raised.value)
