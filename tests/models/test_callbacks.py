"""The callbacks for other trainers; `validation/callbacks.py` tries them on the real packages."""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType, SimpleNamespace

import pytest

torch = pytest.importorskip("torch")

from assay.errors import MissingExtra  # noqa: E402
from assay.models.callbacks import lightning_callback, trainer_callback  # noqa: E402


@pytest.fixture
def stand_ins(monkeypatch):
    """Modules with nothing but the class that a callback has to be of."""
    for name, base in (("lightning.pytorch", "Callback"), ("transformers", "TrainerCallback")):
        module = ModuleType(name)
        setattr(module, base, type(base, (), {}))
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setitem(sys.modules, "lightning", ModuleType("lightning"))


def trained(optimizer, model, after):
    for _ in range(4):
        optimizer.zero_grad()
        model(torch.ones(2, 3)).sum().backward()
        optimizer.step()
        after()


def test_lightnings_callback_watches_and_can_stop(stand_ins):
    """The first optimizer; at a rate of 0 it asks the trainer to stop."""
    model = torch.nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    trainer = SimpleNamespace(optimizers=[optimizer], should_stop=False)
    callback = lightning_callback(stop=True, every=1, verbose=False)
    assert isinstance(callback, sys.modules["lightning.pytorch"].Callback)
    callback.on_train_start(trainer, model)
    trained(optimizer, model, lambda: callback.on_train_batch_end(trainer, model, None, None, 0))
    callback.on_train_end(trainer, model)
    assert trainer.should_stop
    assert [finding.symptom for finding in callback.watch.findings] == ["no_update"]
    assert not optimizer._optimizer_step_pre_hooks


def test_the_trainers_callback_watches_and_stops_only_if_asked(stand_ins):
    """Within the wrapper that Accelerate puts around an optimizer."""
    model = torch.nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    wrapper = SimpleNamespace(optimizer=optimizer)
    for stop in (False, True):
        control = SimpleNamespace(should_training_stop=False)
        callback = trainer_callback(stop=stop, every=1, verbose=False)
        callback.on_train_begin(None, None, control, model=model, optimizer=wrapper)
        trained(optimizer, model, lambda callback=callback, control=control: callback.on_step_end(None, None, control))
        callback.on_train_end(None, None, control)
        assert control.should_training_stop == stop
        assert callback.watch.step == 4


@pytest.mark.parametrize(("make", "name"), [(lightning_callback, "lightning"), (trainer_callback, "transformers")])
def test_a_package_that_is_missing_is_told_with_the_line_that_installs_it(make, name):
    """Neither is one of assay's own."""
    if importlib.util.find_spec(name):
        pytest.skip(f"{name} is installed")
    with pytest.raises(MissingExtra, match=f"pip install {name}"):
        make()
