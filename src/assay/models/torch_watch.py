"""Watch any PyTorch training loop, in one line.

::

    watch = assay.watch(model, optimizer, criterion)
    for x, y in batches:
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
    watch.findings
"""

from __future__ import annotations

import math
import os
import sys
import time
import weakref
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from assay.diagnosis.finding import Finding, Verdict
from assay.diagnosis.loop import LoopFacts, NonfiniteFacts
from assay.diagnosis.rulebook import rule_book
from assay.diagnosis.watched import learning_findings, loop_findings, loop_outcome
from assay.diagnosis.wording import percent_text
from assay.errors import AssayError, MissingExtra, NonfiniteError
from assay.models.their_code import one_line

try:
    import torch
except ImportError:
    raise MissingExtra("PyTorch is not installed. Install it with: pip install 'assay[torch]'") from None

from assay.models.loop_hooks import Tap, inner_module, is_capturing, is_compiled, is_in_backward
from assay.models.loop_look import Look
from assay.models.loop_record import LoopRecord, modes_of
from assay.models.loss_at_chance import ChanceLoss
from assay.models.nonfinite_search import Call, first_nonfinite
from assay.models.parameter_look import (
    carried_over,
    clipping_norms,
    nonfinite_gradients,
    parameter_facts,
)
from assay.models.step_guard import OnNonfinite, StepGuard, number_of
from assay.models.torch_steps import rates_of
from assay.models.watch_arguments import about, blind_text, broadcast_shapes, check_arguments, plain_optimizer, rank
from assay.models.watch_folder import WatchFolder, check_may_be_written

if TYPE_CHECKING:
    import polars as pl

Value = TypeVar("Value")

FIRST_LOOKS = tuple(2**power for power in range(8))
"""1, 2, 4, … 128: most of what goes wrong does so early."""
THEN_EVERY = 100
WRITE_SECONDS = 10.0
"""Tables are written at the first look after so long, and at the end."""
MOST_LOSSES = 63
"""Of one step, beside the last."""
MOST_SHARE = 0.01
"""Of the time of the training: by default, later looks wait where they would cost more."""

_watchers: weakref.WeakKeyDictionary[torch.optim.Optimizer, TorchWatch] = weakref.WeakKeyDictionary()


def watch(
    model: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    loss: Any = None,
    *,
    on_nonfinite: OnNonfinite = "tell",
    every: int | None = None,
    directory: str | Path | None = None,
    scaler: Any = None,
    verbose: bool = True,
) -> TorchWatch:
    """Watch a PyTorch training loop: one line before it, whatever it looks like.

    The training ends with the same weights as without it, to the bit. At steps 1, 2, 4, … 128 and then every hundredth
    it looks at outputs, gradients, parameters and updates; between them it counts.

    Parameters
    ----------
    model : torch.nn.Module
        Compiled, wrapped for several devices, or plain.
    optimizer : torch.optim.Optimizer
        Its `step` is a step.
    loss : torch.nn.Module, optional
        The module that computes the loss, so that its value is known, and what a constant output would have. Without
        one, give the loss by ``watch.loss(value)``; else it is not known.
    on_nonfinite : {"tell", "skip", "raise"}
        What is done before a step whose loss or gradients are not finite: a sentence, on looks and where the loss lies
        on the CPU; or, with every gradient looked at before each step, leaving the step out, or `NonfiniteError`.
    every : int, optional
        Look at the first step and at every so manieth, whatever it costs.
    directory : path, optional
        Where tables and findings are written, for ``assay show``, ``report`` and ``export``.
    scaler : torch.amp.GradScaler, optional
        Of automatic mixed precision, so that gradients are told in their own size.
    verbose : bool
        Tell findings on stderr, once each, and a line at the end.

    Returns
    -------
    TorchWatch
        It need not be kept. It ends with the optimizer or the program; `close` ends it at once.

    Raises
    ------
    ModelError
        If an argument is not what it has to be.
    StoreError
        If the directory holds something else.
    """
    return TorchWatch(
        model,
        plain_optimizer(optimizer),
        loss,
        on_nonfinite=on_nonfinite,
        every=every,
        directory=directory,
        scaler=scaler,
        verbose=verbose,
    )


class TorchWatch:
    """Watches one loop; made by `watch`, whose arguments it takes.

    Attributes
    ----------
    step : int
        Steps that the optimizer has made.
    findings : tuple of Finding
        What is wrong with the loop so far.
    remarks : list of str
        What was assumed, and what could not be seen.
    seconds : float
        Time that watching took.
    """

    def __init__(
        self,
        model: torch.nn.Module,
        optimizer: torch.optim.Optimizer,
        loss: Any,
        *,
        on_nonfinite: OnNonfinite,
        every: int | None,
        directory: str | Path | None,
        scaler: Any,
        verbose: bool,
    ) -> None:
        check_arguments(model, optimizer, loss, on_nonfinite, every)
        self.step, self.seconds = 0, 0.0
        self.findings: tuple[Finding, ...] = ()
        self.remarks: list[str] = []
        self._model = weakref.ref(model)  # a watcher keeps neither of them alive
        self._every, self._scaler, self._verbose = every, scaler, verbose
        self._record = LoopRecord(type(inner_module(model)).__name__)
        self._chance = ChanceLoss(loss)
        self._losses: list[torch.Tensor] = []
        self._call: Call | None = None
        self._told: set[str] = set()
        self._process, self._rank = os.getpid(), rank()
        self._guard = StepGuard(on_nonfinite, is_one_of_many=self._rank is not None)
        self._is_open = True
        self._began = self._last = self._written = time.perf_counter()
        self._unwritten = 1
        self._last_loss: tuple[int, torch.Tensor] | None = None
        self._look: Look | None = None
        self._folder = self._open_folder(directory, optimizer)
        earlier = _watchers.get(optimizer)
        if earlier is not None and earlier._is_open:
            self._say("This optimizer was being watched already; the earlier watcher ends here.")
            earlier.close()
        _watchers[optimizer] = self
        self._handles = [
            optimizer.register_step_pre_hook(Tap(self, self._before_step)),
            optimizer.register_step_post_hook(Tap(self, self._after_step)),
        ]
        if isinstance(loss, torch.nn.Module):
            self._handles.append(loss.register_forward_hook(Tap(self, self._after_loss)))
        elif loss is not None:
            self._remark("PyTorch has no hook on a loss that is a function. Write watch.loss(value), or give a module.")
        if self._guard.is_careful and (hook := self._hook_on_call(model)) is not None:
            self._handles.append(hook)
        rule_book()  # read it before the training
        self._begin_look(model, optimizer)
        weakref.finalize(optimizer, self.close)

    # --- What is seen of each step -----------------------------------------------------------------------------------

    def loss(self, value: Value) -> Value:
        """Take note of the loss of this step, where no module computes it.

        Parameters
        ----------
        value : tensor or float

        Returns
        -------
        The same, so that ``watch.loss(value).backward()`` can be written.
        """
        if self._is_open and isinstance(value, torch.Tensor):
            self._losses.append(value.detach())
        elif self._is_open and isinstance(value, int | float):
            self._losses.append(torch.tensor(float(value)))
        elif self._is_open:
            self._remark(f"watch.loss: expected a tensor or a number, got {type(value).__name__}.")
        return value

    def _after_loss(self, module: torch.nn.Module, args: Any, output: Any) -> None:
        if not isinstance(output, torch.Tensor) or not output.requires_grad or is_in_backward():
            return
        if self._look is None:  # a hook on the loss would take more time than all else that is done between looks
            self._take_loss(module, output.detach(), None, None)
            return
        are_both = len(args) == 2 and all(isinstance(one, torch.Tensor) for one in args)
        compared = tuple(one.detach() for one in args) if are_both else None
        # It counts once its backward pass begins: that of a validation has none.
        output.register_hook(Tap(self, partial(self._take_loss, module, output.detach(), compared)))

    def _take_loss(self, module: torch.nn.Module, loss: torch.Tensor, compared: Any, gradient: Any) -> None:
        self._losses = [*self._losses[-MOST_LOSSES:], loss]
        if compared is not None:
            self._chance.take(*compared)
            self._record.facts = replace(self._record.facts, broadcast=broadcast_shapes(module, *compared))

    def _keep_call(self, module: torch.nn.Module, args: Any, kwargs: Any) -> None:
        if torch.is_grad_enabled() and not is_in_backward():
            self._call = Call.now(args, kwargs)

    def _before_step(self, optimizer: torch.optim.Optimizer, args: Any, kwargs: Any) -> Any:
        """Look before the update; where the optimizer computes the gradients itself, behind its closure."""
        self.step += 1
        if self.step == 1:
            self._began = time.perf_counter()
        if is_capturing():
            return None
        closure = args[1] if len(args) > 1 else kwargs.get("closure")
        if not callable(closure):
            self._before_update(optimizer)
            return None
        seen = partial(self._closure, closure, optimizer)
        return ((args[0], seen, *args[2:]), kwargs) if len(args) > 1 else (args, {**kwargs, "closure": seen})

    def _closure(self, closure: Callable[[], Value], optimizer: torch.optim.Optimizer) -> Value:
        """The user's closure, and a look before the update that follows it."""
        value = closure()
        Tap(self, self._after_closure)(optimizer, value)
        return value

    def _after_closure(self, optimizer: torch.optim.Optimizer, value: Any) -> None:
        if isinstance(value, torch.Tensor) and not self._losses:
            self._losses.append(value.detach())
        self._before_update(optimizer)

    def _before_update(self, optimizer: torch.optim.Optimizer) -> None:
        model = self._model()
        if model is None:
            return
        if self._look is not None:
            self._look.before_update()
        is_told = not self._guard.is_careful and self._record.facts.nonfinite is not None
        if not is_told and not self._guard.is_sound(optimizer, self._look, self._losses):
            self._stop_step(model, optimizer)

    def _after_step(self, optimizer: torch.optim.Optimizer, args: Any, kwargs: Any) -> None:
        self._last = time.perf_counter()
        model = self._model()
        was_left_out = self._guard.restore()
        look, self._look = self._look, None
        if look is not None:
            if model is None or was_left_out or not look.has_seen_gradients:  # nothing was done at this step
                look.close()
            else:
                self._end_look(look, model, optimizer)
        if self._losses:
            self._last_loss = self.step, self._losses[-1]
        self._losses, self._call = [], None
        if model is not None and self.step + 1 >= self._next_look:
            self._begin_look(model, optimizer)

    # --- Looks -------------------------------------------------------------------------------------------------------

    def _begin_look(self, model: torch.nn.Module, optimizer: torch.optim.Optimizer) -> None:
        """Put up the hooks for the next step, unless it has to wait."""
        self._next_look = self._look_after(self.step + 1)
        elapsed = self._last - self._began
        is_late = self.step >= FIRST_LOOKS[-1]
        if self._every is None and is_late and self.seconds > MOST_SHARE * elapsed:
            return
        hooks = [] if self._guard.is_careful else [self._hook_on_call(model)]
        self._look = Look(self, model, optimizer, [hook for hook in hooks if hook is not None])

    def _hook_on_call(self, model: torch.nn.Module) -> Any:
        """Keep what the model is called with; None where a hook would be compiled."""
        top = model if is_compiled(model) else inner_module(model)
        if getattr(top, "_compiled_call_impl", None) is not None:
            return None
        return top.register_forward_pre_hook(Tap(self, self._keep_call), with_kwargs=True)

    def _look_after(self, step: int) -> int:
        """The first step behind this one that is to be looked at."""
        if self._every is not None:
            return (step // self._every + 1) * self._every
        later = [look for look in FIRST_LOOKS if look > step]
        return later[0] if later else (step // THEN_EVERY + 1) * THEN_EVERY

    def _end_look(self, look: Look, model: torch.nn.Module, optimizer: torch.optim.Optimizer) -> None:
        """Take in what was measured, judge, tell and write."""
        look.after_update()
        loss = self._loss_of_step(look)
        scale = None if self._scaler is None else float(self._scaler.get_scale())
        before = {one.name: one for one in self._record.facts.parameters}
        self._record.take(
            self.step,
            numbers=look.numbers,
            layers=look.layers.order,
            loss=loss,
            parameters=parameter_facts(model, optimizer, look.numbers, before),
            carried_over=carried_over(look.parameters, look.numbers),
            clipping=self._clipping(look, scale),
            modes=modes_of(model),
            is_training=inner_module(model).training,
            rates=rates_of(optimizer),
            loss_scale=scale,
        )
        if not look.layers.order:
            self._remark(blind_text(model))
        self._judge()
        if time.perf_counter() - self._written > WRITE_SECONDS:
            self._write()

    def _write(self) -> None:
        """Keep what was not written yet."""
        self._written = time.perf_counter()
        first, self._unwritten = self._unwritten, self.step + 1
        if self._folder is not None and os.getpid() == self._process:
            history, signals = self._record.history(first), self._record.signals(first)
            if len(history) or len(signals):
                self._folder.write(first, history=history, signals=signals)
                self._folder.note(layers=self._record.layers)

    def _loss_of_step(self, look: Look) -> float | None:
        """The mean over the backward passes of the step."""
        losses = self._losses or ([] if look.layers.loss is None else [look.layers.loss])
        return float(torch.stack([loss.float().mean() for loss in losses]).mean()) if losses else None

    def _clipping(self, look: Look, scale: float | None) -> tuple[float, float] | None:
        """Norms before and after; unknown where they were scaled by a scaler that was not given, or are of one rank."""
        norms = clipping_norms(look.numbers)
        is_scaled = self._call is not None and self._call.is_half and scale is None
        if norms is None or is_scaled or self._rank is not None:
            return None
        return norms[0] / (scale or 1.0), norms[1]

    # --- Steps that are not finite -----------------------------------------------------------------------------------

    def _stop_step(self, model: torch.nn.Module, optimizer: torch.optim.Optimizer) -> None:
        """Tell of a step that is not finite, and do what was asked for."""
        self._note_nonfinite(model, self._guard.loss(self._losses, self._look))
        if self._guard.on_nonfinite == "raise":
            self.step -= 1  # it is not made
            found = self.findings[0]
            raise NonfiniteError(f"{self._prefix}{found.evidence.text} {found.cause} {found.remedy.text}")
        if self._guard.on_nonfinite == "skip":
            self._guard.leave_out(optimizer)

    def _note_nonfinite(self, model: torch.nn.Module, loss: float | None) -> None:
        """Find out where it begins, the first time, and tell."""
        if self._record.facts.nonfinite is None:
            broken = nonfinite_gradients(model)
            origin, layer = first_nonfinite(
                model,
                self._call if self._rank is None else None,  # a pass of one rank alone would wait for the others
                list(self._record.layers),
                broken,
                loss_is_broken=loss is not None and not math.isfinite(loss),
            )
            seen = NonfiniteFacts(self.step, loss, tuple(broken), origin, layer, self._record.last_sound(layer))
            self._record.facts = replace(self._record.facts, nonfinite=seen)
        self._judge()

    # --- What it means -----------------------------------------------------------------------------------------------

    @property
    def facts(self) -> LoopFacts:
        """What rules are asked about."""
        return self._record.facts

    @property
    def verdict(self) -> Verdict:
        """What the findings come to."""
        return Verdict.of(self.findings)

    @property
    def should_stop(self) -> bool:
        """Whether something was found that is no mere note: going on as it is will hardly help."""
        return any(finding.level != "note" for finding in self.findings)

    @property
    def outcome(self) -> str:
        """``learnt``, ``failed``, ``diverged`` or ``unknown``, by the loss against that of the best constant output."""
        return loop_outcome(self.facts, self._chance.value())

    @property
    def history(self) -> pl.DataFrame:
        """The loss at each look, as in the store; ``epoch`` is the step."""
        return self._record.history()

    @property
    def signals(self) -> pl.DataFrame:
        """What was measured of each layer, as in the store; ``epoch`` is the step."""
        return self._record.signals()

    def _judge(self, *, has_ended: bool = False) -> None:
        """Ask the rules, and tell what is new."""
        self._record.facts = replace(self.facts, has_ended=has_ended, batch_mix=self._chance.batch_mix())
        found = loop_findings(self.facts)
        if has_ended and all(finding.level == "note" for finding in found):
            found += learning_findings(self.facts, self._chance.value())
        if has_ended and self.outcome == "learnt":  # it did so in spite of them
            found = [replace(finding, level="note") if finding.level == "fault" else finding for finding in found]
        self.findings = tuple(found)
        for finding in self.findings:
            if finding.symptom in self._told:
                continue
            self._told.add(finding.symptom)
            name = finding.symptom.replace("_", " ")
            self._say(f"{name}: {finding.evidence.text} {finding.cause} {finding.remedy.text}")
            if self._folder is not None and os.getpid() == self._process:
                self._folder.tell(finding, at=self.step, rank=self._rank)

    # --- The end -----------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """End watching: take the hooks away, judge the whole, write and print a line. Closing twice does nothing."""
        if not self._is_open:
            return
        self._is_open = False
        self._detach()
        if os.getpid() != self._process:
            return  # a fork of the program that was watched
        try:
            if self._last_loss is not None:
                step, loss = self._last_loss
                self._record.take_last_loss(step, number_of(loss))
            self._judge(has_ended=True)
            self._write()
            if self._folder is not None:
                outcome = "diverged" if self.facts.nonfinite is not None else "completed"
                trained = sum(one.size for one in self.facts.parameters if one.is_trained)
                self._folder.end(
                    at=self.step,
                    outcome=outcome,
                    findings=self.findings,
                    parameters=trained,
                    about={"steps": self.step, "looks": len(self.facts.looks), "outcome": self.outcome},
                    remarks=self.remarks,
                )
        except Exception as error:
            self._remark(f"The end was not written. {one_line(error)}")
        self._say(self._last_words())

    def __enter__(self) -> TorchWatch:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __getstate__(self) -> dict[str, Any]:
        """What was found; a copy watches nothing."""
        plain = ("step", "seconds", "findings", "remarks", "_record", "_chance", "_began", "_last", "_rank")
        return {**{name: vars(self)[name] for name in plain}, "_is_open": False, "_verbose": False}

    def failed(self, error: Exception) -> None:
        """Something of ours went wrong: stop watching, and let the training go on."""
        self._detach()
        self._remark(f"The watcher gave up at step {self.step}; the training goes on. {one_line(error)}")

    def _detach(self) -> None:
        """Take all hooks away."""
        for handle in self._handles:
            handle.remove()
        if self._look is not None:
            self._look.close()
        self._handles, self._look = [], None

    def _last_words(self) -> str:
        if not self.step:
            return f"{self._record.name}: the optimizer has made no step, so there was nothing to see."
        total = max(self._last - self._began, 1e-9)
        share = self.seconds / total
        faults = [one.symptom.replace("_", " ") for one in self.findings if one.level != "note"]
        skipped = f" {self._guard.skipped} of them left out." if self._guard.skipped else ""
        looks = len(self.facts.looks)
        return (
            f"{self._record.name}: {self.step:,} steps, {looks} looked at.{skipped} Watching took "
            f"{percent_text(share)} of {total:.1f} s. Found: {', '.join(faults) or 'nothing'}."
        )

    # --- Words and files ---------------------------------------------------------------------------------------------

    @property
    def _prefix(self) -> str:
        return "" if self._rank is None else f"[rank {self._rank}] "

    def _say(self, text: str) -> None:
        """A sentence on stderr, if there is one."""
        if self._verbose and sys.stderr is not None:
            try:
                print(f"assay: {self._prefix}{text}", file=sys.stderr)
            except (OSError, ValueError):  # it is closed
                self._verbose = False

    def _remark(self, text: str) -> None:
        """Say once what was assumed or could not be seen."""
        if text not in self.remarks:
            self.remarks.append(text)
            self._say(text)

    def _open_folder(self, directory: str | Path | None, optimizer: torch.optim.Optimizer) -> WatchFolder | None:
        """The folder, which one rank alone writes; a full disk or a missing right is told, and the training goes on."""
        if directory is None or self._rank:
            return None
        check_may_be_written(Path(directory))
        try:
            name = self._record.name
            return WatchFolder(directory, model=name, clock="step", about=about(name, optimizer))
        except (AssayError, OSError) as error:
            self._remark(f"Nothing is written. {one_line(error)}")
            return None
