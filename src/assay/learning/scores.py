"""Metrics: what is known of each, and the functions of those that are computed from all rows of a part at once.

The loss, and what a task has anyway, are sums over examples that the engine makes (`assay.learning.metrics`). The
others are computed on the host from what a network said of all rows, by scikit-learn's own functions::

    answers = Answers("binary", targets, outputs, loss=loss, output_activation=Choice("sigmoid"))
    METRICS["f1"].of(answers)

Index letters: K outputs of a network.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from assay.choices import Choice, Named, Own, Table
from assay.errors import StudyError
from assay.learning.losses import LOSSES, class_threshold
from assay.networks.activations import ACTIVATIONS

ANY_CLASSES = ("binary", "multiclass", "multilabel")
ONE_CLASS = ("binary", "multiclass")
REGRESSION = ("regression",)
BINS = 15
"""Of confidence, for the calibration error; as many as in Guo et al. 2017."""


class Answers:
    """What a network said of some rows, and what was asked for, in the forms that metrics want.

    Parameters
    ----------
    task : {"binary", "multiclass", "multilabel", "regression"}
    targets, outputs : array, shape (rows, K)
        Dense targets, and the outputs after the output activation.
    loss, output_activation : Choice
        They say how an output is to be read.
    """

    def __init__(
        self, task: str, targets: np.ndarray, outputs: np.ndarray, *, loss: Choice, output_activation: Choice
    ) -> None:
        self.task, self.loss, self.output_activation = task, loss, output_activation
        self.targets, self.outputs = np.asarray(targets, np.float64), np.asarray(outputs, np.float64)

    def _formed(self, dense: np.ndarray) -> np.ndarray:
        """(rows, K) as scikit-learn has it: (rows,) of a single output."""
        return dense[:, 0] if self.task == "binary" else dense

    @cached_property
    def labels(self) -> np.ndarray:
        """The true classes, (rows,); of several labels 0 or 1 each, (rows, K)."""
        if self.task == "multiclass":
            return self.targets.argmax(axis=1)
        return self._formed(self.targets > 0.5).astype(np.int64)

    @cached_property
    def classes(self) -> np.ndarray:
        """The classes that the network says, as `labels`: the largest output, or those above the threshold."""
        if self.task == "multiclass":
            return self.outputs.argmax(axis=1)
        threshold = class_threshold(self.loss, self.output_activation)
        return self._formed(self.outputs > threshold).astype(np.int64)

    @property
    def is_true(self) -> np.ndarray:
        """0 or 1 for each class that a score is given to: (rows,), or (rows, K)."""
        return self._formed(self.targets > 0.5).astype(np.int64)

    @property
    def ranks(self) -> np.ndarray:
        """Outputs, larger for what is held more likely: (rows,) of a single output, or (rows, K)."""
        return self._formed(self.outputs)

    @cached_property
    def probabilities(self) -> np.ndarray | None:
        """What the network holds each class's probability for, (rows, K); a single output's is that of class 1.

        None where outputs are no probabilities: neither logits by the loss, nor behind an output activation between 0
        and 1. Outputs of several classes that a cross-entropy reads are divided by their sum, as it does.
        """
        from assay.networks.traits import range_of

        if LOSSES.arguments(self.loss).get("from_logits", False):
            from scipy.special import expit, softmax

            return softmax(self.outputs, axis=1) if self.task == "multiclass" else expit(self.outputs)
        low, high = range_of(self.output_activation) or (-math.inf, math.inf)
        normalizes = ACTIVATIONS.of(self.output_activation).normalizes
        if low < 0 or (normalizes and self.task != "multiclass"):
            return None
        if self.task != "multiclass" or normalizes:
            return self.outputs if high <= 1 else None
        total = self.outputs.sum(axis=1, keepdims=True)
        is_read = LOSSES.of(self.loss).reads == "probabilities" and bool((total > 0).all())
        return self.outputs / total if is_read else None


@dataclass(frozen=True, eq=False, kw_only=True)
class Metric(Named):
    """One metric.

    Attributes
    ----------
    function : callable
        ``Answers -> float``; its docstring is the definition.
    tasks : tuple of str
        Those that it has a meaning for.
    anyway : tuple of str
        Those for which every study records it, as a sum over examples.
    needs : {"classes", "ranks", "probabilities", "quantities"}
        What it is computed from.
    higher_is_better : bool
        What is to be high is counted in points, hundredths: a margin of it is a difference. What is to be low is an
        error, whose margin is a part of the baseline's.
    label : str
        What it is called in prose, where that is not its name with spaces.
    low, high : float
        Its ends; infinite where it has none.
    least_outputs : int
        Fewer outputs make it meaningless.
    counts_rows, counts_labels : bool
        It is the share of the rows, so that it comes in steps of one row; or of one label, where there are several.
    chance : callable, optional
        ``classes -> value`` of the best constant answer, where that does not depend on the rows.
    """

    tasks: tuple[str, ...]
    anyway: tuple[str, ...] = ()
    needs: str
    higher_is_better: bool
    label: str = ""
    low: float = 0.0
    high: float = 1.0
    least_outputs: int = 1
    counts_rows: bool = False
    counts_labels: bool = False
    chance: Callable[[int], float] | None = None

    def fits(self, task: str, outputs: int) -> bool:
        """Whether it means anything on these data."""
        return task in self.tasks and outputs >= self.least_outputs

    def of(self, answers: Answers) -> float:
        """Its value; NaN where there is none: outputs that are not finite, or no probabilities, or missing classes."""
        if not np.isfinite(answers.outputs).all() or not len(answers.outputs):
            return math.nan
        if self.needs == "probabilities" and answers.probabilities is None:
            return math.nan
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")  # scikit-learn tells of what it cannot compute, row set by row set
            try:
                return float(self.function(answers))
            except ValueError:
                return math.nan


def _adopt(own: Own, where: str) -> Metric:
    raise StudyError(
        f"{where}: expected the names of metrics, got a function of your own. Write it as training.metric, which "
        "takes one that looks at each example."
    )


METRICS: Table[Metric] = Table("metric", "metrics", _adopt)
"""Every metric by its name."""
F = TypeVar("F", bound=Callable[[Answers], Any])


def metric(**known: Any) -> Callable[[F], F]:
    """Enter the function below into `METRICS`; the arguments are those of `Metric`."""

    def enter(function: F) -> F:
        METRICS.add(Metric(name=function.__name__, function=function, **known))
        return function

    return enter


def find_metric(name: str) -> Metric:
    """The record of a recorded metric; of one that is not in `METRICS`, a loss, that of an error without ends."""
    return METRICS.get(name, _LOSS)


def measured(names: Collection[str], answers: Answers) -> dict[str, float]:
    """The value of each metric by name."""
    return {name: METRICS[name].of(answers) for name in names}


# ---- of classes


@metric(
    tasks=ANY_CLASSES,
    anyway=ANY_CLASSES,
    needs="classes",
    higher_is_better=True,
    counts_rows=True,
    counts_labels=True,
    meant_by=("acc", "accuracy_score", "binary_accuracy", "categorical_accuracy"),
    advantages="Easy to read.",
    drawbacks="A constant answer has the share of the commonest class: of rare classes it says little.",
)
def accuracy(answers: Answers) -> float:
    """Share of the rows that are classified correctly; of several labels, of all labels of all rows."""
    return np.mean(answers.labels == answers.classes)


@metric(
    tasks=("multilabel",),
    needs="classes",
    higher_is_better=True,
    counts_rows=True,
    meant_by=("exact_match",),
    advantages="What counts where an answer is of use only as a whole.",
    drawbacks="One wrong label of many is as bad as all.",
)
def subset_accuracy(answers: Answers) -> float:
    """Share of the rows of which every label is right."""
    from sklearn.metrics import accuracy_score

    return accuracy_score(answers.labels, answers.classes)


@metric(
    tasks=ONE_CLASS,
    needs="classes",
    higher_is_better=True,
    chance=lambda classes: 1 / classes,
    meant_by=("balanced_accuracy_score", "bacc", "uar"),
    advantages="Rare classes count as much as common ones; a constant answer has 1 / classes.",
    drawbacks="Looks at the classes said alone, not at how sure the network is.",
)
def balanced_accuracy(answers: Answers) -> float:
    """Mean over the classes of the share of their rows that are found."""
    from sklearn.metrics import balanced_accuracy_score

    return balanced_accuracy_score(answers.labels, answers.classes)


def _average(answers: Answers) -> dict[str, Any]:
    """How scikit-learn is to average over classes, and what it takes 0 / 0 for."""
    return {"average": "binary" if answers.task == "binary" else "macro", "zero_division": 0}


@metric(
    tasks=ANY_CLASSES,
    needs="classes",
    higher_is_better=True,
    meant_by=("precision_score", "ppv"),
    advantages="What a false alarm costs.",
    drawbacks="Says nothing of what was missed; 0 where no row is called class 1.",
)
def precision(answers: Answers) -> float:
    """Share of the rows called class 1 that are; mean over classes or labels where there are several (macro)."""
    from sklearn.metrics import precision_score

    return precision_score(answers.labels, answers.classes, **_average(answers))


@metric(
    tasks=ANY_CLASSES,
    needs="classes",
    higher_is_better=True,
    meant_by=("recall_score", "sensitivity", "tpr"),
    advantages="What a missed row costs.",
    drawbacks="1 for a network that calls every row class 1.",
)
def recall(answers: Answers) -> float:
    """Share of the rows of class 1 that are called so; mean over classes or labels where there are several (macro)."""
    from sklearn.metrics import recall_score

    return recall_score(answers.labels, answers.classes, **_average(answers))


@metric(
    label="F1",
    tasks=ANY_CLASSES,
    needs="classes",
    higher_is_better=True,
    meant_by=("f1_score", "f1_macro", "f_score", "f"),
    advantages="High only where both precision and recall are.",
    drawbacks="Blind to rows of class 0 that are called so; depends on the threshold.",
)
def f1(answers: Answers) -> float:
    """2 · precision · recall / (precision + recall) of class 1; mean over classes or labels (macro)."""
    from sklearn.metrics import f1_score

    return f1_score(answers.labels, answers.classes, **_average(answers))


@metric(
    label="Matthews correlation",
    tasks=ONE_CLASS,
    needs="classes",
    higher_is_better=True,
    low=-1.0,
    chance=lambda classes: 0.0,
    meant_by=("mcc", "matthews", "phi"),
    advantages="High only where rows of all classes are told well, whatever their shares.",
    drawbacks="Less well known than F1; depends on the threshold.",
)
def matthews_corrcoef(answers: Answers) -> float:
    """Correlation of true and said classes, from -1 to 1; 0 for a constant answer (Matthews, 1975)."""
    from sklearn.metrics import matthews_corrcoef

    return matthews_corrcoef(answers.labels, answers.classes)


# ---- of how outputs are ordered


@metric(
    label="ROC AUC",
    tasks=ANY_CLASSES,
    needs="ranks",
    higher_is_better=True,
    chance=lambda classes: 0.5,
    meant_by=("auc", "auroc", "roc_auc_score", "roc_auc_ovr"),
    advantages="Needs no threshold: how often a row of class 1 stands above one of class 0.",
    drawbacks="Of very rare classes it stays high while most alarms are false.",
)
def roc_auc(answers: Answers) -> float:
    """Area under the ROC curve of class 1; mean over classes, each against the rest, or over labels (macro)."""
    from sklearn.metrics import roc_auc_score

    return roc_auc_score(answers.is_true, answers.ranks)


@metric(
    tasks=ANY_CLASSES,
    needs="ranks",
    higher_is_better=True,
    meant_by=("average_precision_score", "ap", "pr_auc", "map"),
    advantages="Needs no threshold, and minds false alarms of rare classes.",
    drawbacks="A constant answer has the share of class 1, so that values of other data do not compare.",
)
def average_precision(answers: Answers) -> float:
    """Mean precision over the recall of class 1; mean over classes, each against the rest, or over labels (macro)."""
    from sklearn.metrics import average_precision_score

    found = answers.is_true.reshape(len(answers.is_true), -1)
    return average_precision_score(answers.is_true, answers.ranks) if found.any(axis=0).all() else math.nan


@metric(
    label="top-5 accuracy",
    tasks=("multiclass",),
    needs="ranks",
    higher_is_better=True,
    least_outputs=6,
    counts_rows=True,
    meant_by=("top_k_accuracy", "top_k_categorical_accuracy", "top5", "top_5"),
    advantages="For many classes that are much alike.",
    drawbacks="Of few classes it is near 1 whatever was learnt.",
)
def top_5_accuracy(answers: Answers) -> float:
    """Share of the rows whose class is among the five largest outputs."""
    from sklearn.metrics import top_k_accuracy_score

    return top_k_accuracy_score(answers.labels, answers.ranks, k=5, labels=np.arange(answers.outputs.shape[1]))


# ---- of probabilities


@metric(
    label="Brier score",
    tasks=ONE_CLASS,
    needs="probabilities",
    higher_is_better=False,
    high=2.0,
    meant_by=("brier", "brier_score_loss"),
    advantages="Low only for probabilities that are right as numbers and tell rows apart.",
    drawbacks="Of rare classes it is small for any answer.",
)
def brier_score(answers: Answers) -> float:
    """Mean of (p - y)² of class 1; of several classes its sum over them (Brier, 1950)."""
    from sklearn.metrics import brier_score_loss

    assert answers.probabilities is not None
    columns = zip(answers.targets.T > 0.5, np.clip(answers.probabilities, 0.0, 1.0).T, strict=True)
    return sum(brier_score_loss(is_true, probability, pos_label=True) for is_true, probability in columns)


@metric(
    tasks=ONE_CLASS,
    needs="probabilities",
    higher_is_better=False,
    meant_by=("ece", "expected_calibration_error"),
    sources=("Guo et al., *On calibration of modern neural networks*, ICML 2017, Eq. 3",),
    advantages="Whether a confidence of 0.8 is right in 8 of 10 rows.",
    drawbacks="0 for a constant answer that says the shares; with few rows it is too high.",
)
def calibration_error(answers: Answers) -> float:
    """Mean distance of accuracy and confidence over 15 equal bins of confidence, weighted by rows."""
    assert answers.probabilities is not None
    said = answers.probabilities
    if answers.task == "binary":
        said = np.concatenate([1 - said, said], axis=1)
    confidence, is_right = said.max(axis=1), said.argmax(axis=1) == answers.labels
    bins = np.clip(np.ceil(confidence * BINS).astype(int) - 1, 0, BINS - 1)  # ((m - 1) / 15, m / 15]
    gaps = np.bincount(bins, is_right, BINS) - np.bincount(bins, confidence, BINS)
    return np.abs(gaps).sum() / len(confidence)


# ---- of quantities


@metric(
    label="R²",
    tasks=REGRESSION,
    needs="quantities",
    higher_is_better=True,
    low=-math.inf,
    chance=lambda classes: 0.0,
    meant_by=("r2_score", "r_squared", "coefficient_of_determination"),
    advantages="The same for every unit: 0 for the mean, 1 for all.",
    drawbacks="Depends on the spread of the targets; below 0 without end.",
)
def r2(answers: Answers) -> float:
    """1 - Σ (t - y)² / Σ (t - mean of t)²; mean over outputs."""
    from sklearn.metrics import r2_score

    return r2_score(answers.targets, answers.outputs)


@metric(
    tasks=REGRESSION,
    anyway=REGRESSION,
    needs="quantities",
    higher_is_better=False,
    high=math.inf,
    meant_by=("mae",),
    advantages="In the units of the targets, and calm before outliers.",
    drawbacks="Values of other targets do not compare.",
)
def mean_absolute_error(answers: Answers) -> float:
    """Mean of |t - y|; mean over outputs."""
    from sklearn.metrics import mean_absolute_error

    return mean_absolute_error(answers.targets, answers.outputs)


@metric(
    tasks=REGRESSION,
    needs="quantities",
    higher_is_better=False,
    high=math.inf,
    meant_by=("mse",),
    advantages="What a network under the squared loss minimizes.",
    drawbacks="In squared units; outliers rule.",
)
def mean_squared_error(answers: Answers) -> float:
    """Mean of (t - y)²; mean over outputs."""
    from sklearn.metrics import mean_squared_error

    return mean_squared_error(answers.targets, answers.outputs)


@metric(
    tasks=REGRESSION,
    needs="quantities",
    higher_is_better=False,
    high=math.inf,
    meant_by=("rmse",),
    advantages="In the units of the targets; large errors count more.",
    drawbacks="Outliers rule.",
)
def root_mean_squared_error(answers: Answers) -> float:
    """√ of the mean of (t - y)²; mean over outputs."""
    from sklearn.metrics import root_mean_squared_error

    return root_mean_squared_error(answers.targets, answers.outputs)


@metric(
    tasks=REGRESSION,
    needs="quantities",
    higher_is_better=False,
    high=math.inf,
    meant_by=("mape",),
    advantages="The same for every unit.",
    drawbacks="Huge for targets near 0.",
)
def mean_absolute_percentage_error(answers: Answers) -> float:
    """Mean of |t - y| / |t|, a share and not percent; mean over outputs."""
    from sklearn.metrics import mean_absolute_percentage_error

    return mean_absolute_percentage_error(answers.targets, answers.outputs)


_LOSS = Metric(
    name="loss",
    function=lambda answers: math.nan,
    tasks=(),
    needs="classes",
    higher_is_better=False,
    low=-math.inf,
    high=math.inf,
)
