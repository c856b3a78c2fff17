"""Watching a PyTorch loop: what is seen of it, and that it ends as it would have."""

from __future__ import annotations

import copy
import json
import math
import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import assay

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.utils.checkpoint import checkpoint  # noqa: E402

from assay.errors import NonfiniteError  # noqa: E402
from assay.models.layer_look import ROWS  # noqa: E402

X = torch.randn(256, 6, generator=torch.Generator().manual_seed(0))
Y = (X.sum(dim=1) > 0).long()


def network() -> nn.Module:
    return nn.Sequential(nn.Linear(6, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 2))


class Loop:
    """A plain loop of 20 steps, with places where a test can change it."""

    def __init__(self, model: Callable[[], nn.Module] = network, **options: Any) -> None:
        torch.manual_seed(0)
        self.model, self.loss = model(), nn.CrossEntropyLoss()
        self.run_model = self.model
        rate = options.pop("rate", 0.1)
        self.optimizer = options.pop("optimizer", torch.optim.SGD)(self.model.parameters(), lr=rate)
        self.options = options

    def watch(self, loss: Any = "its own", **options: Any) -> Any:
        loss = self.loss if loss == "its own" else loss
        return assay.watch(self.run_model, self.optimizer, loss, **{"every": 1, "verbose": False, **options})

    def train(
        self,
        steps: int = 20,
        change: Callable[[Loop, int], None] | None = None,
        first: Callable[[Loop, int], None] | None = None,
    ) -> None:
        torch.manual_seed(1)
        for step in range(steps):
            if first is not None:
                first(self, step)
            rows = torch.randint(256, (32,))
            if self.options.get("reset", True):
                self.optimizer.zero_grad()
            for part in rows.split(32 // self.options.get("parts", 1)):
                self.loss(self.run_model(X[part]), Y[part]).backward()
            if "limit" in self.options:
                nn.utils.clip_grad_norm_(self.model.parameters(), self.options["limit"])
            if change is not None:
                change(self, step)
            self.optimizer.step()

    def weights(self) -> list[Any]:
        return [value.clone() for value in self.model.state_dict().values()]


def symptoms(watch: Any) -> list[str]:
    return [finding.symptom for finding in watch.findings]


# --- It changes nothing ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [{}, {"optimizer": torch.optim.AdamW}, {"parts": 4}, {"limit": 0.1}, {"reset": False}],
    ids=["sgd", "adamw", "accumulation", "clipping", "no reset"],
)
@pytest.mark.parametrize("watching", [{"every": 1}, {"every": None}, {"on_nonfinite": "raise"}], ids=str)
def test_the_weights_are_those_of_the_training_without_it(options, watching):
    """To the bit, running statistics included."""
    alone, watched = Loop(**options), Loop(**options)
    watch = watched.watch(**watching)
    alone.train()
    watched.train()
    watch.close()
    assert watch.remarks == []
    for one, other in zip(alone.weights(), watched.weights(), strict=True):
        assert torch.equal(one, other)


def test_no_hook_stays_behind():
    """After the end, and on the model between looks."""
    loop = Loop()
    watch = loop.watch(every=5)
    loop.train(2)
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in loop.model.modules())
    assert not any(parameter._backward_hooks for parameter in loop.model.parameters())
    watch.close()
    assert not loop.optimizer._optimizer_step_pre_hooks
    assert not loop.optimizer._optimizer_step_post_hooks
    assert not loop.loss._forward_hooks


# --- What is looked at -----------------------------------------------------------------------------------------------


def test_it_looks_at_powers_of_two_and_then_at_hundreds():
    """With `every`, at the first step and its multiples."""
    loop = Loop()
    watch = loop.watch(every=None)
    watch.seconds = -math.inf  # no look waits for its cost
    loop.train(310)
    assert watch.facts.looks == (1, 2, 4, 8, 16, 32, 64, 128, 200, 300)
    other = Loop()
    watch = other.watch(every=7)
    other.train(22)
    assert watch.facts.looks == (1, 7, 14, 21)


def test_later_looks_wait_where_they_would_cost_too_much():
    """After step 128, when watching took more than 1 % of the time."""
    loop = Loop()
    watch = loop.watch(every=None)
    watch.seconds = math.inf
    loop.train(310)
    assert watch.facts.looks[-1] == 128


def test_numbers_are_those_of_the_tensors():
    """Against a second pass by hand: outputs of the first examples, gradients, kernel, update, and the loss."""
    loop = Loop(lambda: nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 2)), rate=0.5)
    twin = copy.deepcopy(loop.model)
    watch = loop.watch()
    loop.train(1)
    torch.manual_seed(1)
    rows = torch.randint(256, (32,))
    outputs = twin[0](X[rows])
    outputs.retain_grad()
    loss = loop.loss(twin[2](torch.tanh(outputs)), Y[rows])
    loss.backward()

    def row(quantity: str, statistic: str) -> float:
        found = watch.signals.filter(epoch=1, layer=1, quantity=quantity, statistic=statistic)
        return float(found["value"].item())

    kernel, gradient = twin[0].weight.detach(), twin[0].weight.grad
    values = outputs.detach()[:ROWS]
    assert row("preactivations", "std") == pytest.approx(float(values.std(correction=0)), rel=1e-5)
    assert row("preactivations", "mean") == pytest.approx(float(values.mean()), rel=1e-4)
    assert row("errors", "rms") == pytest.approx(32 * float(outputs.grad[:ROWS].square().mean().sqrt()), rel=1e-5)
    assert row("kernel", "rms") == pytest.approx(float(kernel.square().mean().sqrt()), rel=1e-5)
    assert row("kernel_gradient", "rms") == pytest.approx(float(gradient.square().mean().sqrt()), rel=1e-5)
    assert row("update", "ratio") == pytest.approx(0.5 * float(gradient.norm() / kernel.norm()), rel=1e-4)
    assert watch.history["value"].to_list() == [pytest.approx(loss.item())]


def test_layers_are_in_the_order_of_execution():
    """Not in that of their names; those that are not called are not among them."""

    class Backwards(nn.Module):
        def __init__(self):
            super().__init__()
            self.last, self.unused, self.first = nn.Linear(4, 2), nn.Linear(4, 2), nn.Linear(6, 4)

        def forward(self, x):
            return self.last(torch.relu(self.first(x)))

    loop = Loop(Backwards)
    watch = loop.watch()
    loop.train(2)
    assert list(watch._record.layers) == ["first", "last"]


@pytest.mark.parametrize("use_reentrant", [False, True])
def test_checkpointed_layers_are_seen_once_and_in_order(use_reentrant):
    """Though they compute twice."""

    class Saved(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.middle, self.last = nn.Linear(6, 8), nn.Linear(8, 8), nn.Linear(8, 2)

        def forward(self, x):
            x = torch.relu(self.first(x))
            x = torch.relu(checkpoint(self.middle, x, use_reentrant=use_reentrant))
            return self.last(x)

    alone, watched = Loop(Saved), Loop(Saved)
    watch = watched.watch()
    alone.train()
    watched.train()
    assert list(watch._record.layers) == ["first", "middle", "last"]
    errors = watch.signals.filter(quantity="errors", epoch=20)["layer"].to_list()
    assert errors == [1, 2, 3]
    for one, other in zip(alone.weights(), watched.weights(), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("when", ["before", "after", "in place"])
def test_a_compiled_model_is_watched_without_a_break_in_its_graph(when):
    """Parameters, gradients, updates and the loss; in one graph, compiled once, with the same weights."""
    torch._dynamo.reset()
    programs = []

    def backend(graph, inputs):
        programs.append(graph)
        return graph.forward

    def compiled(loop):
        if when == "in place":
            loop.model.compile(backend=backend, fullgraph=True)
        else:
            loop.run_model = torch.compile(loop.model, backend=backend, fullgraph=True)

    class Net(nn.Module):  # one of the user's own: PyTorch does not compile its Sequential in place
        def __init__(self):
            super().__init__()
            self.layers = network()

        def forward(self, x):
            return self.layers(x) * 2

    alone, watched = Loop(Net), Loop(Net)
    compiled(alone)
    alone.train()
    torch._dynamo.reset()
    programs.clear()
    if when == "after":
        watch = watched.watch()
        compiled(watched)
    else:
        compiled(watched)
        watch = watched.watch()
    watched.train()
    assert len(programs) == 1
    assert len(watch.facts.looks) == 20
    assert len(watch.facts.losses) == 20
    assert all(one.update > 0 for one in watch.facts.parameters)
    for one, other in zip(alone.weights(), watched.weights(), strict=True):
        assert torch.equal(one, other)


def test_a_closure_is_looked_at_between_its_gradients_and_the_update():
    """As Lightning and L-BFGS call the optimizer: with the loss that it returns."""
    loops = [Loop(lambda: nn.Linear(6, 2)), Loop(lambda: nn.Linear(6, 2))]
    watch = loops[1].watch(loss=None)
    for loop in loops:
        torch.manual_seed(1)
        for _ in range(5):
            rows = torch.randint(256, (32,))

            def closure(loop=loop, rows=rows):
                loop.optimizer.zero_grad()
                loss = loop.loss(loop.model(X[rows]), Y[rows])
                loss.backward()
                return loss

            loop.optimizer.step(closure)
    assert len(watch.facts.losses) == 5
    assert all(one.gradient > 0 and one.update > 0 for one in watch.facts.parameters)
    for one, other in zip(*(loop.weights() for loop in loops), strict=True):
        assert torch.equal(one, other)


def test_mixed_precision_is_told_in_its_own_size():
    """With the scaler given, gradients are unscaled in tables and norms, and the scale is known."""
    numbers = {}
    for is_scaled in (False, True):
        loop = Loop(lambda: nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 2)))
        scaler = torch.amp.GradScaler("cpu", enabled=is_scaled, init_scale=1024.0)
        watch = loop.watch(scaler=scaler if is_scaled else None)
        torch.manual_seed(1)
        for _ in range(3):
            rows = torch.randint(256, (32,))
            loop.optimizer.zero_grad()
            scaler.scale(loop.loss(loop.model(X[rows]), Y[rows])).backward()
            scaler.step(loop.optimizer)
            scaler.update()
        numbers[is_scaled] = watch
    plain, scaled = numbers[False], numbers[True]
    assert scaled.facts.loss_scale == 1024.0
    for quantity in ("errors", "kernel_gradient"):
        one, other = (watch.signals.filter(quantity=quantity)["value"] for watch in (plain, scaled))
        np.testing.assert_allclose(one, other, rtol=1e-4)
    for one, other in zip(plain.facts.clipping, scaled.facts.clipping, strict=True):
        assert one.before == pytest.approx(other.before, rel=1e-4)


def test_the_loss_can_be_told_by_hand():
    """It is given back, so that it stands where it stood."""
    loop = Loop()
    watch = loop.watch(loss=None)
    loop.optimizer.zero_grad()
    loss = watch.loss(loop.loss(loop.model(X), Y))
    loss.backward()
    loop.optimizer.step()
    assert watch.facts.losses == ((1, pytest.approx(loss.item())),)


def test_a_validation_between_two_steps_does_not_count():
    """Neither its loss nor its mode, with and without `no_grad`."""

    def validate(loop, step):
        loop.model.eval()
        loop.loss(loop.model(X), 1 - Y)
        with torch.no_grad():
            loop.loss(loop.model(X), 1 - Y)
        loop.model.train()

    alone, watched = Loop(), Loop()
    watch = watched.watch()
    alone.train()
    watched.train(change=validate)
    other = alone.watch()
    assert watch.facts.losses[0][1] == pytest.approx(0.76, abs=0.2)
    assert len(watch.facts.losses) == 20
    assert other.facts.losses == ()
    assert symptoms(watch) == []


# --- What a probe cannot see -----------------------------------------------------------------------------------------


def test_a_missing_zero_grad_is_told_and_accumulation_is_not():
    """Gradients of the step before are there; several backward passes for one step are meant."""
    for options, expected in (({"reset": False}, ["stale_gradients"]), ({"parts": 4}, []), ({}, [])):
        loop = Loop(**options)
        watch = loop.watch()
        loop.train(6)
        assert symptoms(watch) == expected


def test_resetting_to_zero_and_a_penalty_of_its_own_are_no_stale_gradients():
    """`set_to_none=False` leaves zeros; a penalty's own backward pass comes first."""
    loop = Loop(reset=False)
    watch = loop.watch()
    for _ in range(6):
        loop.optimizer.zero_grad(set_to_none=False)
        sum(parameter.square().sum() for parameter in loop.model.parameters()).backward()
        loop.loss(loop.model(X), Y).backward()
        loop.optimizer.step()
    assert symptoms(watch) == []


def test_a_discriminator_is_not_taken_for_one_without_resets():
    """The generator's loss goes through it after its step, and adds to gradients that are reset later."""
    torch.manual_seed(0)
    generator, judge = nn.Linear(2, 6), network()
    optimizers = [torch.optim.SGD(model.parameters(), lr=0.1) for model in (generator, judge)]
    loss = nn.CrossEntropyLoss()
    watches = [
        assay.watch(model, optimizer, every=1, verbose=False)
        for model, optimizer in zip((generator, judge), optimizers, strict=True)
    ]
    for _ in range(6):
        optimizers[1].zero_grad()
        made = generator(torch.randn(32, 2))
        loss(judge(torch.cat([X[:32], made.detach()])), torch.arange(64) // 32).backward()
        optimizers[1].step()
        optimizers[0].zero_grad()
        loss(judge(made), torch.zeros(32, dtype=torch.long)).backward()
        optimizers[0].step()
    assert [symptoms(watch) for watch in watches] == [[], []]


def test_a_rate_of_zero_is_told():
    """Nothing moves at any of three looks; one look with a rate of 0, as in a warm-up, is nothing."""
    loop = Loop(rate=0.0)
    watch = loop.watch()
    loop.train(3)
    assert symptoms(watch) == ["no_update"]
    assert watch.should_stop
    loop = Loop(rate=0.0)
    watch = loop.watch()
    loop.train(5, lambda loop, step: loop.optimizer.param_groups[0].update(lr=0.01 * step))
    assert symptoms(watch) == []
    assert not watch.should_stop


def test_an_optimizer_with_other_parameters_is_told():
    """It was made before the model was made anew."""
    loop = Loop()
    optimizer = torch.optim.SGD(network().parameters(), lr=0.1)
    watch = assay.watch(loop.model, optimizer, loop.loss, every=1, verbose=False)
    for _ in range(3):
        optimizer.zero_grad()
        loop.loss(loop.model(X), Y).backward()
        optimizer.step()
    (told,) = watch.findings
    assert (told.symptom, told.level) == ("no_update", "fault")
    assert "100 % of all parameters" in told.evidence.text
    assert "The optimizer was not given these parameters" in told.cause


def test_layers_in_a_python_list_are_told():
    """They get gradients, and neither the model nor the optimizer has them; a teacher without gradients is meant."""

    class Hidden(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = [nn.Linear(6, 6)]
            self.teacher = [nn.Linear(6, 6)]
            self.last = nn.Linear(6, 2)

        def forward(self, x):
            with torch.no_grad():
                self.teacher[0](x)
            return self.last(torch.tanh(self.layers[0](x)))

    loop = Loop(Hidden)
    watch = loop.watch()
    loop.train(3)
    unlisted = [one.name for one in watch.facts.parameters if not one.is_registered]
    assert unlisted == ["layers[0].weight", "layers[0].bias"]
    assert symptoms(watch) == ["no_update"]


def test_training_in_evaluation_mode_is_told():
    """From the step on at which it began."""
    loop = Loop()
    watch = loop.watch()
    loop.train(6)
    loop.model.eval()
    loop.train(4)
    (told,) = watch.findings
    assert told.symptom == "wrong_mode"
    assert told.evidence.text.startswith("From step 7 on, ")
    assert not watch.should_stop


def test_clipping_at_every_step_is_told():
    """A limit below all norms; one above them is not."""
    for limit, expected in ((0.01, ["clipped_every_step"]), (100.0, [])):
        loop = Loop(limit=limit)
        watch = loop.watch()
        loop.train(6)
        assert symptoms(watch) == expected


def test_what_was_learnt_is_told_at_the_end():
    """By the loss against the entropy of the classes."""
    loop = Loop(lambda: nn.Linear(6, 2), rate=1.0)
    watch = loop.watch()
    loop.train(40)
    watch.close()
    shares = np.bincount(Y) / len(Y)
    assert watch._chance.value() == pytest.approx(-(shares * np.log(shares)).sum(), abs=0.02)
    assert watch.outcome == "learnt"


# --- Steps that are not finite ---------------------------------------------------------------------------------------


class Root(nn.Module):
    """Its middle layer takes a root that overflows or is of 0 when asked."""

    def __init__(self):
        super().__init__()
        self.first, self.middle, self.last = nn.Linear(6, 4), nn.Linear(4, 4), nn.Linear(4, 2)
        self.wrong = ""

    def forward(self, x):
        x = self.middle(torch.relu(self.first(x)))
        if self.wrong == "forward":
            x = x - torch.log(torch.zeros_like(x)) * 0
        if self.wrong == "backward":
            x = x + torch.sqrt(torch.zeros_like(x) * x)
        return self.last(x)


def wrong_at(step: int, what: str) -> Callable[[Loop, int], None]:
    def change(loop, at):
        loop.model.wrong = what if at == step - 1 else ""

    return change


@pytest.mark.parametrize("what", ["forward", "backward"])
@pytest.mark.parametrize("every", [1, 100])
def test_raise_stops_before_the_step_with_the_layer(what, every):
    """Weights are as they were; the message has the step, the layer and what it was like before."""
    loop = Loop(Root)
    watch = loop.watch(on_nonfinite="raise", every=every)
    before = []

    def change(loop, step):
        before[:] = loop.weights()

    with pytest.raises(NonfiniteError, match=r"At step 5, before the optimizer made it") as error:
        loop.train(20, change, wrong_at(5, what))
    if what == "forward":
        assert "the loss is not a number" in str(error.value)
        assert "whose output is not finite is 'last'" in str(error.value)
    else:
        assert "first layer with such gradients is 'middle'" in str(error.value)
    assert "the std of its outputs was" in str(error.value)
    assert all(torch.equal(one, other) for one, other in zip(before, loop.weights(), strict=True))
    assert watch.step == 4
    assert watch.outcome == "diverged"


def test_skip_leaves_the_step_out():
    """The others are made; the weights are those of a loop that leaves it out by hand."""
    watched, by_hand = Loop(Root), Loop(Root)
    watch = watched.watch(on_nonfinite="skip")
    watched.train(10, first=wrong_at(5, "backward"))

    def leave_out(loop, step):
        if step == 4:
            for parameter in loop.model.parameters():
                parameter.grad = None

    by_hand.train(10, leave_out, wrong_at(5, "backward"))
    assert all(torch.isfinite(weight).all() for weight in watched.weights())
    assert all(torch.equal(one, other) for one, other in zip(watched.weights(), by_hand.weights(), strict=True))
    assert (watch.step, watch._guard.skipped, watch.facts.looks) == (10, 1, (1, 2, 3, 4, 6, 7, 8, 9, 10))
    assert symptoms(watch) == ["nonfinite_gradient"]


@pytest.mark.parametrize("every", [1, 100])
def test_tell_goes_on_and_says_so_once(every, capsys):
    """A loss on the CPU is seen between looks too, before the step; the layer is known in a look."""
    loop = Loop(Root)
    watch = loop.watch(every=every, verbose=True)
    loop.train(10, first=wrong_at(5, "forward"))
    watch.close()
    told = capsys.readouterr().err
    assert told.count("At step 5, before the optimizer made it, the loss is not a number.") == 1
    assert ("'last'" in told) == (every == 1)
    assert watch.step == 10
    assert watch.facts.nonfinite.step == 5


def test_inputs_and_weights_that_are_not_finite_are_told_apart():
    """From what the model was given, and from what was there before the step."""
    loop = Loop()
    watch = loop.watch(on_nonfinite="skip")
    loop.optimizer.zero_grad()
    loop.loss(loop.model(torch.full((8, 6), math.inf)), Y[:8]).backward()
    loop.optimizer.step()
    assert watch.facts.nonfinite.origin == "inputs"
    loop = Loop(Root)
    watch = loop.watch(on_nonfinite="skip")
    with torch.no_grad():
        loop.model.middle.weight[0, 0] = math.nan
    loop.train(1)
    assert (watch.facts.nonfinite.origin, watch.facts.nonfinite.layer) == ("weights", "middle")


def test_a_loss_of_finite_outputs_is_told():
    """The logarithm of a probability of 0."""
    loop = Loop(lambda: nn.Sequential(nn.Linear(6, 2)))
    watch = loop.watch(loss=None, on_nonfinite="skip")
    loop.optimizer.zero_grad()
    loss = watch.loss((loop.model(X) * 0).log().mean())
    loss.backward()
    loop.optimizer.step()
    assert watch.facts.nonfinite.origin == "loss"


def test_looking_for_the_layer_leaves_the_model_and_the_draws_as_they_were():
    """A pass is made once more: running statistics and the stream of dropout stay."""
    states = []
    for on_nonfinite in ("tell", "skip"):
        loop = Loop()
        watch = loop.watch(on_nonfinite=on_nonfinite, every=1000)
        torch.manual_seed(3)
        loop.optimizer.zero_grad()
        loss = loop.loss(loop.model(X), Y)
        (loss * math.inf).backward()
        if on_nonfinite == "tell":
            for parameter in loop.model.parameters():
                parameter.grad = None
        loop.optimizer.step()
        states.append([*loop.weights(), torch.rand(1)])
        assert (watch.facts.nonfinite is not None) == (on_nonfinite == "skip")
    for one, other in zip(*states, strict=True):
        assert torch.equal(one, other)


# --- The end, and files ----------------------------------------------------------------------------------------------


def test_the_end_is_one_line(capsys):
    """Steps, looks, what it cost, and what was found; closing twice says it once."""
    loop = Loop()
    with loop.watch(verbose=True) as watch:
        loop.train(4)
    watch.close()
    told = capsys.readouterr().err
    assert told.startswith("assay: Sequential: 4 steps, 4 looked at. Watching took ")
    assert told.endswith(" s. Found: nothing.\n")
    assert told.count("\n") == 1


def test_the_folder_is_opened_like_any_other(tmp_path):
    """Summary, findings, tables, report and exports."""
    from assay.export import write_tables
    from assay.report import write_report

    loop = Loop(reset=False)
    watch = loop.watch(directory=tmp_path / "run")
    loop.train(6)
    watch.close()
    results = assay.open_results(tmp_path / "run")
    (condition,) = results.summary().conditions
    assert condition.name == "Sequential"
    assert condition.outcomes["completed"] == 1
    assert condition.verdict.findings == ("stale_gradients",)
    assert condition.findings == watch.findings
    assert condition.parameters == sum(parameter.numel() for parameter in loop.model.parameters())
    assert results.history.equals(watch.history)
    assert results.signals.sort("epoch", "layer", "quantity", "statistic").equals(
        watch.signals.sort("epoch", "layer", "quantity", "statistic")
    )
    page = write_report(results, tmp_path / "report.html").read_text(encoding="utf-8")
    assert "It ended after step 6." in page
    assert "Stale gradients" in page
    assert "assay run" not in page
    assert len(write_tables(results, tmp_path / "csv", "csv")) == 3
    first, *_ = (tmp_path / "run" / "findings.jsonl").read_text(encoding="utf-8").splitlines()
    line = json.loads(first)
    assert (line["at"], line["symptom"]) == (4, "stale_gradients")


def test_a_program_that_ends_without_closing_still_has_its_end(tmp_path):
    """At the end of the program, or with the optimizer."""
    program = f"""
import assay, torch
model = torch.nn.Linear(2, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
assay.watch(model, optimizer, directory={str(tmp_path / "run")!r})
for _ in range(3):
    optimizer.zero_grad()
    model(torch.ones(1, 2)).sum().backward()
    optimizer.step()
raise SystemExit(3)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 3
    assert "assay: Linear: 3 steps" in done.stderr
    assert len(assay.open_results(tmp_path / "run").trials) == 1


def test_copies_and_files_of_a_watched_model_are_not_watched(tmp_path):
    """A copy trains alone, and a file can be loaded where assay is not installed."""
    loop = Loop()
    watch = loop.watch()
    loop.train(1)
    twin = copy.deepcopy(loop.model)
    twin(X).sum().backward()
    torch.save(loop.model, tmp_path / "model.pt")
    assert b"assay" not in pickle.dumps(loop.model).replace(b"assay.watch", b"")
    program = f"""
import sys, torch
sys.modules["assay"] = None
model = torch.load({str(tmp_path / "model.pt")!r}, weights_only=False)
model(torch.zeros(3, 6)).sum().backward()
"""
    subprocess.run([sys.executable, "-c", program], check=True)
    assert pickle.loads(pickle.dumps(watch)).step == 1
    loop.train(2)
    assert watch.step == 3


RANKS = """
import sys, torch, assay
from torch import nn
rank, folder = int(sys.argv[1]), sys.argv[2]
torch.set_num_threads(1)
torch.distributed.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2)
weights = []
for is_watched in (False, True):
    torch.manual_seed(0)
    model = nn.parallel.DistributedDataParallel(nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2)))
    optimizer, loss = torch.optim.SGD(model.parameters(), lr=0.1), nn.CrossEntropyLoss()
    if is_watched:
        watch = assay.watch(model, optimizer, loss, every=1, on_nonfinite="skip", directory=f"{folder}/run")
    torch.manual_seed(rank)
    for step in range(6):
        x, y = torch.randn(16, 4), torch.randint(2, (16,))
        if step == 4 and rank == 1 and is_watched:
            x[0] = float("inf")
        if not is_watched and step == 4:
            continue
        optimizer.zero_grad()
        loss(model(x), y).backward()
        optimizer.step()
    weights.append([value.clone() for value in model.state_dict().values()])
watch.close()
assert all(torch.equal(one, other) for one, other in zip(*weights))
assert watch.facts.nonfinite.step == 5
torch.distributed.destroy_process_group()
"""


def test_processes_that_train_one_model_agree_and_tell_their_rank(tmp_path):
    """A step that is not finite on one is left out on both; rank 0 alone writes the folder."""
    if not torch.distributed.is_available():
        pytest.skip("this PyTorch cannot train on several processes")
    command = [sys.executable, "-c", RANKS]
    started = [
        subprocess.Popen([*command, str(rank), str(tmp_path)], stderr=subprocess.PIPE, text=True) for rank in (0, 1)
    ]
    told = [process.communicate(timeout=120)[1] for process in started]
    assert [process.returncode for process in started] == [0, 0], told
    assert "assay: [rank 1] divergence: At step 5" in told[1]
    assert "assay: [rank 0] nonfinite gradient: At step 5" in told[0]
    assert assay.open_results(tmp_path / "run").trials["outcome_epoch"].to_list() == [6]
