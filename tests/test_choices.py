"""Names with arguments."""

from __future__ import annotations

import pytest

from assay.choices import Choice, Named, Own, Table, defaults_of


def spring(position: float, *, stiffness: float = 2.0, damped: bool = False) -> float:
    return -stiffness * position


def adopted(own: Own, where: str) -> Named:
    return Named(name=str(own), function=spring, own_arguments={})


SPRINGS: Table[Named] = Table("spring", "springs", adopted)
SPRINGS.add(Named(name="spring", function=spring, other_names=("coil",), meant_by=("elastic",)))


def test_the_keyword_only_arguments_are_the_settings():
    """Positional arguments are the engine's, keyword-only ones the user's."""
    assert defaults_of(spring) == {"stiffness": 2.0, "damped": False}


def test_an_argument_may_be_a_word_of_python():
    """Python cannot call an argument `from`: the function's `from_` is what a study file writes as `from`."""

    def copied(*, from_: str = "") -> str:
        return from_

    assert defaults_of(copied) == {"from": ""}


def test_defaults_are_shared_and_so_cannot_be_changed():
    """Whoever asks gets the same table, which nobody can write."""
    assert defaults_of(spring) is defaults_of(spring)
    with pytest.raises(TypeError):
        defaults_of(spring)["stiffness"] = 3.0  # type: ignore[index]


def test_what_was_given_overrides_the_defaults():
    """The result is the caller's own."""
    given = SPRINGS.arguments(Choice("spring", {"stiffness": 5.0}))
    assert given == {"stiffness": 5.0, "damped": False}
    given["stiffness"] = 0.0
    assert SPRINGS["spring"].defaults["stiffness"] == 2.0
