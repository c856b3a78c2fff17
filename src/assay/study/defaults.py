"""The default study of some data: one network, trained for as long as so many rows take.

What a study leaves open has fixed defaults. Here they follow from the data, and stand in the study as if they had been
written.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from assay.data import DATASETS, describe
from assay.data.files import FILE_KINDS
from assay.study.spec import Study

UPDATES = 1000
"""As many as a small network takes to learn a table with Adam's default rate."""
FEWEST_EPOCHS, MOST_EPOCHS = 10, 100
SEEDS = 5


def default_study(data: Any, **fields: Any) -> Study:
    """The study that a file of data, a data set's name, a frame or arrays stand for.

    Parameters
    ----------
    data
        What `Study` takes as its data.
    **fields
        Of `Study`, such as ``target`` of a frame or ``seeds``; they stay as they are given.

    Returns
    -------
    Study
        Trained for `UPDATES` updates, but for 10 passes at least and 100 at most; from five seeds; the targets of a
        regression have standard deviation 1 while they are learnt.

    Raises
    ------
    StudyError, DataError
        If the study is not valid, or the data cannot be used.
    """
    return filled(Study(data=data, **fields))


def filled(study: Study) -> Study:
    """The study with defaults that follow from its data, where it says nothing else."""
    shape = describe(study.data.request(study.folder))
    written = study.written()
    steps = math.ceil(shape.train_rows / study.training.batch_size)
    epochs = min(max(math.ceil(UPDATES / steps), FEWEST_EPOCHS), MOST_EPOCHS)
    written["training"] = {"epochs": epochs, **written.get("training", {})}
    written["design"] = {"seeds": SEEDS, **written.get("design", {})}
    if shape.task == "regression":
        given = written["data"] if isinstance(written["data"], dict) else study.data.model_dump(exclude_unset=True)
        written["data"] = {"target_scaling": "standard", **given}
    found = Study(**written)
    found._folder = study.folder
    return found


def names_data(target: str) -> bool:
    """Whether this is a file of data or the name of a data set, and no study."""
    from assay.study.builtin import find_builtin

    if Path(target).is_dir():
        return False
    return target.lower().endswith(FILE_KINDS) or (target in DATASETS and find_builtin(target) is None)
