"""The same study in plain Keras: one model after another, `fit` for each, as a user would write it.

    python benchmarks/keras_twin.py STUDY

prints one JSON line: the mean validation metric of each condition at its best epoch, and the test metric if the
study has a final phase.

    python benchmarks/keras_twin.py STUDY --first-epoch

prints the training loss of each condition over one epoch of the first seed, from assay's initial kernels and in assay's
order of batches: the numbers that an assay run must have in its history.
"""

from __future__ import annotations

import json
import os
import sys

os.environ["KERAS_BACKEND"] = "jax"

import keras
import numpy as np

from assay.choices import Choice
from assay.data import Dataset, load
from assay.engine.batching import batch_order
from assay.engine.layout import Member
from assay.networks.activations import ACTIVATIONS
from assay.networks.initializers import draw_bias, draw_kernel
from assay.planning import PopulationPlan, plan_study
from assay.study import Study, load_study


def keras_name(choice: Choice) -> str:
    """``he_normal`` → ``HeNormal``; Keras' classes are the words in capitals."""
    exceptions = {"rmsprop": "RMSprop", "sgd": "SGD", "adamw": "AdamW"}
    return exceptions.get(choice.name) or "".join(word.capitalize() for word in choice.name.split("_"))


def keras_model(member: Member, features: int, seed: int, metric: str, *, steps_per_execution: int = 1) -> keras.Model:
    """A compiled Keras model of a member."""
    keras.utils.set_random_seed(seed)
    layers = []
    for layer in member.layers:
        initializer = getattr(keras.initializers, keras_name(layer.kernel_initializer))
        activation = getattr(keras.activations, layer.activation.name)
        options = ACTIVATIONS.arguments(layer.activation)
        layers.append(
            keras.layers.Dense(
                layer.units,
                activation=(lambda z, function=activation, options=options: function(z, **options)),
                kernel_initializer=initializer(**layer.kernel_initializer.arguments),
            )
        )
    model = keras.Sequential([keras.Input((features,)), *layers])
    optimizer = getattr(keras.optimizers, keras_name(member.optimizer))(**member.optimizer.arguments)
    model.compile(optimizer=optimizer, loss=member.loss.name, metrics=[metric], steps_per_execution=steps_per_execution)
    return model


def metric_of(population: PopulationPlan) -> str:
    """Keras' name of the metric that goes with the task."""
    return "accuracy" if population.shape.task != "regression" else "mean_absolute_error"


def fit(model: keras.Model, population: PopulationPlan, data: Dataset) -> dict[str, list[float]]:
    """All epochs, validation after each; what Keras recorded of every epoch, by name."""
    return model.fit(
        data.x_train,
        data.y_train,
        validation_data=(data.x_validation, data.y_validation),
        epochs=population.epochs,
        batch_size=population.batch_size,
        verbose=0,
    ).history


def first_epoch_loss(member: Member, population: PopulationPlan, data: Dataset) -> float:
    """Training loss over one epoch of assay's first seed, from assay's initial parameters."""
    seed = population.seeds[0]
    order = batch_order(seed, 1, len(data.x_train), population.batch_size).ravel()
    order = order[order >= 0]
    model = keras_model(member, population.shape.features, seed, metric_of(population))
    arrays = []
    for number, layer in enumerate(member.layers, start=1):
        sizes = {"seed": seed, "layer": number, "units": layer.units}
        arrays.append(draw_kernel(layer.kernel_initializer, fan_in=layer.fan_in, **sizes))
        arrays.append(draw_bias(layer.bias_initializer, **sizes))
    model.set_weights(arrays)
    history = model.fit(
        data.x_train[order], data.y_train[order], batch_size=population.batch_size, shuffle=False, verbose=0
    ).history
    return history["loss"][0]


def first_epochs(study: Study) -> dict[str, float]:
    """The first epoch's loss by condition."""
    found = {}
    for population in plan_study(study).populations:
        data = load(population.request)
        for condition, member in zip(population.conditions, population.members, strict=True):
            found[condition.name] = first_epoch_loss(member, population, data)
    return found


def main() -> None:
    """Train everything, one after another."""
    study = load_study(sys.argv[1])
    if "--first-epoch" in sys.argv:
        print(json.dumps(first_epochs(study)))
        return
    told: dict[str, dict[str, float]] = {}
    for population in plan_study(study).populations:
        data = load(population.request)
        metric = metric_of(population)
        for condition, member in zip(population.conditions, population.members, strict=True):
            losses, metrics = [], []
            for seed in population.seeds:
                model = keras_model(member, population.shape.features, seed, metric)
                history = fit(model, population, data)
                losses.append(history["val_loss"])
                metrics.append(history[f"val_{metric}"])
            best = int(np.argmin(np.mean(losses, axis=0))) + 1
            told[condition.name] = {"validation": float(np.mean(metrics, axis=0)[best - 1])}
            if study.design.final:
                x = np.concatenate([data.x_train, data.x_validation])
                y = np.concatenate([data.y_train, data.y_validation])
                scores = []
                for seed in population.seeds:
                    model = keras_model(member, population.shape.features, seed, metric)
                    model.fit(x, y, epochs=best, batch_size=population.batch_size, verbose=0)
                    scores.append(model.evaluate(data.x_test, data.y_test, verbose=0)[1])
                told[condition.name]["test"] = float(np.mean(scores))
    print(json.dumps(told))


if __name__ == "__main__":
    main()
