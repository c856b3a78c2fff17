"""The corpus of programs (validation/corpus): rebuilt from numbers, broken as it says, labelled by what was learnt."""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
VALIDATION = str(Path(__file__).parents[2] / "validation")
sys.path.insert(0, VALIDATION)
try:
    from corpus import datasets, grammar, labels, page, schedules, skill, training
    from corpus.mutations import MUTATIONS
    from corpus.program import FORMS, Program
finally:
    sys.path.remove(VALIDATION)

MANY = 1830  # numbers: each mutation is the first of a program's two ten times
NAMES = [mutation.name for mutation in MUTATIONS]


@pytest.fixture(scope="module")
def programs() -> list[Program]:
    """The first programs of the corpus."""
    return [grammar.program(number) for number in range(MANY)]


def example(programs: list[Program], mutation: str, framework: str = "torch") -> tuple[Program, Program]:
    """A program as it was drawn, and with the mutation."""
    found = next(one for one in programs if one.mutation == mutation and one.framework == framework)
    return programs[found.number - found.number % FORMS], found


def built(program: Program, seed: int = 0) -> object:
    """Model, data, loss and optimizer."""
    return training.framework_of(program).build(program, seed)


def weights(run) -> list[np.ndarray]:
    """All parameters and buffers."""
    if run.program.framework == "keras":
        return [np.asarray(weight.value) for weight in run.model.weights]
    return [value.numpy() for value in run.model.state_dict().values()]


# --- The grammar ------------------------------------------------------------------------------------------------------


def test_a_program_is_rebuilt_from_its_number_to_the_bit(programs):
    """The same number gives the same choices, rows and first weights; JSON keeps all choices."""
    for number in (0, 4, 31):
        first = programs[number]
        grammar._drawn.cache_clear()
        again = Program(**json.loads(json.dumps(grammar.program(number).written())))
        assert again == first
        one, other = built(first), built(again)
        np.testing.assert_array_equal(one.x, other.x)
        np.testing.assert_array_equal(one.y, other.y)
        for own, twin in zip(weights(one), weights(other), strict=True):
            np.testing.assert_array_equal(own, twin)


def test_the_corpus_has_all_that_it_promises(programs):
    """Both frameworks, all architectures, tasks and optimizers, rare classes down to 2 %, and every mutation."""
    drawn = programs[::FORMS]
    assert {one.architecture for one in drawn} == {name for kinds in grammar.ARCHITECTURES.values() for name in kinds}
    assert {one.task for one in drawn} == {task for tasks in grammar.TASKS.values() for task in tasks} | {
        "reconstruction"
    }
    assert {one.optimizer for one in drawn} == set(grammar.RATES)
    assert {one.schedule for one in drawn} == set(grammar.SCHEDULES)
    assert min(one.rare_share for one in drawn) == 0.02
    assert 0.1 < np.mean([one.framework == "keras" for one in drawn]) < 0.3
    assert {one.mutation for one in programs} == {"none", *NAMES}
    assert len(NAMES) == len(set(NAMES)) >= 35


def test_all_forms_of_a_program_are_one_family_on_one_side(programs):
    """A family is on one side of the split, and the sides are of about the same size."""
    for number in range(0, MANY, FORMS):
        assert len({one.family for one in programs[number : number + FORMS]}) == 1
    parts = [labels.part_of(one) for one in programs]
    assert 0.4 < np.mean([part == "seen" for part in parts if part != "fresh"]) < 0.6
    of_family: dict[str, set[str]] = {}
    for one, part in zip(programs, parts, strict=True):
        if part != "fresh":
            of_family.setdefault(one.family, set()).add(part)
    assert all(len(found) == 1 for found in of_family.values())


def test_programs_drawn_later_are_fresh_whatever_their_family(programs):
    """They are new: none of them is one of the first."""
    fresh = [grammar.program(number) for number in range(labels.FIRST_FRESH, labels.FIRST_FRESH + 12)]
    assert {labels.part_of(one) for one in fresh} == {"fresh"}
    assert labels.FIRST_FRESH % FORMS == 0
    assert labels.part_of(grammar.program(labels.FIRST_FRESH - 1)) != "fresh"


# --- Mutations --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mutation", MUTATIONS, ids=NAMES)
def test_a_mutation_changes_the_choices_that_it_names_and_no_other(programs, mutation):
    """The mutated program differs from the drawn one in these fields alone, and in at least one of them."""
    found = next(one for one in programs if one.mutation == mutation.name)
    whole = programs[found.number - found.number % FORMS]
    assert mutation.applies(whole)
    told = mutation.change(whole)
    differing = {field.name for field in fields(Program) if getattr(found, field.name) != getattr(whole, field.name)}
    assert differing - {"number", "mutation"} <= set(told)
    assert differing - {"number", "mutation"}
    assert all(getattr(found, name) == value for name, value in told.items())


def kernels(run) -> list[np.ndarray]:
    """All arrays of parameters with two axes or more, embeddings and places left out."""
    kept = {"places", "words"} if run.program.data == "tokens" else {"places"}
    named = run.model.named_parameters()
    return [part.detach().numpy() for name, part in named if part.ndim > 1 and not kept & set(name.split("."))]


def has_finite_loss_alone(run) -> bool:
    """Whether the loss is a number and a gradient is not."""
    loss = run.loss(run.model(run.x[:32]), run.y[:32])
    loss.backward()
    gradients = [part.grad for part in run.model.parameters() if part.grad is not None]
    return bool(loss.isfinite()) and not all(gradient.isfinite().all() for gradient in gradients)


@pytest.mark.parametrize(
    ("mutation", "is_so"),
    [
        ("kernels zero", lambda run: all((kernel == 0).all() for kernel in kernels(run))),
        ("kernels constant", lambda run: all(np.ptp(kernel) == 0 for kernel in kernels(run))),
        ("kernels too small", lambda run: all(kernel.std() < 0.0015 for kernel in kernels(run))),
        ("kernels too large", lambda run: all(kernel.std() > 1.5 for kernel in kernels(run))),
        ("rate 0", lambda run: run.optimizer.param_groups[0]["lr"] == 0),
        ("weight decay too large", lambda run: run.optimizer.param_groups[0]["weight_decay"] == 3),
        ("warm-up by the epoch", lambda run: run.optimizer.param_groups[0]["lr"] == 0),
        ("evaluation mode", lambda run: not run.model.training),
        ("half precision", lambda run: next(run.model.parameters()).dtype == torch.float16),
        ("targets broadcast", lambda run: run.model(run.x[:3]).shape == (3, 1) and run.y.ndim == 1),
        ("NaN in the inputs", lambda run: 0 < float(run.x.isnan().float().mean()) < 0.05),
        ("NaN in the targets", lambda run: 0 < float(run.y.isnan().float().mean()) < 0.05),
        ("inputs unscaled", lambda run: float(run.x.abs().max()) > 500),
        ("inputs scaled twice", lambda run: float(run.x.abs().max()) < 1e-3),
        ("targets unscaled", lambda run: abs(float(run.y.mean()) - 20_000) < 2_000),
        ("labels of both signs", lambda run: set(run.y.unique().tolist()) == {-1.0, 1.0}),
        ("softmax over one unit", lambda run: bool((run.model(run.x[:9]) == 1).all())),
        ("double softmax", lambda run: torch.allclose(run.model(run.x[:9]).sum(1), torch.ones(9), atol=1e-5)),
        ("loss negated", lambda run: run.loss(run.model(run.x[:9]), run.y[:9]).item() < 0),
        ("layers in a list", lambda run: all(name.startswith("head.") for name, _ in run.model.named_parameters())),
        ("layers frozen", lambda run: {p.requires_grad for p in run.model.blocks.parameters()} == {False}),
        ("square root at 0", lambda run: has_finite_loss_alone(run)),
        ("sorted by label", lambda run: bool((run.data.y_train[1:] >= run.data.y_train[:-1]).all())),
    ],
)
def test_a_mutation_does_what_it_says(programs, mutation, is_so):
    """What it breaks is seen in the model, the data, the loss or the optimizer, and not in those of the twin."""
    whole, broken = example(programs, mutation)
    assert is_so(built(broken))
    assert not is_so(built(whole))


@pytest.mark.parametrize(
    ("mutation", "moved"),
    [
        ("rate 0", ()),
        ("zero_grad before the step", ()),
        ("optimizer of another model", ()),
        ("layers frozen", ("head.weight", "head.bias")),
        ("body not in the optimizer", ("head.weight", "head.bias")),
        ("body detached", ("head.weight", "head.bias")),
    ],
)
def test_an_update_moves_only_what_it_can(programs, mutation, moved):
    """After three updates only these parameters are elsewhere; weight decay is off, since it moves them all."""
    _, broken = example(programs, mutation)
    short = Program(**{**broken.written(), "updates": 3, "weight_decay": 0.0, "schedule": "constant"})
    run = built(short)
    before = {name: parameter.detach().clone() for name, parameter in run.model.named_parameters()}
    training.framework_of(short).train(run)
    after = dict(run.model.named_parameters())
    assert {name for name in before if not torch.equal(before[name], after[name])} == set(moved)


def test_shuffled_and_shifted_labels_have_the_same_values(programs):
    """The multiset of targets stays, their examples change; the held-out ones are right."""
    for mutation in ("labels shuffled", "labels off by a row"):
        whole, broken = (datasets.data_of(one) for one in example(programs, mutation))
        np.testing.assert_array_equal(np.sort(whole.y_train, axis=0), np.sort(broken.y_train, axis=0))
        assert (whole.y_train != broken.y_train).any()
        np.testing.assert_array_equal(whole.x_train, broken.x_train)
        np.testing.assert_array_equal(whole.y_test, broken.y_test)


def test_schedules_end_where_their_authors_mean_them_to():
    """Sound schedules have a rate throughout, the first call of some aside; the warm-up of 500 starts at 0."""
    for name in set(grammar.SCHEDULES):
        factors = [schedules.FACTORS[name](call, 300) for call in range(300)]
        assert all(0 < factor <= 1 for factor in factors[1:])
    assert schedules.FACTORS["warm_up_of_500"](0, 300) == 0
    assert schedules.FACTORS["warm_up_of_500"](10, 300) == 0.02


# --- What was learnt --------------------------------------------------------------------------------------------------


def of_task(programs: list[Program], **wanted: object) -> Program:
    """The first program with these choices."""
    return next(one for one in programs if all(getattr(one, name) == value for name, value in wanted.items()))


def test_skill_is_0_for_the_best_constant_and_1_for_the_truth(programs):
    """Of quantities R², of classes that of their one-hot rows; NaN is worth nothing."""
    y = np.array([[1.0], [2.0], [3.0], [6.0]], np.float32)
    regression = of_task(programs, task="regression")
    assert skill.skill(regression, y, y) == 1
    assert skill.skill(regression, np.full((4, 1), 3.0), y) == 0
    assert skill.skill(regression, np.full((4, 1), 100.0), y) == -1
    assert skill.skill(regression, np.array([[np.nan], [2.0], [3.0], [6.0]]), y) == 0
    # (1 + 1 + 0 + 4) of 14 stays: R² = 1 - 6 / 14.
    assert skill.skill(regression, np.array([[2.0], [3.0], [3.0], [4.0]]), y) == pytest.approx(1 - 6 / 14)
    binary = of_task(programs, task="binary", loss="bce_logits", outputs=1)
    labels_ = np.array([0, 0, 1, 1])
    assert skill.skill(binary, np.array([[-40.0], [-40.0], [40.0], [40.0]]), labels_) == pytest.approx(1)
    assert skill.skill(binary, np.zeros((4, 1)), labels_) == 0


def test_a_second_sigmoid_costs_skill_and_no_decisions(programs):
    """σ(σ(±∞)) is 0.73 or 0.5: (0.27² + 0.5²) / 2 of the variance 0.25 stays, while the decisions are right."""
    binary = of_task(programs, mutation="double sigmoid", task="binary", outputs=1)
    answers, y = np.array([[0.0], [0.0], [1.0], [1.0]]), np.array([0, 0, 1, 1])
    far = 1 / (1 + np.e)
    assert skill.skill(binary, answers, y) == pytest.approx(1 - (far**2 + 0.25) / 2 / 0.25)
    assert skill.decisions(binary, answers, y) == 1


def test_labels_follow_from_what_was_learnt():
    """Sound at half of the gap; broken below 0.8 of the twin in each seed; in between it is left out."""
    assert labels.label([0.6, 0.5], None) == "sound"
    assert labels.label([0.6, 0.3], None) == "unclear"
    assert labels.label([0.7, 0.8], [0.9, 0.9]) == "between"
    assert labels.label([0.7, 0.71], [0.9, 0.9]) == "broken"
    assert labels.label([0.82, 0.95], [0.9, 0.9]) == "sound, mutated"
    assert labels.label([0.1, 0.0], [0.4, 0.4]) == "unclear"


def test_programs_that_failed_or_wait_have_no_other_label():
    """A failed form takes the ones compared with it along; one that lacks a seed is missing."""

    def run(number: int, seed: int, learnt: float | None) -> dict[str, object]:
        return {"number": number, "seed": seed, "skill": learnt, "error": None if learnt is not None else "ValueError"}

    found = labels.labels([run(0, 0, 0.9), run(0, 1, 0.9), run(1, 0, 0.1), run(1, 1, 0.2), run(2, 0, 0.9)], 2)
    assert found == {0: "sound", 1: "broken", 2: "missing"}
    assert labels.labels([run(0, 0, None), run(0, 1, 0.9), run(1, 0, 0.1), run(1, 1, 0.2)], 2)[1] == "failed"


def test_broken_programs_that_decide_as_well_are_counted():
    """A broken program whose decisions reach 0.9 of its twin's in each seed, and one whose decisions do not."""
    told = {0: (0.9, 0.95), 1: (0.3, 0.9), 2: (0.3, 0.8)}
    runs = [{"number": number, "decisions": each} for number, told_ in told.items() for each in (told_[1], told_[1])]
    assert labels.decide_alike(runs, {0: "sound", 1: "broken", 2: "broken"}) == {1}


# --- Training ---------------------------------------------------------------------------------------------------------


def counted(task: tuple[int, int]) -> dict[str, object]:
    """A piece of work that costs nothing."""
    return {"number": task[0], "seed": task[1]}


def test_a_training_goes_on_where_it_was_stopped(tmp_path, monkeypatch):
    """What stands in the file is not done again, a line that was cut short is, and a lost process stops nothing."""
    path = tmp_path / "trainings.jsonl"
    path.write_text('{"number": 0, "seed": 0}\n{"number": 0, "se')
    left = list(training.open_tasks(range(2), path))
    assert left == [(0, 1), (1, 0), (1, 1)]
    monkeypatch.setattr(training, "ProcessPoolExecutor", AtOnce)
    training.in_workers(counted, left, path, workers=1)
    assert AtOnce.broken
    done = [(line["number"], line["seed"]) for line in training.written(path)]
    assert sorted(set(done)) == [(0, 0), *left]


class AtOnce(ThreadPoolExecutor):
    """A pool that works in this very process, and whose first one breaks after a task."""

    broken = False

    def __init__(self, *_: object, **__: object) -> None:
        super().__init__(1)
        self.tasks = 0

    def submit(self, work, task):
        """Done by the one thread, unless the pool has just lost a process."""
        self.tasks += 1
        if self.tasks == 2 and not AtOnce.broken:
            AtOnce.broken = True
            return super().submit(crash)
        return super().submit(work, task)


def crash() -> None:
    """What a pool tells of a process that ended."""
    raise BrokenProcessPool


def test_a_program_that_fails_is_kept_with_its_error(monkeypatch):
    """No error stops the others."""
    monkeypatch.setattr(training, "_learnt", lambda *_: 1 / 0)
    record = training.trained((0, 0))
    assert record["error"].startswith("ZeroDivisionError")
    assert "skill" not in record


def test_a_sound_program_learns_and_its_broken_form_does_not(programs):
    """Trained as the corpus trains: a dense network, and the same with a learning rate of 0."""
    whole, broken = example(programs, "rate 0")
    assert training.trained((whole.number, 0))["skill"] > 0.5
    assert training.trained((broken.number, 0))["skill"] < 0.2


# --- The page ---------------------------------------------------------------------------------------------------------


def test_wilson_agrees_with_the_published_example():
    """81 of 263: 0.2553 to 0.3662, the example of Newcombe 1998, method 3; none of 20 reaches up to 0.1611."""
    assert page.wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert page.wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=1e-4)


def row(programs: list[Program], number: int, label: str, *found: tuple[str, str]) -> page.Row:
    """A judged program that shows these findings at epoch 0."""
    status = "unhealthy" if any(level != "note" for _, level in found) else "healthy"
    start = {"status": status, "findings": [list(each) for each in found]}
    return page.Row(programs[number], label, start, {"status": "healthy", "findings": []}, {})


def test_precision_and_recall_are_counted_by_the_gravest_level(programs):
    """Two broken and one sound program; a note of one is no fault of it."""
    rows = [
        row(programs, 1, "broken", ("no_update", "certain"), ("no_update", "note")),
        row(programs, 2, "broken"),
        row(programs, 3, "sound", ("no_update", "note")),
    ]
    found = {(line["symptom"], line["level"]): line for line in page.by_symptom(rows)}
    assert found["no_update", "certain"]["precision"] == 1
    assert found["no_update", "certain"]["recall"] == 0.5
    assert found["no_update", "note"]["precision"] == 0
    assert (found["no_update", "any"]["broken"], found["no_update", "any"]["sound"]) == (1, 1)


def test_detectors_are_counted_on_what_they_can_judge(programs):
    """One detector names one of two broken programs and alarms one of two sound ones; the other was not asked."""
    rows = [
        row(programs, 1, "broken", ("no_update", "fault")),
        row(programs, 2, "broken"),
        row(programs, 3, "sound", ("dead_units", "fault")),
        row(programs, 4, "sound, mutated"),
    ]
    assert page.matrix(rows, page.DETECTORS["assay, epoch 0"]) == ([True, False], [True, False])
    assert page.matrix(rows, page.DETECTORS["gradient thresholds"]) == ([], [])
    table = "\n".join(page.detector_table(rows))
    half, one, none = "1 of 2: 50.0 % [9, 91]", "1 of 1: 100.0 % [21, 100]", "0 of 1: 0.0 % [0, 79]"
    assert f"| assay, epoch 0 | {half} | {half} | {one} | {none} | 50.0 % |" in table


def test_the_page_names_programs_of_the_seen_half_alone(programs):
    """Nobody can tune a rule on an unseen program by reading the page: it stands there in counts only."""
    seen, unseen = (
        next(one for one in programs if not one.is_mutated and labels.part_of(one) == half)
        for half in ("seen", "unseen")
    )
    rows = [row(programs, one.number, "sound", ("dead_units", "fault")) for one in (seen, unseen)]
    rows += [row(programs, one.number + 1, "broken") for one in (seen, unseen)]
    lines = list(page.page({each.program.number: each.label for each in rows}, set(), rows))
    listed = [line.split(" | ")[0].strip("| ") for line in lines if line.startswith("| ")]
    assert str(seen.number) in listed
    assert str(seen.number + 1) in listed
    assert str(unseen.number) not in listed
    assert str(unseen.number + 1) not in listed
    assert sum(line.startswith("| assay, epoch 0 | 0 of 1") for line in lines) == 2
