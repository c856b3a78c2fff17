"""What a study will take, told before it starts."""

from __future__ import annotations

import numpy as np
import pytest

from assay import planning
from assay.errors import CapacityError, DataError, StudyError
from assay.planning import (
    available_memory,
    check_capacity,
    format_bytes,
    measure_gemm_rate,
    plan_study,
)
from assay.study import Study

FEATURES, CLASSES = 4, 3  # of iris


def test_a_plan_prints_as_a_sentence(tiny_study):
    """How many networks will be trained, in how many groups."""
    assert str(plan_study(tiny_study())) == "tiny: 2 conditions × 2 seeds = 4 trials, in 1 population."
    alone = plan_study(tiny_study(vary={}, design={"seeds": 1}))
    assert repr(alone) == "tiny: 1 condition × 1 seed = 1 trial, in 1 population."


def test_trials_are_conditions_times_seeds(tiny_study):
    """Every condition is trained from every seed, and each trial has one number, its condition's block of seeds."""
    plan = plan_study(tiny_study(design={"seeds": [3, 5, 8]}))
    assert plan.num_trials == 2 * 3
    assert plan.seeds == (3, 5, 8)
    [population] = plan.populations
    assert population.trials.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert [condition.name for condition in population.conditions] == ["activation=relu", "activation=tanh"]


def test_numbers_and_names_share_a_population_and_shapes_do_not(tiny_study):
    """Activations, optimizers, losses and rates mix in a population; widths, batch sizes and epochs split it."""
    mixed = {
        "network.activation": ["relu", "tanh"],
        "training.optimizer": ["sgd", "adam"],
        "training.loss": ["categorical_crossentropy", "mean_squared_error"],
        "network.kernel_initializer": ["he_normal", "zeros"],
    }
    assert len(plan_study(tiny_study(vary=mixed)).populations) == 1
    for key, levels in {
        "network.hidden": [[4], [8]],
        "training.batch_size": [8, 16],
        "training.epochs": [1, 2],
        "data.rows": [50, 60],
    }.items():
        plan = plan_study(tiny_study(vary={**mixed, key: levels}))
        assert len(plan.populations) == 2
        numbers = np.concatenate([population.trials.ravel() for population in plan.populations])
        assert sorted(numbers.tolist()) == list(range(plan.num_trials))


def test_conditions_that_share_a_network_share_its_layers(tiny_study):
    """What does not vary is worked out once; data of another width make other layers of the same network."""
    plan = plan_study(tiny_study(vary={"training.optimizer": ["sgd", "adam"], "data.name": ["iris", "wine"]}))
    assert len({id(member.layers) for population in plan.populations for member in population.members}) == 2
    assert [population.members[0].layers[0].fan_in for population in plan.populations] == [FEATURES, 13]


def test_parameters_and_steps_are_those_of_a_dense_network(tiny_study):
    """Σ (fan_in + 1) · units parameters; ceil(rows / batch) updates an epoch."""
    plan = plan_study(tiny_study(network={"hidden": [5, 7]}, training={"batch_size": 36, "epochs": 10}))
    [population] = plan.populations
    assert population.parameters == (FEATURES + 1) * 5 + (5 + 1) * 7 + (7 + 1) * CLASSES
    assert population.shape.train_rows == 96
    assert population.select_steps == 10 * 3


def test_a_population_has_one_program_and_its_probes_another(tiny_study):
    """One program trains and scores a population in both phases; probes have one of their own."""
    vary = {"training.batch_size": [8, 16]}
    assert plan_study(tiny_study(vary=vary)).num_programs == 2
    assert plan_study(tiny_study(vary=vary, probe={"epochs": "all"})).num_programs == 2 * 2


@pytest.mark.parametrize(
    "larger",
    [
        {"network": {"hidden": [400]}},
        {"network": {"hidden": [4, 4]}},
        {"design": {"seeds": 200}},
        {"data": {"name": "blobs", "rows": 100_000, "features": 4, "classes": 3}},
        {"training": {"optimizer": "adam"}},
    ],
    ids=["width", "depth", "seeds", "rows", "slots of the optimizer"],
)
def test_a_larger_study_needs_more_memory(tiny_study, larger):
    """Memory grows with width, depth, seeds, rows, and what the optimizer remembers."""
    smaller = {"training": {"optimizer": "sgd"}} if "training" in larger else {}
    assert plan_study(tiny_study(**larger)).memory_bytes > plan_study(tiny_study(**smaller)).memory_bytes


def test_memory_is_that_of_the_largest_population(tiny_study):
    """Populations are trained one after another, so a small one beside a large one costs nothing."""
    both = plan_study(tiny_study(vary={"network.hidden": [[4], [3000]]}), num_devices=1)
    large = plan_study(tiny_study(vary={"network.hidden": [[3000]]}), num_devices=1)
    assert both.memory_bytes == large.memory_bytes


def test_the_state_of_all_trials_is_counted(tiny_study):
    """Adam holds two numbers beside each parameter and its gradient, each of four bytes."""
    plan = plan_study(tiny_study(network={"hidden": [1000, 1000]}, training={"optimizer": "adam"}))
    [population] = plan.populations
    assert plan.memory_bytes > plan.num_trials * population.parameters * 4 * 4


def test_time_falls_with_the_machine_s_rate_and_grows_with_the_study(tiny_study):
    """A faster machine is quicker; more epochs, and the final phase, take longer."""
    plan = plan_study(tiny_study())
    assert plan.expected_seconds(1e12) < plan.expected_seconds(1e6)
    assert plan_study(tiny_study(training={"epochs": 3000})).expected_seconds(1e10) > plan.expected_seconds(1e10)
    assert plan_study(tiny_study(design={"final": False})).expected_seconds(1e10) < plan.expected_seconds(1e10)


def test_a_condition_that_does_not_fit_its_data_is_told_with_its_name(tiny_study):
    """The words hold the condition and the key; nothing has been loaded."""
    with pytest.raises(StudyError, match=r"condition 'batch_size=97': training\.batch_size: expected at most 96"):
        plan_study(tiny_study(vary={"training.batch_size": [16, 97]}))
    with pytest.raises(DataError, match="no such file"):
        plan_study(Study(data="nowhere.npz"))


def test_a_study_that_does_not_fit_is_refused_with_what_it_needs(tiny_study):
    """The words hold what there is, what is needed, and which trials need it."""
    plan = plan_study(tiny_study(network={"hidden": [2000, 2000]}))
    check_capacity(plan, memory=plan.memory_bytes)
    with pytest.raises(CapacityError) as refusal:
        check_capacity(plan, memory=10**8)
    words = str(refusal.value)
    assert "tiny: expected to fit in the 100 MB of memory that are free" in words
    assert f"4 trials of {plan.populations[0].parameters:,} parameters at once" in words
    assert format_bytes(plan.memory_bytes) in words
    assert "Use fewer seeds, a smaller network" in words


def test_where_the_memory_is_not_known_nothing_is_refused(tiny_study, monkeypatch):
    """A system that does not tell its memory is no reason to stop."""
    monkeypatch.setattr("assay.planning.available_memory", lambda: None)
    check_capacity(plan_study(tiny_study(network={"hidden": [10**6, 10**6]})))


def test_this_machine_has_memory_and_computes():
    """Free memory lies between a megabyte and a petabyte, and a core computes a megaflop a second at least."""
    memory = available_memory()
    assert memory is None or 1e6 < memory < 1e15
    assert measure_gemm_rate() > 1e6


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 bytes"), (999, "999 bytes"), (1500, "1.5 KB"), (123e6, "123 MB"), (2.5e12, "2.5 TB")]
)
def test_bytes_are_written_in_the_largest_unit_that_fits(count, text):
    """Two or three digits say enough."""
    assert format_bytes(count) == text


def test_a_large_population_is_trained_in_parts(tiny_study, monkeypatch):
    """Bounded state and bounded trials each cut a population into parts of about one size; no trial is lost."""
    vary = {
        "training.optimizer": [
            {"name": name, "learning_rate": rate} for rate in (0.1, 0.2, 0.3) for name in ("sgd", "adam")
        ]
    }
    [whole] = plan_study(tiny_study(vary=vary)).populations
    for limit, value in (("POPULATION_TRIALS", 5), ("POPULATION_STATE_BYTES", whole.layout.state_bytes // 2)):
        with monkeypatch.context() as patched:
            patched.setattr(planning, limit, value)
            plan = plan_study(tiny_study(vary=vary))
        numbers = np.concatenate([population.trials.ravel() for population in plan.populations])
        assert sorted(numbers.tolist()) == list(range(plan.num_trials))
        assert len(plan.populations) > 1
        assert {len(population.members) for population in plan.populations} == {len(plan.populations[0].members)}
    # With two conditions each, three parts hold both kinds and one kind: kinds lie together.
    kinds = [{member.optimizer.name for member in population.members} for population in plan.populations]
    assert sum(len(names) for names in kinds) <= len(kinds) + 1


def test_a_gpu_holds_all_seeds_at_once(tiny_study):
    """There a population is not dealt over tiles: one group for each seed."""
    [population] = plan_study(tiny_study(design={"seeds": 1}), platform="gpu").populations
    assert (population.layout.tiles, population.layout.num_groups) == (1, 1)


def test_predictions_that_would_fill_a_disk_are_not_kept(tiny_study, monkeypatch):
    """Of a population, by the rows of its splits; the networks are kept all the same."""
    [population] = plan_study(tiny_study()).populations
    assert population.kept.networks == 2
    assert population.kept.prediction_bytes == 2 * (24 + 30) * (2 * 3 * 4 + 16)
    assert population.kept.has_predictions
    monkeypatch.setattr("assay.planning.MOST_PREDICTION_BYTES", 100)
    assert not population.kept.has_predictions
    assert plan_study(tiny_study()).kept.prediction_bytes == 0


def test_what_a_study_keeps_is_in_its_sizes(tiny_study):
    """The best seed of each condition, every trial, none; without a final phase no test rows are predicted."""
    for keep, networks in (("final", 2), ("all", 4), ("none", 0)):
        assert plan_study(tiny_study(design={"keep": keep})).kept.networks == networks
    selected, final = (plan_study(tiny_study(design={"final": final})).kept for final in (False, True))
    assert selected.prediction_bytes * (24 + 30) == final.prediction_bytes * 24
