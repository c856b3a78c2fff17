"""Targets in another form than the loss reads."""

from __future__ import annotations

from collections.abc import Iterator

from assay.diagnosis.examples import ModelExample
from assay.diagnosis.facts import NetworkFacts
from assay.diagnosis.finding import Evidence, Finding, Remedy
from assay.diagnosis.symptom import Symptom

# By form: what is seen, the cause in this network, the remedy.
_FORMS = {
    "one_hot": (
        "{loss} takes one class number for each example, and the targets have a number for each class.",
        "Rows of several numbers are read as several labels.",
        "Use categorical_crossentropy as the loss, or give the class numbers: y.argmax(axis=-1).",
    ),
    "labels": (
        "{loss} takes a number for each output, and the targets are class numbers.",
        "A class number is read as a quantity, or does not match the shape of the outputs.",
        "Use sparse_categorical_crossentropy as the loss, or give one-hot rows: keras.utils.to_categorical(y).",
    ),
    "not_shares": (
        "{loss} takes shares of the classes, which add up to 1 in each row; those of the targets do not.",
        "The output is divided by its sum, so it never reaches a row of another sum.",
        "Where an example has several labels, use 'sigmoid' as the output activation and binary_crossentropy as the "
        "loss. Where the rows are scores or counts, divide each by its sum.",
    ),
}


def as_written(facts: NetworkFacts) -> Iterator[Finding]:
    """Told by the shape and the sums of the targets."""
    form = facts.as_read.target_form
    if form is None:
        return
    seen, detail, remedy = _FORMS[form]
    loss = "The loss" if facts.loss is None else facts.loss.name
    yield SYMPTOM.finding(
        (len(facts.layers),),
        Evidence("network as written", None, None, seen.format(loss=loss)),
        detail=detail,
        remedy=Remedy(remedy),
    )


_MODEL = """\
model = keras.Sequential([keras.Input((10,)), *hidden, keras.layers.Dense(4, "softmax")])
model.compile("adam", "categorical_crossentropy")
"""

SYMPTOM = Symptom(
    name="targets_misread",
    order=126,
    level="certain",
    title="Targets in another form than the loss reads",
    meaning="The loss reads class numbers, one-hot rows or shares, and the targets are something else.",
    sight="Nothing before training. In training an error of shapes, or a loss that stays far above 0.",
    rule=(
        "A sparse cross-entropy gets one-hot rows; another loss gets class numbers under several outputs; or a "
        "categorical cross-entropy gets rows that do not add up to 1."
    ),
    cause="The loss compares the output with something else than was meant.",
    why=(
        "The categorical cross-entropy is −Σ t log p. With Σ t = 1 it is smallest at p = t. With another sum no p is "
        "equal to t, and classes with large t push the others down."
    ),
    source="Goodfellow, Bengio and Courville, Deep Learning, 2016, section 6.2.2",
    remedy="Give the targets in the form that the loss reads, or use the loss that reads them as they are.",
    example=ModelExample(
        'y = (x[:, :4] > 0).astype("float32")\n' + _MODEL,
        "y = np.eye(4)[x[:, :4].argmax(axis=1)]\n" + _MODEL,
    ),
    factors=("preprocessing", "loss"),
    as_written=as_written,
)
