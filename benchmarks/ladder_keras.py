"""One network of a shape of a study in Keras, as one of the many that `fit` would train one after another.

    python ladder_keras.py STUDY SHAPE ROUND

Prints a line of JSON when all is imported and loaded (CPU seconds so far), and one at the end: the condition, its loss
over the first epoch from assay's initial kernels in assay's order of batches, and for each number of steps a call the
wall and CPU seconds of a new model (built, compiled, trained, validated) and of a second `fit` of the same one.

The model of the first epoch is not timed: it takes what only the first model of a process costs.
"""

from __future__ import annotations

import json
import os
import sys
import time

os.environ["KERAS_BACKEND"] = "jax"

import numpy as np
from keras_twin import first_epoch_loss, fit, keras_model, metric_of
from ladder import SETTINGS, shapes

from assay.data import load
from assay.planning import plan_study
from assay.study import load_study


def now() -> np.ndarray:
    """Wall and CPU seconds."""
    times = os.times()
    return np.array([time.perf_counter(), times.user + times.system])


def main() -> None:
    """Train one condition of the shape, another one in each round."""
    plan = plan_study(load_study(sys.argv[1]))
    networks = shapes(plan)[int(sys.argv[2])]
    network = networks[int(sys.argv[3]) % len(networks)]
    population, member = network.population, network.member
    data = load(population.request)
    print(json.dumps({"cpu": now()[1]}), flush=True)

    loss = first_epoch_loss(member, population, data)
    settings = {}
    for setting in SETTINGS:
        began = now()
        features, metric = population.shape.features, metric_of(population)
        model = keras_model(member, features, population.seeds[0], metric, steps_per_execution=setting)
        fit(model, population, data)
        between = now()
        fit(model, population, data)
        settings[setting] = {"first": list(between - began), "again": list(now() - between)}
    print(json.dumps({"condition": network.condition, "loss": loss, "settings": settings}))


if __name__ == "__main__":
    main()
