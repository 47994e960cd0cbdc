"""The terms of the report: what is shown where a term is pointed at or tapped, and at the end of the page."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Term:
    """One term.

    Attributes
    ----------
    key : str
        Part of its id on the page.
    name : str
    meaning : str
        One or two plain sentences.
    also : tuple of str
        Other ways in which tables write it.
    """

    key: str
    name: str
    meaning: str
    also: tuple[str, ...] = ()


TERMS = (
    Term("accuracy", "accuracy", "Share of images whose class was found. With unequal classes it says little: compare it with always giving the largest class."),
    Term("auc", "AUC", "Area under the ROC curve: the probability that a random ill image gets a higher score than a random healthy one. 0.5 is chance, 1 is best."),
    Term("auc-ovo", "AUC, one-vs-one", "Mean area under the ROC curve over all pairs of classes, each pair on its own images. 0.5 is chance, 1 is best. Classes of any size count alike.", ("AUC one-vs-one",)),
    Term("auc-ovr", "AUC, one-vs-rest", "Area under the ROC curve of one class against all others. 0.5 is chance, 1 is best.", ("AUC one-vs-rest",)),
    Term("aurc", "AURC", "Area under the curve of risk and coverage: the mean share of errors while more and more unsure images are left out. 0 is best."),
    Term("brier", "Brier score", "Mean squared distance between the probabilities and the truth, summed over classes. 0 is best, 2 is worst."),
    Term("chance", "chance", "What the best constant answer reaches: always giving the largest class."),
    Term("coverage", "coverage", "Share of images that the model answers; the others go to an expert."),
    Term("dice", "Dice", "How well a found outline covers the true one: twice the common area over the sum of both. 1 is best.", ("Dice mean",)),
    Term("ece", "expected calibration error", "How far probabilities are from how often they are right, on average. 0 is best: of all images given 90%, 90 of 100 are right.", ("ECE",)),
    Term("f1", "F1", "Harmonic mean of precision and recall of a class, 0 to 1: high only where both are high."),
    Term("fold", "folds", "Divisions of the images into training and test. With five folds each image is tested once, by a model that has not seen it.", ("fold",)),
    Term("iou", "IoU", "Common area of found and true outline over the area that either covers. 1 is best; stricter than Dice.", ("IoU mean",)),
    Term("log-loss", "log loss", "Mean negative logarithm of the probability given to the true class. 0 is best; sure errors cost most."),
    Term("macro", "macro F1", "Mean F1 of all classes: a small class counts as much as a large one."),
    Term("npv", "negative predictive value", "Share of images called healthy that are healthy. It depends on how many ill images there are."),
    Term("ppv", "positive predictive value", "Share of images called ill that are ill. It depends on how many ill images there are."),
    Term("precision", "precision", "Share of the images that were given a class which are of it.", ("macro precision",)),
    Term("probe", "probe", "A small model that sees no shape of a cell, only color, frame or file size. If it does well, the score may come from such things.", ("probes",)),
    Term("protocol", "protocol", "A way to part the images into training and test: at random, by patients, or by blocks of the file order."),
    Term("range", "95% interval", "Range that holds the true value in 95 of 100 such experiments, for new images like the tested ones. Fewer images or patients make it wider.", ("95% intervals",)),
    Term("recall", "recall (sensitivity)", "Share of the images of a class that are found. For ill against healthy it is called sensitivity.", ("recall", "sensitivity", "macro recall")),
    Term("risk", "risk", "Share of errors among the images that the model answers."),
    Term("specificity", "specificity", "Share of the images of all other classes that are not called this class. For ill against healthy: share of healthy images that are called healthy."),
    Term("wilson", "Wilson interval", "A 95% interval of a share that also holds near 0 and 100%. 'Over groups' means that images of one group count as less than as many independent ones.", ("Wilson", "Wilson over groups")),
)  # fmt: skip

_BY_NAME = {name.casefold(): term for term in TERMS for name in (term.name, *term.also)}


def term_of(name: object) -> Term | None:
    """Give the term that a label is the name of; None for other labels."""
    return _BY_NAME.get(str(name).casefold())
