"""Wrong and unusual uses of `assay.watch`: a sentence or the right thing, and a loop that ends as it would have."""

from __future__ import annotations

import copy
import io
import os
import pickle
import shutil
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

import assay

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402

from assay.errors import ModelError, StoreError  # noqa: E402

X = torch.randn(64, 6, generator=torch.Generator().manual_seed(0))
Y = (X.sum(dim=1) > 0).long()
STEPS = 9


def network() -> nn.Module:
    return nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Dropout(0.1), nn.Linear(8, 2))


# --- Refused before the training -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"model": lambda x: x}, r"expected a PyTorch module as model, got function\."),
        ({"model": "net"}, r"expected a PyTorch module as model, got str\."),
        ({"optimizer": torch.optim.SGD}, r"got the class SGD\. Make one of it first\."),
        ({"optimizer": None}, r"expected an optimizer of torch\.optim, got NoneType\."),
        ({"optimizer": "adam"}, r"expected an optimizer of torch\.optim, got str\."),
        ({"loss": nn.MSELoss}, r"got the class MSELoss\. Write MSELoss\(\)\."),
        ({"loss": 0.5}, r"loss: expected a module that computes the loss, got float\."),
        ({"loss": torch.tensor(0.5)}, r"loss: expected a module that computes the loss, got Tensor\."),
        ({"on_nonfinite": "stop"}, r"expected 'tell', 'skip' or 'raise', got 'stop'\."),
        ({"every": 0}, r"every: expected a whole number of at least 1, got 0\."),
        ({"every": 2.5}, r"every: expected a whole number of at least 1, got 2\.5\."),
        ({"every": True}, r"every: expected a whole number of at least 1, got True\."),
    ],
)
def test_an_argument_that_cannot_be_meant_is_refused(change, words):
    """In one sentence, before any hook is put up."""
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    given = {"model": model, "optimizer": optimizer, "verbose": False, **change}
    with pytest.raises(ModelError, match=words):
        assay.watch(given.pop("model"), given.pop("optimizer"), **given)
    assert not optimizer._optimizer_step_pre_hooks


def test_model_and_optimizer_in_the_wrong_order_are_told():
    """As what they are."""
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with pytest.raises(ModelError, match=r"Write watch\(model, optimizer\)"):
        assay.watch(optimizer, model)


def test_a_folder_of_something_else_is_refused(tmp_path):
    """A study's results, files of the user's own, and a file."""
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    study, own, file = tmp_path / "study", tmp_path / "own", tmp_path / "file"
    study.mkdir()
    (study / "manifest.json").write_text("{}")
    own.mkdir()
    (own / "notes.txt").write_text("mine")
    file.write_text("mine")
    for folder, words in ((study, "results of a study"), (own, "found notes.txt"), (file, "found a file")):
        with pytest.raises(StoreError, match=words):
            assay.watch(model, optimizer, directory=folder)
    assert (own / "notes.txt").read_text() == "mine"
    assert not optimizer._optimizer_step_pre_hooks


# --- Loops that go on as they would have -----------------------------------------------------------------------------

Watching = Callable[..., Any]
Case = Callable[[Watching], list[Any]]
CASES: dict[str, Case] = {}


def case(function: Case) -> Case:
    """A loop that calls ``watch(model, optimizer, loss)`` or not, and returns what it ends with."""
    CASES[function.__name__] = function
    return function


def state(*models: nn.Module) -> list[Any]:
    return [value.clone() for model in models for value in model.state_dict().values()]


def plain_loop(watch: Watching, model: nn.Module, loss: Any = None, *, x: Any = X, **options: Any) -> list[Any]:
    """Nine steps of SGD; `loss` goes to the watcher, a cross-entropy is learnt."""
    optimizer = options.get("optimizer", lambda given: torch.optim.SGD(given, lr=0.1))(model.parameters())
    watch(model, optimizer, loss)
    learnt = loss if loss is not None else functional.cross_entropy
    for step in range(STEPS):
        if "each" in options:
            options["each"](model, optimizer, step)
        optimizer.zero_grad()
        learnt(options.get("output", lambda given: given)(model(x)), Y).backward()
        optimizer.step()
    return state(model)


@case
def no_loss(watch):
    return plain_loop(watch, network())


@case
def a_loss_that_is_a_function(watch):
    return plain_loop(watch, network(), functional.cross_entropy)


@case
def a_loss_that_is_never_called(watch):
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    watch(model, optimizer, nn.MSELoss())
    for _ in range(STEPS):
        optimizer.zero_grad()
        functional.cross_entropy(model(X), Y).backward()
        optimizer.step()
    return state(model)


@case
def losses_of_single_examples(watch):
    model, loss = network(), nn.CrossEntropyLoss(reduction="none")
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    watch(model, optimizer, loss)
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss(model(X), Y).mean().backward()
        optimizer.step()
    return state(model)


@case
def wrong_shapes(watch):
    model, loss = nn.Linear(6, 1), nn.L1Loss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    watch(model, optimizer, loss)
    import warnings

    for _ in range(STEPS):
        optimizer.zero_grad()
        with warnings.catch_warnings():  # PyTorch's own, about the shapes
            warnings.simplefilter("ignore")
            loss(model(X), Y.float()).backward()
        optimizer.step()
    return state(model)


@case
def an_exhausted_generator_of_batches(watch):
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    watch(model, optimizer)
    batches = iter([])
    for _ in batches:
        optimizer.step()
    return state(model)


@case
def another_model_than_the_one_that_is_trained(watch):
    trained, other = network(), network()
    optimizer = torch.optim.SGD(trained.parameters(), lr=0.1)
    watch(other, optimizer)
    for _ in range(STEPS):
        optimizer.zero_grad()
        functional.cross_entropy(trained(X), Y).backward()
        optimizer.step()
    return state(trained, other)


@case
def a_model_without_numbers_on_the_meta_device(watch):
    model = network()
    watch(network().to("meta"), torch.optim.SGD(model.parameters(), lr=0.1))
    return plain_loop(lambda *_: None, model)


@case
def parameters_of_two_types(watch):
    class Mixed(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.last = nn.Linear(6, 8).double(), nn.Linear(8, 2).bfloat16()

        def forward(self, x):
            return self.last(torch.tanh(self.first(x.double())).bfloat16()).float()

    return plain_loop(watch, Mixed())


@case
def a_model_with_hooks_of_its_own(watch):
    model, seen = network(), []
    model[0].register_forward_hook(lambda module, args, output: output * 2)
    model[3].register_full_backward_hook(lambda module, given, gone: seen.append(float(gone[0].abs().sum())))
    model[3].weight.register_hook(lambda gradient: gradient * 0.5)
    return [*plain_loop(watch, model), torch.tensor(seen)]


@case
def two_watchers_of_one_optimizer(watch):
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    watch(model, optimizer)
    watch(model, optimizer)
    for _ in range(STEPS):
        optimizer.zero_grad()
        functional.cross_entropy(model(X), Y).backward()
        optimizer.step()
    return state(model)


@case
def two_optimizers_of_one_model(watch):
    model = network()
    first = torch.optim.SGD(model[0].parameters(), lr=0.1)
    second = torch.optim.Adam(model[3].parameters(), lr=0.1)
    watch(model, first)
    watch(model, second)
    for _ in range(STEPS):
        first.zero_grad()
        second.zero_grad()
        functional.cross_entropy(model(X), Y).backward()
        first.step()
        second.step()
    return state(model)


@case
def an_exception_that_the_loop_catches(watch):
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    watch(model, optimizer)
    for step in range(STEPS):
        try:
            optimizer.zero_grad()
            loss = functional.cross_entropy(model(X), Y)
            if step % 2:
                raise KeyError("the user's own")
            loss.backward()
            optimizer.step()
        except KeyError:
            continue
    return state(model)


@case
def an_exception_in_the_optimizer(watch):
    class Failing(torch.optim.SGD):
        def step(self, closure=None):
            super().step(closure)
            self.made = getattr(self, "made", 0) + 1
            if self.made == 2:
                raise KeyError("the user's own")

    model = network()
    optimizer = Failing(model.parameters(), lr=0.1)
    watch(model, optimizer)
    for _ in range(STEPS):
        optimizer.zero_grad()
        functional.cross_entropy(model(X), Y).backward()
        try:
            optimizer.step()
        except KeyError:
            continue
    return state(model)


@case
def a_copy_and_a_file_at_every_step(watch):
    copies = []

    def keep(model, optimizer, step):
        copies.append(copy.deepcopy(model))
        pickle.loads(pickle.dumps(model))
        copy.deepcopy(optimizer.state_dict())
        copies[-1](X).sum().backward()

    return [*plain_loop(watch, network(), each=keep), *state(*copies)]


@case
def a_copy_of_the_optimizer(watch):
    def keep(model, optimizer, step):
        pickle.loads(pickle.dumps(optimizer))
        copy.deepcopy(optimizer)

    return plain_loop(watch, network(), each=keep)


@case
def frozen_and_unused_layers(watch):
    class Part(nn.Module):
        def __init__(self):
            super().__init__()
            self.frozen, self.unused, self.last = nn.Linear(6, 6), nn.Linear(6, 6), nn.Linear(6, 2)
            self.frozen.requires_grad_(False)

        def forward(self, x):
            return self.last(torch.tanh(self.frozen(x)))

    return plain_loop(watch, Part())


@case
def layers_that_are_thawed_on_the_way(watch):
    def thaw(model, optimizer, step):
        model[0].requires_grad_(step >= 4)
        if step == 5:
            model.append(nn.Identity())
            optimizer.add_param_group({"params": [nn.Parameter(torch.ones(3))], "lr": 0.5})

    return plain_loop(watch, network(), each=thaw)


@case
def a_layer_that_is_replaced_on_the_way(watch):
    def replace(model, optimizer, step):
        if step == 3:
            torch.manual_seed(7)
            model[3] = nn.Linear(8, 2)

    return plain_loop(watch, network(), each=replace)


@case
def lazy_layers(watch):
    model = nn.Sequential(nn.LazyLinear(8), nn.ReLU(), nn.LazyLinear(2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    watch(model, optimizer)
    for _ in range(STEPS):
        optimizer.zero_grad()
        functional.cross_entropy(model(X), Y).backward()
        optimizer.step()
    return state(model)


class Answers(nn.Module):
    """A model that answers in another form than a tensor."""

    def __init__(self, form: Callable[[Any], Any]) -> None:
        super().__init__()
        self.layer, self.form = nn.Linear(6, 2), form

    def forward(self, x):
        return self.form(self.layer(x))


@case
def outputs_in_a_mapping(watch):
    return plain_loop(
        watch, Answers(lambda z: {"logits": z, "loss": None, "n": 3}), output=lambda given: given["logits"]
    )


@case
def outputs_in_a_tuple_of_lists(watch):
    return plain_loop(watch, Answers(lambda z: ([z, "word"], None)), output=lambda given: given[0][0])


@case
def outputs_in_an_object_of_its_own(watch):
    class Answer:
        def __init__(self, z):
            self.z = z

    return plain_loop(watch, Answers(Answer), output=lambda given: given.z)


@case
def an_output_that_is_written_over(watch):
    return plain_loop(watch, network(), output=lambda given: given.mul_(2).relu_())


@case
def a_model_that_is_called_several_times(watch):
    return plain_loop(watch, network(), each=lambda model, *_: model(X[:1]), output=lambda given: given)


@case
def parts_of_the_model_that_are_called_alone(watch):
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    watch(model, optimizer)
    for _ in range(STEPS):
        optimizer.zero_grad()
        functional.cross_entropy(model[3](torch.relu(model[0](X))), Y).backward()
        optimizer.step()
    return state(model)


@case
def sparse_gradients(watch):
    class Words(nn.Module):
        def __init__(self):
            super().__init__()
            self.words = nn.Embedding(20, 2, sparse=True)

        def forward(self, x):
            return self.words(x).sum(dim=1)

    x = torch.arange(64).remainder(20)[:, None]
    return plain_loop(watch, Words(), x=x, optimizer=lambda given: torch.optim.SparseAdam(list(given), lr=0.1))


@case
def a_recurrent_network(watch):
    class Sequence(nn.Module):
        def __init__(self):
            super().__init__()
            self.memory, self.last = nn.LSTM(1, 4, batch_first=True), nn.Linear(4, 2)

        def forward(self, x):
            packed = nn.utils.rnn.pack_padded_sequence(x[:, :, None], torch.full((len(x),), 6), batch_first=True)
            return self.last(self.memory(packed)[1][0][-1])

    return plain_loop(watch, Sequence())


@case
def attention(watch):
    class Attention(nn.Module):
        def __init__(self):
            super().__init__()
            self.attention, self.last = nn.MultiheadAttention(4, 2, batch_first=True), nn.Linear(4, 2)

        def forward(self, x):
            x = x[:, :4].reshape(16, 4, 4)
            return self.last(self.attention(x, x, x)[0].reshape(64, 4))

    return plain_loop(watch, Attention())


@case
def shared_weights(watch):
    model = nn.Sequential(nn.Linear(6, 6), nn.Tanh(), nn.Linear(6, 6), nn.Linear(6, 2))
    model[2].weight = model[0].weight
    return plain_loop(watch, model)


@case
def weights_under_a_parametrization(watch):
    return plain_loop(
        watch, nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Linear(6, 4)), nn.Tanh(), nn.Linear(4, 2))
    )


@case
def empty_and_single_parameters(watch):
    class Odd(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(6, 2)
            self.none, self.one = nn.Parameter(torch.zeros(0, 3)), nn.Parameter(torch.tensor(1.0))

        def forward(self, x):
            return self.layer(x) * self.one + self.none.sum()

    return plain_loop(watch, Odd())


@case
def complex_parameters(watch):
    class Waves(nn.Module):
        def __init__(self):
            super().__init__()
            self.waves = nn.Parameter(torch.randn(6, 2, dtype=torch.complex64))

        def forward(self, x):
            return (x.to(torch.complex64) @ self.waves).abs()

    return plain_loop(watch, Waves())


@case
def an_optimizer_with_closures(watch):
    model = nn.Linear(6, 2)
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=3)
    watch(model, optimizer)

    def closure():
        optimizer.zero_grad()
        loss = functional.cross_entropy(model(X), Y)
        loss.backward()
        return loss

    for _ in range(4):
        optimizer.step(closure)
    return state(model)


@case
def a_closure_that_returns_nothing_by_name(watch):
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    watch(model, optimizer)

    def closure():
        optimizer.zero_grad()
        functional.cross_entropy(model(X), Y).backward()

    for _ in range(STEPS):
        with torch.enable_grad():
            optimizer.step(closure=closure)
    return state(model)


@case
def an_optimizer_of_its_own_without_a_rate(watch):
    class Signs(torch.optim.Optimizer):
        def __init__(self, params):
            super().__init__(params, {})

        @torch.no_grad()
        def step(self):
            for group in self.param_groups:
                for parameter in group["params"]:
                    parameter.sub_(0.01 * parameter.grad.sign())

    return plain_loop(watch, network(), optimizer=Signs)


@case
def an_optimizer_over_an_optimizer(watch):
    class Wrapper:
        def __init__(self, optimizer):
            self.optimizer = optimizer

        def __getattr__(self, name):
            return getattr(self.optimizer, name)

    model = network()
    optimizer = Wrapper(torch.optim.SGD(model.parameters(), lr=0.1))
    watch(model, optimizer)
    for _ in range(STEPS):
        optimizer.zero_grad()
        functional.cross_entropy(model(X), Y).backward()
        optimizer.step()
    return state(model)


@case
def a_step_without_gradients_and_two_steps_for_one(watch):
    model = network()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    watch(model, optimizer)
    optimizer.step()
    for _ in range(STEPS):
        optimizer.zero_grad()
        functional.cross_entropy(model(X), Y).backward()
        optimizer.step()
        optimizer.step()
    return state(model)


@case
def gradients_that_are_set_by_hand(watch):
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    watch(model, optimizer)
    for _ in range(STEPS):
        loss = functional.cross_entropy(model(X), Y)
        found = torch.autograd.grad(loss, list(model.parameters()))
        for parameter, gradient in zip(model.parameters(), found, strict=True):
            parameter.grad = gradient
        optimizer.step()
    return state(model)


@case
def a_second_backward_pass_and_a_slope_of_slopes(watch):
    model = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    watch(model, optimizer)
    for _ in range(STEPS):
        optimizer.zero_grad()
        x = X.clone().requires_grad_()
        loss = functional.cross_entropy(model(x), Y)
        loss.backward(retain_graph=True)
        (slope,) = torch.autograd.grad(loss, x, create_graph=True)
        slope.square().sum().backward()
        optimizer.step()
    return state(model)


@case
def gradients_of_single_examples_by_transforms(watch):
    model = nn.Sequential(nn.Linear(6, 4), nn.Tanh(), nn.Linear(4, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    watch(model, optimizer)

    def loss(parameters, x, y):
        return functional.cross_entropy(torch.func.functional_call(model, parameters, (x[None],)), y[None])

    for _ in range(STEPS):
        held = {name: parameter.detach() for name, parameter in model.named_parameters()}
        found = torch.func.vmap(torch.func.grad(loss), in_dims=(None, 0, 0))(held, X, Y)
        for name, parameter in model.named_parameters():
            parameter.grad = found[name].mean(dim=0)
        optimizer.step()
    return state(model)


@case
def validations_in_every_manner(watch):
    def validate(model, optimizer, step):
        model.eval()
        with torch.no_grad():
            model(X)
        with torch.inference_mode():
            model(X)
        model.train()

    return plain_loop(watch, network(), nn.CrossEntropyLoss(), each=validate)


@case
def a_model_that_is_scripted_and_traced(watch):
    def compile_it(model, optimizer, step):
        if step == 4:
            import warnings

            with warnings.catch_warnings():  # PyTorch's own: both are old
                warnings.simplefilter("ignore")
                model.eval()
                torch.jit.trace(model, X)(X)
                model.train()

    return plain_loop(watch, network(), each=compile_it)


@case
def a_loop_in_a_thread(watch):
    found = []

    def train():
        torch.manual_seed(5)
        found.extend(plain_loop(watch, network()))

    thread = threading.Thread(target=train)
    thread.start()
    thread.join()
    return found


@case
def a_schedule_over_the_optimizer(watch):
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 / (1 + step))
    watch(model, optimizer)
    for _ in range(STEPS):
        optimizer.zero_grad()
        functional.cross_entropy(model(X), Y).backward()
        optimizer.step()
        schedule.step()
    return state(model)


@case
def a_rate_that_is_a_tensor(watch):
    return plain_loop(
        watch, network(), optimizer=lambda given: torch.optim.Adam(given, lr=torch.tensor(0.1), foreach=False)
    )


@case
def a_model_that_is_gone_before_its_optimizer(watch):
    model = network()
    parameters = list(model.parameters())
    optimizer = torch.optim.SGD(parameters, lr=0.1)
    watch(model, optimizer)
    del model
    for _ in range(STEPS):
        optimizer.zero_grad()
        sum(parameter.square().sum() for parameter in parameters).backward()
        optimizer.step()
    return [parameter.detach() for parameter in parameters]


@case
def a_watcher_that_ends_in_the_middle_of_a_step(watch):
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    watcher = watch(model, optimizer)
    for step in range(STEPS):
        optimizer.zero_grad()
        loss = functional.cross_entropy(model(X), Y)
        if step == 3 and watcher is not None:
            watcher.close()
            watcher.loss(loss)
        loss.backward()
        optimizer.step()
    return state(model)


@pytest.mark.parametrize("name", CASES)
def test_a_loop_ends_as_it_would_have(name):
    """With the same numbers to the bit, and without a word of Python's."""
    ends = []
    for is_watched in (False, True):
        watchers = []

        def watch(model, optimizer, loss=None, is_watched=is_watched, watchers=watchers):
            if is_watched:
                watchers.append(assay.watch(model, optimizer, loss, every=1, verbose=False))
                return watchers[-1]
            return None

        torch.manual_seed(1)
        ends.append(CASES[name](watch))
        for watcher in watchers:
            watcher.close()
            assert not any("gave up" in remark for remark in watcher.remarks), watcher.remarks
    assert len(ends[0]) == len(ends[1])
    for one, other in zip(*ends, strict=True):
        assert torch.equal(one, other)


def test_there_are_forty_of_them():
    """So many uses are tried."""
    assert len(CASES) >= 40


# --- What is told ----------------------------------------------------------------------------------------------------


def watched(case: Case, **options: Any) -> Any:
    watchers = []

    def watch(model, optimizer, loss=None):
        watchers.append(assay.watch(model, optimizer, loss, every=1, **options))
        return watchers[-1]

    case(watch)
    watchers[-1].close()
    return watchers[-1]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a_loss_that_is_a_function", "PyTorch has no hook on a loss that is a function. Write watch.loss(value)"),
        ("wrong_shapes", "broadcast targets: The loss compares outputs of shape (64, 1) with targets of shape (64,)."),
        ("an_exhausted_generator_of_batches", "the optimizer has made no step, so there was nothing to see."),
        ("another_model_than_the_one_that_is_trained", "Is it the model that is trained?"),
        ("two_watchers_of_one_optimizer", "watched already; the earlier watcher ends here."),
    ],
)
def test_what_is_unusual_is_told_in_a_sentence(name, words, capsys):
    """On stderr, and for programs in `remarks` or `findings`."""
    watched(CASES[name])
    assert words in capsys.readouterr().err


def test_an_error_of_the_watcher_ends_the_watching_alone(monkeypatch, capsys):
    """In a sentence; no hook stays behind, and the weights are those without it."""
    from assay.models.parameter_look import ParameterLook

    def broken(self):
        raise ZeroDivisionError("of the watcher's own")

    torch.manual_seed(1)
    alone = CASES["no_loss"](lambda *_: None)
    monkeypatch.setattr(ParameterLook, "before_update", broken)
    torch.manual_seed(1)
    models = []

    def watch(model, optimizer, loss=None):
        models.append(model)
        return assay.watch(model, optimizer, loss)

    for one, other in zip(alone, CASES["no_loss"](watch), strict=True):
        assert torch.equal(one, other)
    told = capsys.readouterr().err
    assert "The watcher gave up at step 1; the training goes on. ZeroDivisionError: of the watcher's own" in told
    assert not any(module._forward_hooks for module in models[0].modules())


def test_an_exception_in_the_loop_goes_through(capsys):
    """The user's own error, and after it the line at the end."""
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with pytest.raises(KeyError, match="mine"), assay.watch(model, optimizer, every=1):
        for step in range(3):
            optimizer.zero_grad()
            functional.cross_entropy(model(X), Y).backward()
            optimizer.step()
            if step == 1:
                raise KeyError("mine")
    assert "2 steps" in capsys.readouterr().err


def test_a_folder_that_goes_away_is_told(tmp_path, capsys):
    """The training goes on; so does one whose folder cannot be made."""
    folder = tmp_path / "run"
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    watch = assay.watch(model, optimizer, directory=folder, every=1)
    for _ in range(3):
        optimizer.zero_grad()
        functional.cross_entropy(model(X), Y).backward()
        optimizer.step()
    shutil.rmtree(folder)
    watch.close()
    assert "The end was not written." in capsys.readouterr().err
    (tmp_path / "file").write_text("")
    watch = assay.watch(model, optimizer, directory=tmp_path / "file" / "run")
    assert "Nothing is written." in capsys.readouterr().err
    watch.close()


def test_a_closed_stderr_is_no_matter(monkeypatch):
    """Nor is none at all."""
    closed = io.StringIO()
    closed.close()
    for stream in (closed, None):
        monkeypatch.setattr(sys, "stderr", stream)
        watched(CASES["wrong_shapes"], verbose=True)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this platform")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning", "ignore:os.fork:RuntimeWarning")
def test_a_fork_writes_and_prints_nothing(tmp_path, capfd):
    """A child that goes on training and closes leaves the folder to its parent."""
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    watch = assay.watch(model, optimizer, directory=tmp_path / "run", every=1)
    child = os.fork()
    if child == 0:
        try:
            watch.close()
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert "no step" not in capfd.readouterr().err
    assert not list((tmp_path / "run" / "trials").iterdir())
    watch.close()
    assert list((tmp_path / "run" / "trials").iterdir())
