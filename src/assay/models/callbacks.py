"""`assay.watch` as a callback of Lightning, and of Hugging Face's `Trainer`; neither is imported with this file.

::

    Trainer(callbacks=[lightning_callback(directory="watched")])       # lightning
    Trainer(callbacks=[trainer_callback(directory="watched")], ...)    # transformers

A callback takes the options of `assay.watch`, and `stop`: end the training once something was found that is no note.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from assay.errors import MissingExtra

if TYPE_CHECKING:
    from assay.models.torch_watch import TorchWatch


def lightning_callback(*, stop: bool = False, **options: Any) -> Any:
    """A callback of Lightning that watches the module under its first optimizer.

    Parameters
    ----------
    stop : bool
        Set ``trainer.should_stop`` when `TorchWatch.should_stop` is true.
    **options
        Of `assay.watch`. The loss is what the training step returns, unless a module is given.

    Raises
    ------
    MissingExtra
        If Lightning is not installed.
    """
    lightning = _first_installed("lightning.pytorch", "pytorch_lightning", told="Lightning", install="lightning")

    class Watch(lightning.Callback):  # type: ignore[name-defined]
        """Watches from the first step to the last."""

        watch: TorchWatch | None = None

        def on_train_start(self, trainer: Any, pl_module: Any) -> None:
            from assay.models.torch_watch import watch

            if trainer.optimizers:
                self.watch = watch(pl_module, trainer.optimizers[0], **options)

        def on_train_batch_end(self, trainer: Any, *_: Any) -> None:
            if stop and self.watch is not None and self.watch.should_stop:
                trainer.should_stop = True

        def on_train_end(self, trainer: Any, pl_module: Any) -> None:
            self._close()

        def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
            self._close()

        def _close(self) -> None:
            if self.watch is not None:
                self.watch.close()

    return Watch()


def trainer_callback(*, stop: bool = False, **options: Any) -> Any:
    """A callback of the `Trainer` of Transformers; the loss is the one that the model returns.

    Parameters
    ----------
    stop : bool
        Set ``control.should_training_stop`` when `TorchWatch.should_stop` is true.
    **options
        Of `assay.watch`.

    Raises
    ------
    MissingExtra
        If Transformers is not installed.
    """
    transformers = _first_installed("transformers", told="Transformers", install="transformers")

    class Watch(transformers.TrainerCallback):  # type: ignore[name-defined]
        """Watches from the first step to the last."""

        watch: TorchWatch | None = None

        def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            from assay.models.torch_watch import watch

            self.watch = watch(kwargs["model"], kwargs["optimizer"], **options)

        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            if stop and self.watch is not None and self.watch.should_stop:
                control.should_training_stop = True

        def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            if self.watch is not None:
                self.watch.close()

    return Watch()


def _first_installed(*names: str, told: str, install: str) -> ModuleType:
    """The first of these packages that is loaded, or else that can be."""
    for name in sorted(names, key=lambda name: name not in sys.modules):
        try:
            return import_module(name)
        except ImportError:
            continue
    raise MissingExtra(f"{told} is not installed. Install it with: pip install {install}")
