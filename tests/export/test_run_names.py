"""Names of runs."""

from __future__ import annotations

import pytest

from assay.export.run_names import run_names


@pytest.mark.parametrize(
    ("condition", "name"),
    [
        ("activation=relu, width=32", "relu_width=32"),
        ("activation=tanh, kernel_initializer=random_normal(stddev=0.05)", "tanh_random_normal_stddev=0.05"),
        ("optimizer.learning_rate=1e-05", "optimizer.learning_rate=1e-05"),
        ("nesterov=true, hidden=none", "nesterov=true_hidden=none"),
        ("the worse/model: σ=0.1", "the_worse_model_σ=0.1"),
        ("../..", "condition"),
        ("as written", "as_written"),
    ],
)
def test_a_name_reads_well_and_is_safe(condition, name):
    """Words go without their factor, numbers keep it; nothing that means something in a path is left."""
    assert run_names([condition]) == {condition: name}


def test_names_are_distinct_even_where_case_is_ignored():
    """The same words under two factors keep their factors; what is still the same is numbered."""
    assert run_names(["a=zeros", "b=zeros"]) == {"a=zeros": "a=zeros", "b=zeros": "b=zeros"}
    assert run_names(["Deep", "deep", "deep!", "deep_2"]) == {
        "Deep": "Deep",
        "deep": "deep_2",
        "deep!": "deep_3",
        "deep_2": "deep_2_2",
    }


def test_a_long_name_fits_a_file_system():
    """With the split before it, a folder's name stays within 255 bytes, in any script."""
    names = run_names(["層" * 200 + "a", "層" * 200 + "b"])
    assert len(set(names.values())) == 2
    assert all(len(f"validation_{name}".encode()) <= 255 for name in names.values())
