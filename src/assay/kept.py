"""A trained network as it is kept: one file with all that is needed to use it, and how to use it.

::

    network = Kept.load("assay-runs/digits/networks/0123456789abcdef-s0.npz")
    network.predict(rows)       # a data frame: classes and their probabilities, or quantities in their own units
    network.outputs(features)   # what it says of rows as it was trained on them, float32 (rows, K)

The file is an ``.npz`` without pickles: ``kernel_1`` (in, out), ``bias_1`` (out,) and so on for each layer, and
``about``, JSON that tells the activations, the preparation of a row, the names of classes and targets. Loading it
runs no code: a formula is parsed, and a function of the user's own is called only if this process has run it before.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.choices import Choice
from assay.data.conforming import Conformed, conform
from assay.data.preparation import Preparation
from assay.data.scaling import Scaling
from assay.data.targets import TASKS
from assay.errors import AssayError, DataError, StoreError, StudyError
from assay.networks.activations import ACTIVATIONS, activate_in_numpy, output_units
from assay.own_code import OwnCode, running_nothing
from assay.store.files import write_arrays

if TYPE_CHECKING:
    import polars as pl

NUMBERS_AT_ONCE = 2**23
PROBABILITIES = "0, 1"
"""The range of an output activation, without its brackets, whose outputs are read as probabilities."""


@dataclass(frozen=True, eq=False)
class KeptLayer:
    """One dense layer: activation(x @ kernel + bias).

    Attributes
    ----------
    kernel : array of float32, shape (in, out)
    bias : array of float32, shape (out,)
    activation : Choice
    """

    kernel: np.ndarray
    bias: np.ndarray
    activation: Choice


@dataclass(frozen=True, eq=False, kw_only=True)
class Kept:
    """A trained network, and what is done to rows before it and to outputs after it.

    Attributes
    ----------
    layers : tuple of KeptLayer
    preparation : Preparation
        From raw rows to features.
    task : str
        One of `assay.data.targets.TASKS`.
    threshold : float
        A single output above it means the second class.
    class_names, target_names : tuple of str, optional
        Of the classes; of the columns that were learnt.
    target_scaling : Scaling, optional
        What was done to the targets of a regression.
    loss : str or dict
        As a study file writes it.
    condition, identity : str
        What the trial was called, and what decided its numbers.
    seed, epoch : int
        Epochs are those that it was trained for.
    phase : str
        ``final``, trained on training and validation rows; or ``select``, on training rows alone.
    versions : mapping of str to str
        Of the packages that trained it.
    """

    layers: tuple[KeptLayer, ...]
    preparation: Preparation
    task: str
    threshold: float
    class_names: tuple[str, ...] | None
    target_names: tuple[str, ...] | None
    target_scaling: Scaling | None
    loss: Any
    condition: str
    identity: str
    seed: int
    epoch: int
    phase: str
    versions: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        sizes = " → ".join(map(str, (self.features, *(layer.kernel.shape[1] for layer in self.layers))))
        return f"Kept({self.condition!r}, seed={self.seed}, epoch={self.epoch}, {sizes})"

    # ------------------------------------------------------------------ using it

    @property
    def features(self) -> int:
        """F, the length of a row as the network takes it."""
        return self.layers[0].kernel.shape[0]

    def outputs(self, x: np.ndarray) -> np.ndarray:
        """What the network says, after the output activation.

        Parameters
        ----------
        x : array, shape (rows, F)
            Features as `Preparation.apply` gives them.

        Returns
        -------
        array of float32, shape (rows, K)
            The engine's numbers, up to the order of sums in float32.

        Raises
        ------
        DataError
            If rows have another length.
        StudyError
            If an activation is code of the user's own that this process has not run.
        """
        for layer in self.layers:
            if not layer.activation.is_loaded:
                raise StudyError(
                    f"The network of '{self.condition}': its activation '{layer.activation}' is code of your own, "
                    "which reading a folder does not run. In Python load its study first, which runs it: "
                    "assay.load_study(…), then results.model(…)."
                )
        if x.ndim != 2 or x.shape[1] != self.features:
            raise DataError(f"Expected features of shape (rows, {self.features}), got {x.shape}.")
        at_once = max(1, NUMBERS_AT_ONCE // self.features)
        parts = [self._forward(x[start : start + at_once]) for start in range(0, len(x), at_once)]
        return np.concatenate(parts) if parts else np.zeros((0, self.num_outputs), np.float32)

    def _forward(self, x: np.ndarray) -> np.ndarray:
        h = np.asarray(x, np.float32).T  # feature-major, as activations want it
        for layer in self.layers:
            h = activate_in_numpy(layer.activation, layer.kernel.T @ h + layer.bias[:, None])
        return h.T

    @property
    def num_outputs(self) -> int:
        """K, the outputs of a row."""
        last = self.layers[-1]
        return output_units(last.activation, last.kernel.shape[1])

    def predict(self, rows: Any) -> pl.DataFrame:
        """What the network says of raw rows, in the words and units of its data.

        Parameters
        ----------
        rows : path, array or data frame
            As the data set had them, before anything was done to them; a table has its columns by their names. The
            target may stand beside them.

        Returns
        -------
        polars.DataFrame
            For classes ``prediction`` and ``probability of NAME`` for each; for several labels, NAME (0 or 1) and
            ``probability of NAME``; for a regression each target in its own units. Outputs that are no probabilities
            are called ``output of NAME``.

        Raises
        ------
        DataError
            If columns are missing or foreign, or cells or arrays do not fit.
        """
        return self.told(self.outputs(self.preparation.apply(self.conformed(rows).rows)))

    def conformed(self, rows: Any) -> Conformed:
        """Raw rows as the preparation takes them, and what there is to say of them; see `predict`."""
        return conform(rows, self.preparation)

    def told(self, outputs: np.ndarray) -> pl.DataFrame:
        """Outputs, (rows, K), in the words and units of the data; the columns are those of `predict`."""
        import polars as pl

        if self.task == "regression":
            if self.target_scaling is not None:
                outputs = self.target_scaling.undo(outputs)
            return pl.DataFrame(dict(zip(self.output_names, outputs.T, strict=True)))
        names, columns = self.output_names, list(outputs.T)
        above = outputs > self.threshold
        prediction: dict[str, np.ndarray]
        if self.task == "multilabel":
            prediction = dict(zip(names, above.T.astype(np.int64), strict=True))
        elif self.task == "binary":
            prediction = {"prediction": np.asarray(names)[above[:, 0].astype(int)]}
            if self.says_probabilities:
                columns.insert(0, 1.0 - columns[0])
        else:
            prediction = {"prediction": np.asarray(names)[outputs.argmax(axis=1)]}
        noun = "probability" if self.says_probabilities else "output"
        told = zip(names[-len(columns) :], columns, strict=True)
        return pl.DataFrame({**prediction, **{f"{noun} of {name}": column for name, column in told}})

    @property
    def says_probabilities(self) -> bool:
        """Whether outputs lie between 0 and 1 by their activation."""
        return ACTIVATIONS.of(self.layers[-1].activation).range.strip("()[]") == PROBABILITIES

    @property
    def output_names(self) -> tuple[str, ...]:
        """Of the classes, or of the columns that were learnt: of a binary network two, else one for each output."""
        if self.task in ("binary", "multiclass"):
            classes = max(2, self.num_outputs)
            return self.class_names or tuple(str(number) for number in range(classes))
        if self.target_names:
            return self.target_names
        count = self.num_outputs
        return ("prediction",) if count == 1 else tuple(f"prediction {number}" for number in range(1, count + 1))

    # ------------------------------------------------------------------ keeping it

    def written(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Its arrays, and what they are of, as JSON."""
        arrays: dict[str, np.ndarray] = {}
        for number, layer in enumerate(self.layers, start=1):
            arrays |= {f"kernel_{number}": layer.kernel, f"bias_{number}": layer.bias}
        own = [layer.activation.own for layer in self.layers if isinstance(layer.activation.own, OwnCode)]
        return arrays, {
            "layers": [{"activation": layer.activation.written()} for layer in self.layers],
            "loss": self.loss,
            "task": self.task,
            "threshold": self.threshold,
            "class_names": None if self.class_names is None else list(self.class_names),
            "target_names": None if self.target_names is None else list(self.target_names),
            "target_scaling": None if self.target_scaling is None else self.target_scaling.written(),
            "preparation": self.preparation.written(),
            "condition": self.condition,
            "identity": self.identity,
            "seed": self.seed,
            "epoch": self.epoch,
            "phase": self.phase,
            "own_code": {code.reference: {"digest": code.digest} for code in own},
            "versions": dict(self.versions),
        }

    def save(self, path: str | Path) -> None:
        """Write it as a file that `load` reads.

        Raises
        ------
        WriteError
            If that cannot be done.
        """
        write_arrays(Path(path), *self.written())

    @classmethod
    def load(cls, path: str | Path) -> Kept:
        """Read a file that a study has kept, or that `save` wrote. Runs nothing that stands in it.

        Raises
        ------
        StoreError
            If it cannot be read, or is something else.
        """
        path = Path(path)
        try:
            with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
                about = json.loads(str(file["about"]))
                arrays = {name: file[name] for name in file.files if name != "about"}
        except FileNotFoundError:
            raise StoreError(f"{path}: there is no such file.") from None
        except Exception as error:  # zipfile, zlib, numpy and json each have their own for a damaged file
            raise StoreError(f"{path}: this is not a kept network of assay ({_first_line(error)}).") from None
        try:
            return cls.of(arrays, about)
        except (AssayError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise StoreError(f"{path}: this is not a kept network of assay ({_first_line(error)}).") from None

    @classmethod
    def of(cls, arrays: Mapping[str, np.ndarray], about: Mapping[str, Any]) -> Kept:
        """From what `written` gave.

        Raises
        ------
        AssayError, KeyError, TypeError, ValueError, AttributeError
            If it does not fit itself.
        """
        preparation = Preparation.of(about["preparation"])
        with running_nothing(about.get("own_code")):
            layers = tuple(_layers(arrays, about["layers"]))
        scaling = about["target_scaling"]
        found = cls(
            layers=layers,
            preparation=preparation,
            task=about["task"],
            threshold=float(about["threshold"]),
            class_names=_names(about["class_names"]),
            target_names=_names(about["target_names"]),
            target_scaling=None if scaling is None else Scaling.of(scaling),
            loss=about["loss"],
            condition=str(about["condition"]),
            identity=str(about["identity"]),
            seed=int(about["seed"]),
            epoch=int(about["epoch"]),
            phase=str(about["phase"]),
            versions=about["versions"],
        )
        found._check()
        return found

    def _check(self) -> None:
        """Raise a ValueError unless its parts fit each other."""
        if self.task not in TASKS:
            raise ValueError(f"the task is {self.task!r}")
        features = len(self.preparation.feature_names) or int(np.prod(self.preparation.shape))
        if features != self.features:
            raise ValueError(f"{features} features for a kernel of shape {self.layers[0].kernel.shape}")
        expected = (2 if self.num_outputs == 1 else self.num_outputs) if self.task in ("binary", "multiclass") else 0
        if self.class_names and expected and len(self.class_names) != expected:
            raise ValueError(f"{len(self.class_names)} names for {expected} classes")
        if self.target_names and not expected and len(self.target_names) != self.num_outputs:
            raise ValueError(f"{len(self.target_names)} names for {self.num_outputs} outputs")


def _layers(arrays: Mapping[str, np.ndarray], written: Sequence[Mapping[str, Any]]) -> Iterator[KeptLayer]:
    """The layers, each with kernel and bias that fit the one before."""
    if not written or set(arrays) != {f"{kind}_{n + 1}" for kind in ("kernel", "bias") for n in range(len(written))}:
        raise ValueError(f"{len(written)} layers, with the arrays {', '.join(sorted(arrays)) or 'none'}")
    inputs: int | None = None
    for number, layer in enumerate(written, start=1):
        kernel, bias = arrays[f"kernel_{number}"], arrays[f"bias_{number}"]
        if kernel.dtype != np.float32 or bias.dtype != np.float32 or kernel.ndim != 2 or 0 in kernel.shape:
            raise ValueError(f"layer {number}: expected a kernel and a bias of float32, got {kernel.dtype}")
        if bias.shape != kernel.shape[1:] or kernel.shape[0] != (inputs or kernel.shape[0]):
            raise ValueError(f"layer {number}: a kernel of shape {kernel.shape} with a bias of {bias.shape}")
        activation = ACTIVATIONS.parse(layer["activation"], where=f"layer {number}")
        inputs = output_units(activation, kernel.shape[1]) if activation.is_loaded else None
        yield KeptLayer(kernel, bias, activation)


def _names(written: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if written is None else tuple(map(str, written))


def _first_line(error: Exception) -> str:
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    return text.removesuffix(".")
