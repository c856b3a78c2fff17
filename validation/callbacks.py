"""Try the callbacks of `assay.models.callbacks` on the real packages: Lightning, and the Trainer of Transformers.

    python -m venv callbacks-env
    callbacks-env/bin/pip install -e '.[torch]' lightning transformers accelerate
    callbacks-env/bin/python validation/callbacks.py

Each trains a small network with the callback and without it. Printed is whether the weights are equal to the bit, what
was found in a sound training, and in one whose learning rate is 0. Ends with an error where a line is not as it should
be. Nothing is downloaded.
"""

from __future__ import annotations

import importlib.util
import sys
import tempfile
import warnings
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import torch
from torch import nn

from assay.models.callbacks import lightning_callback, trainer_callback
from assay.results import open_results

Trained = tuple[list[torch.Tensor], Any]
X = torch.randn(256, 6, generator=torch.Generator().manual_seed(0))
Y = (X.sum(dim=1) > 0).long()
STEPS = 40


def with_lightning(callback: Any, rate: float, folder: str) -> list[torch.Tensor]:
    """The weights of a module of Lightning after some steps."""
    import lightning.pytorch as pl

    class Net(pl.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Dropout(0.1), nn.Linear(16, 2))

        def training_step(self, batch: Any, index: int) -> torch.Tensor:
            x, y = batch
            return nn.functional.cross_entropy(self.layers(x), y)

        def configure_optimizers(self) -> Any:
            return torch.optim.Adam(self.parameters(), lr=rate)

    pl.seed_everything(0, verbose=False)
    model = Net()
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(X, Y), 32)
    trainer = pl.Trainer(
        max_steps=STEPS,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=folder,
        callbacks=[] if callback is None else [callback],
    )
    trainer.fit(model, loader)
    return [value.clone() for value in model.state_dict().values()]


def with_transformers(callback: Any, rate: float, folder: str) -> list[torch.Tensor]:
    """The weights of a small language model after some steps of the Trainer."""
    import transformers

    transformers.set_seed(0)
    model = transformers.GPT2LMHeadModel(
        transformers.GPT2Config(vocab_size=32, n_positions=16, n_embd=16, n_layer=2, n_head=2, bos_token_id=0)
    )
    words = torch.randint(32, (128, 1), generator=torch.Generator().manual_seed(0))
    rows = [{"input_ids": row, "labels": row} for row in (words + torch.arange(16)) % 32]
    trainer = transformers.Trainer(
        model=model,
        args=transformers.TrainingArguments(
            output_dir=folder,
            max_steps=STEPS,
            per_device_train_batch_size=16,
            learning_rate=rate,
            report_to=[],
            save_strategy="no",
            disable_tqdm=True,
            use_cpu=True,
            logging_strategy="no",
        ),
        train_dataset=rows,
        callbacks=[] if callback is None else [callback],
    )
    trainer.train()
    return [value.clone() for value in model.state_dict().values()]


def tried(name: str, train: Callable[..., list[torch.Tensor]], make: Callable[..., Any]) -> bool:
    """Train alone, watched, and with a rate of 0; print what is to be known."""
    with tempfile.TemporaryDirectory() as folder:
        alone = train(None, 1e-3, folder)
        callback = make(directory=f"{folder}/watched", every=1, verbose=False)
        watched = train(callback, 1e-3, folder)
        still = make(every=1, verbose=False, stop=True)
        train(still, 0.0, folder)
        watch = callback.watch
        losses = watch.facts.losses
        is_equal = all(torch.equal(one, other) for one, other in zip(alone, watched, strict=True))
        symptoms = [finding.symptom for finding in still.watch.findings]
        conditions = open_results(f"{folder}/watched").summary().conditions
    expected = {
        "weights equal to the bit": is_equal,
        f"{watch.step} of {STEPS} steps seen": watch.step == STEPS,
        f"{len(losses)} losses known, {losses[0][1]:.2f} to {losses[-1][1]:.2f}": len(losses) == STEPS,
        f"{len(watch._record.layers)} layers seen": len(watch._record.layers) > 1,
        f"found {[finding.symptom for finding in watch.findings]}": watch.findings == (),
        f"remarks {watch.remarks}": watch.remarks == [],
        f"folder opens with {len(conditions)} condition": len(conditions) == 1,
        f"a rate of 0 is found ({symptoms}) and ends it at step {still.watch.step}": "no_update" in symptoms
        and still.watch.step < STEPS,
    }
    print(f"{name} {version(name)}:", "; ".join(text if good else f"{text} (WRONG)" for text, good in expected.items()))
    return all(expected.values())


def main() -> None:
    """Try what is installed."""
    warnings.simplefilter("ignore")  # the packages' own
    torch.set_num_threads(1)
    ways = {
        "lightning": (with_lightning, lightning_callback),
        "transformers": (with_transformers, trainer_callback),
    }
    installed = [name for name in ways if importlib.util.find_spec(name)]
    if not installed:
        sys.exit("Neither lightning nor transformers is installed; see the first lines of this file.")
    found = [tried(name, *ways[name]) for name in installed]
    sys.exit(0 if all(found) else 1)


if __name__ == "__main__":
    main()
