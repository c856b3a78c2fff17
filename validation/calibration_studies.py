"""The networks by which the judgement is calibrated: thousands of conditions drawn at random, trained by assay itself.

A study for each data set. Depths, widths, activations, initializers, optimizers and learning rates are drawn so that
every depth meets every data set; what a cell (data set, depth) holds decides nothing but its luck.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from assay import Study

# Rows are cut so that an epoch is 4 to 32 updates of 32 rows.
DATA: dict[str, dict[str, Any]] = {
    "digits": {"name": "digits", "rows": 1000},
    "circles": {"name": "circles", "rows": 1000},
    "breast_cancer": {"name": "breast_cancer"},
    "diabetes": {"name": "diabetes", "target_scaling": "standard"},
    "mnist": {"name": "mnist", "rows": 1200},
    "moons": {"name": "moons", "rows": 1000},
    "wine": {"name": "wine"},
}
HELD_OUT_DATA = ("mnist", "moons", "wine")
DEPTHS = (1, 2, 3, 4, 6, 8, 10, 12, 16, 20, 24, 30)
HELD_OUT_DEPTHS = (3, 8, 12, 20, 30)
WIDTHS = (16, 32, 64, 128, 256)
ACTIVATIONS = ("relu", "tanh", "sigmoid", "gelu", "selu", "elu", "softplus", "leaky_relu")
INITIALIZERS: tuple[Any, ...] = (
    "glorot_uniform",
    "glorot_normal",
    "he_normal",
    "he_uniform",
    "lecun_normal",
    "orthogonal",
    {"name": "random_normal", "stddev": 0.01},
    {"name": "random_normal", "stddev": 0.05},
    {"name": "random_normal", "stddev": 0.3},
    {"name": "random_normal", "stddev": 1.0},
    {"name": "variance_scaling", "scale": 0.5},
    {"name": "variance_scaling", "scale": 4.0},
    "zeros",
    {"name": "constant", "value": 0.05},
)
# Four decades each, about the middle of what is sound.
LEARNING_RATES = {"sgd": (1e-3, 1e1), "adam": (1e-5, 1e-1), "rmsprop": (1e-5, 1e-1)}
CONDITIONS_PER_CELL = 28
EPOCHS = 15
PROBED = [0, 1, 3, 7, 15]
PROBE_ROWS = 128


def calibration_study(data: str, *, conditions: int = CONDITIONS_PER_CELL, depths: tuple[int, ...] = DEPTHS) -> Study:
    """The study of one data set: `conditions` networks for each depth, drawn from a seed of its own."""
    generator = np.random.Generator(np.random.Philox(list(DATA).index(data)))
    tables: dict[str, dict[str, Any]] = {}
    for depth in depths:
        # One shape a cell, two activations and two optimizers: what a compiled program holds, and compiling costs most.
        width = int(generator.choice(WIDTHS if depth <= 16 else WIDTHS[:4]))
        activations = generator.choice(ACTIVATIONS, 2, replace=False)
        optimizers = generator.choice(list(LEARNING_RATES), 2, replace=False)
        for number in range(conditions):
            optimizer = str(optimizers[number % 2])
            low, high = LEARNING_RATES[optimizer]
            rate = float(f"{np.exp(generator.uniform(np.log(low), np.log(high))):.2g}")
            tables[f"{data} {depth} {number}"] = {
                "network.depth": depth,
                "network.width": width,
                "network.activation": str(activations[number // 2 % 2]),
                "network.kernel_initializer": INITIALIZERS[int(generator.integers(len(INITIALIZERS)))],
                "training.optimizer": {"name": optimizer, "learning_rate": rate},
            }
    return Study(
        name=f"calibration-{data}",
        data=DATA[data],
        network={"depth": 2, "width": 16},
        training={"epochs": EPOCHS, "batch_size": 32},
        conditions=tables,
        design={"kind": "conditions", "seeds": 1, "final": False},
        probe={"epochs": PROBED, "rows": PROBE_ROWS},
    )
