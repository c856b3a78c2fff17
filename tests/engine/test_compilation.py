"""Compiled programs: each is made once, few are kept, and what is let go gives its memory maps back."""

from __future__ import annotations

import gc
import threading
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from assay.choices import Choice
from assay.engine import PROGRAMS_KEPT, counted_compilation
from assay.engine.compilation import PROGRAMS, Programs
from assay.engine.layout import Member
from assay.engine.trainer import Trainer
from assay.networks.architecture import Layer
from assay.probes import all_probes


def scaled(factor: float):
    """A program of its own for each factor."""
    return jax.jit(lambda x: x * factor)


def test_a_program_is_compiled_once_however_many_ask():
    """Threads that ask at the same time wait for the first."""
    programs, found = Programs(), []
    with counted_compilation() as compilation:
        threads = [
            threading.Thread(target=lambda: found.append(programs.ready(scaled, (2.0,), (np.ones(7, np.float32),))))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert compilation.programs == 1
    assert len(found) == 4
    assert len({id(one) for one in found}) == 1
    np.testing.assert_array_equal(found[0](jnp.ones(7)), np.full(7, 2.0))


def test_the_longest_unused_goes_first():
    programs, arguments = Programs(most=2), (np.ones(3, np.float32),)

    def ready(factor: float):
        return programs.ready(scaled, (factor,), arguments)

    first, second = ready(1.0), ready(2.0)
    assert ready(1.0) is first  # used again
    ready(3.0)
    assert ready(1.0) is first
    assert ready(2.0) is not second


def test_a_program_that_cannot_be_compiled_is_told_and_tried_again():
    """An error reaches the one who asks, and does not stay."""
    programs, mood = Programs(), {"fails": True}

    def function(x):
        if mood["fails"]:
            raise ValueError("no such product")
        return x

    asked = jax.jit, (function,), (np.ones(2, np.float32),)
    with pytest.raises(ValueError, match="no such product"):
        programs.ready(*asked)
    mood["fails"] = False
    assert programs.ready(*asked) is not None


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="only Linux tells a process its memory maps")
def test_a_program_let_go_gives_its_memory_maps_back(monkeypatch):
    """Else a study of many shapes would die of Linux' limit of 65,530."""

    def maps() -> int:
        gc.collect()
        return len(Path("/proc/self/maps").read_text().splitlines())

    def trainer(units: int) -> Trainer:
        layers = tuple(
            Layer(fan_in, units, Choice("tanh"), Choice("he_normal"), Choice("zeros"), 0.0, 0.0)
            for fan_in, units in ((5, units), (units, 1))
        )
        member = Member(layers, Choice("mean_squared_error"), Choice("adam", {"learning_rate": 0.1}))
        return Trainer([member], seeds=[0, 1], batch_size=8, task="regression")

    def make_ready(rows: int, units: int = 6) -> None:
        """Programs of training and of probes, as a run has them."""
        x, y = np.ones((rows, 5), np.float32), np.ones((rows, 1), np.float32)
        made = trainer(units)
        made.compile(rows, x.dtype, 1, training_rows=rows)
        made.probe(made.start(), made.place(x, y), np.arange(4), all_probes())

    assert PROGRAMS.most == PROGRAMS_KEPT
    monkeypatch.setattr(PROGRAMS, "most", 2)
    PROGRAMS.forget()
    make_ready(16)
    one_shape = maps()
    make_ready(24)  # the same functions of other shapes
    make_ready(32)
    make_ready(16, units=7)
    assert maps() - one_shape < 150
    PROGRAMS.forget()
    assert one_shape - maps() > 300
