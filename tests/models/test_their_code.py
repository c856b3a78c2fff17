"""A user's own code that fails, told as theirs."""

from __future__ import annotations

import numpy as np
import pytest

from assay.errors import ModelError, StudyError
from assay.models.observation import signal_tables
from assay.models.their_code import theirs_told, told_as_theirs


def mistaken():
    return np.linalg.inv(np.zeros((2, 3)))


def test_the_line_is_the_last_one_of_the_user():
    """Not that of the library in which Python noticed it."""
    with (
        pytest.raises(
            ModelError,
            match=r"^it failed\. LinAlgError: .* \(test_their_code\.py, line 14: return np\.linalg.*\)\.$",
        ),
        told_as_theirs("it failed"),
    ):
        mistaken()


def test_a_program_that_ends_itself_ends_no_other():
    """`SystemExit` is told as any error; one of assay's own is left as it is."""
    with pytest.raises(ModelError, match="SystemExit: 0"), told_as_theirs("it failed"):
        raise SystemExit(0)
    with pytest.raises(StudyError, match="as it is"), told_as_theirs("it failed"):
        raise StudyError("as it is")


def test_a_mistake_of_ours_is_not_put_on_the_user():
    """Whose it is tells the innermost line that lies in no library."""
    with pytest.raises(ModelError, match=r"your code failed\. .*\(test_their_code"), theirs_told():
        mistaken()
    with pytest.raises(AttributeError), theirs_told():
        signal_tables("name", [None], loss=0.0, loss_after=None, epoch=0)
