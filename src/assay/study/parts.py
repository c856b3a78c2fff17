"""The parts of a study: data, network, training, design. Each is a table of the study file.

A field's description is what the user reads beside a mistake, and in an editor that knows the JSON Schema.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    field_validator,
    model_serializer,
    model_validator,
)

from assay.choices import Choice
from assay.data.columns import FILLS, ColumnChoice
from assay.data.digests import DIGEST
from assay.data.files import FILE_KINDS, kinds_in_words
from assay.data.registry import DATASETS
from assay.data.request import DataRequest
from assay.data.splitting import ONE_SPLIT, Resample
from assay.data.synthetic import SYNTHETIC, check_arguments
from assay.errors import DataError, did_you_mean
from assay.learning.losses import STUDIED
from assay.study.fields import (
    LATER,
    PLACE,
    ActivationChoice,
    BiasInitializer,
    ClassWeights,
    KernelInitializer,
    LossChoice,
    MetricNames,
    OptimizerChoice,
    Rate,
    Seeds,
    Selection,
    Splits,
    SplitSize,
    Units,
    Whole,
    fault,
)

DEFAULT_WIDTH = 64
DEFAULT_DEPTH = 3


class Part(BaseModel):
    """A table of a study: immutable, every key known, no silent conversion of kinds."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class ColumnSpec(Part):
    """What is said of a column of a table; ``"ignore"`` is short for ``{kind = "ignore"}``."""

    kind: Literal["ignore", "numeric", "categorical", "date", "boolean"] | None = Field(
        None, description="What it holds, or ignore; seen in its cells if absent."
    )
    fill: float | str | None = Field(
        None, description=f"What stands for a gap: {', '.join(FILLS)}, or a number or level of your own."
    )
    indicator: bool | None = Field(None, description="Whether a feature tells gaps; if absent, where there are some.")

    @model_validator(mode="before")
    @classmethod
    def _accept_a_kind(cls, value: Any) -> Any:
        return {"kind": value} if isinstance(value, str) else value

    @model_serializer(mode="wrap")
    def _write_a_kind(self, write: SerializerFunctionWrapHandler) -> Any:
        table = write(self)
        return table["kind"] if list(table) == ["kind"] else table


def of_word(word: str) -> dict[str, str]:
    """A word in the place of the data as a table: a path if it looks like one, else a name."""
    return {"path" if Path(word).suffix or len(Path(word).parts) > 1 else "name": word}


class DataSpec(Part):
    """What is learnt from, and how its rows are divided and scaled."""

    name: str | None = Field(None, description="A data set that assay knows; `assay data` lists them.")
    path: str | None = Field(
        None, description="A file of arrays or of a table; a relative path starts at the study file."
    )
    words: Whole = Field(10_000, description="For text: how many of the most frequent words count.")
    validation: SplitSize | None = Field(None, description="Training rows held out: 0.2, 1000, or {first = 1000}.")
    test: SplitSize | None = Field(None, description="Rows for the test, where the data come without: as validation.")
    scaling: Literal["standard", "minmax", "unit", "none"] | None = Field(None, description="How inputs are scaled.")
    target_scaling: Literal["standard", "none"] = Field("none", description="How regression targets are scaled.")
    target: str | list[str] | None = Field(None, description="The column of a table to learn, or several.")
    task: Literal["binary", "multiclass", "multilabel", "regression"] | None = Field(
        None, description="Seen in the data if absent."
    )
    rows: Whole | None = Field(None, description="Keep this many training rows; for synthetic data, make this many.")
    seed: int = Field(0, ge=0, description="Decides which rows are held out, and synthetic data.")
    arguments: dict[str, Any] = Field({}, description="Of synthetic data: features, noise, classes and so on.")
    columns: Annotated[dict[str, ColumnSpec], LATER] = Field({}, description="What is said of columns of a table.")
    weight: Annotated[str | None, LATER] = Field(None, description="The column that says how much a row counts.")
    group: Annotated[str | None, LATER] = Field(None, description="The column whose equal cells belong together.")
    time: Annotated[str | None, LATER] = Field(None, description="The column that says when a row was.")
    kept: Annotated[str | None, LATER] = Field(None, description="Of data given in Python: the digest of the rows.")

    @model_validator(mode="before")
    @classmethod
    def _accept_short_forms(cls, value: Any) -> Any:
        """A word is a name or a path; arguments of a synthetic set may stand beside its name."""
        if isinstance(value, str):
            return of_word(value)
        if isinstance(value, dict) and value.get("name") in SYNTHETIC and "path" not in value:
            own = {key: item for key, item in value.items() if key in cls.model_fields and key != "rows"}
            beside = {key: item for key, item in value.items() if key not in own and item is not None}
            if beside and isinstance(own.get("arguments", {}), dict):
                own["arguments"] = {**own.get("arguments", {}), **beside}
                return own
        return value

    @model_validator(mode="after")
    def _check(self) -> DataSpec:
        if self.kept is not None and (self.name is not None or self.path is not None):
            raise fault(f"{PLACE}.kept: rows are given in Python, and a name or a path too. Keep one of them.")
        if self.kept is not None and not DIGEST.fullmatch(self.kept):
            raise fault(
                f"{PLACE}.kept: expected the digest of rows given in Python, such as sha256:1a2b…, got {self.kept!r}."
            )
        if self.name is None and self.path is None and self.kept is None:
            raise fault('expected a name or a path, such as data = "digits" or data = "my/table.csv".')
        if self.name is not None and self.name not in DATASETS:
            raise fault(
                f"{PLACE}.name: unknown data set '{self.name}'.{did_you_mean(self.name, DATASETS)} "
                f"Known data sets: {', '.join(sorted(DATASETS))}; or a path to a {kinds_in_words()} file."
            )
        if self.path is not None and not self.path.lower().endswith(FILE_KINDS):
            raise fault(f"{PLACE}.path: expected a {kinds_in_words()} file, got '{self.path}'.")
        if self.validation is not None and 0 in (self.validation.count, self.validation.first):
            raise fault(f"{PLACE}.validation: expected at least 1 row, got 0. The best epoch is found on these rows.")
        if self.arguments and self.name not in SYNTHETIC:
            raise fault(f"{PLACE}.arguments: only synthetic data take arguments: {', '.join(SYNTHETIC)}.")
        if self.name in SYNTHETIC:
            try:
                check_arguments(self.name, self.arguments)
            except DataError as error:
                raise fault(str(error).replace("data.arguments", PLACE, 1)) from None
        return self

    def request(self, base_directory: str | Path | None = None, resample: Resample = ONE_SPLIT[0]) -> DataRequest:
        """One split of it, as a plain value that the data room understands.

        Relative paths start at `base_directory`.
        """
        values = {name: getattr(self, name) for name in type(self).model_fields}
        if self.path is not None:
            values["path"] = str(Path(base_directory or ".", Path(self.path).expanduser()))
        values["columns"] = {name: ColumnChoice(**dict(column)) for name, column in self.columns.items()}
        return DataRequest(**values, resample=resample)


class LayerSpec(Part):
    """What differs in one layer; a field left out is that of the network."""

    activation: ActivationChoice | None = None
    kernel_initializer: KernelInitializer | None = None
    bias_initializer: BiasInitializer | None = None
    dropout: Rate | None = None
    l2: float | None = Field(None, ge=0)
    learning_rate: float | None = Field(None, ge=0)


class NetworkSpec(Part):
    """A dense network."""

    hidden: Units | None = Field(None, description="Units of each hidden layer; [] is a linear model.")
    depth: int | None = Field(None, ge=1, description="Number of kernels, the output's included; 1 is a linear model.")
    width: int | None = Field(None, ge=1, description="Units of every hidden layer; goes with depth.")
    activation: ActivationChoice = Field(Choice("relu"), description="Of the hidden layers.")
    kernel_initializer: KernelInitializer = Field(Choice("glorot_uniform"), description="Of every layer.")
    bias_initializer: BiasInitializer = Field(Choice("zeros"), description="Of every layer.")
    output_activation: ActivationChoice | None = Field(None, description="Follows from the data if absent.")
    dropout: Rate = Field(0.0, description="Fraction of each hidden layer's activations dropped in training; below 1.")
    l2: float = Field(0.0, ge=0, description="Strength of the penalty on the squares of every kernel.")
    layers: dict[str, LayerSpec] = Field(
        {}, description="What differs in the first, hidden (all between) or output layer, or in layer 2, 3, …"
    )

    @model_validator(mode="after")
    def _check(self) -> NetworkSpec:
        if self.hidden is not None and (self.depth is not None or self.width is not None):
            raise fault("hidden is given together with depth or width. Keep hidden, or keep depth and width.")
        depth = len(self.hidden_units) + 1
        for name, layer in self.layers.items():
            if name not in ("first", "hidden", "output") and not (name.isdecimal() and 1 <= int(name) <= depth):
                raise fault(
                    f"{PLACE}.layers.{name}: expected first, hidden, output, or a number from 1 to {depth} "
                    f"(this network has {depth} layers).{did_you_mean(name, ('first', 'hidden', 'output'))}"
                )
            if name in ("output", str(depth)) and layer.dropout:
                raise fault(f"{PLACE}.layers.{name}.dropout: the output layer drops nothing. Remove it.")
            if name in ("output", str(depth)) and layer.activation and self.output_activation:
                raise fault(f"{PLACE}.layers.{name}.activation: output_activation is given too. Keep one of them.")
        return self

    @property
    def hidden_units(self) -> tuple[int, ...]:
        """Units of each hidden layer, whichever way they were written."""
        if self.hidden is not None:
            return self.hidden
        return ((self.depth or DEFAULT_DEPTH) - 1) * (self.width or DEFAULT_WIDTH,)


class TrainingSpec(Part):
    """How the network is trained."""

    optimizer: OptimizerChoice = Field(Choice("adam"), description='"adam", or {name = "adam", learning_rate = 1e-3}.')
    loss: LossChoice | None = Field(None, description="Follows from the data if absent.")
    metric: LossChoice | None = Field(None, description="Recorded too: a loss, a formula, or a function of your own.")
    metrics: Annotated[MetricNames, LATER] = Field(
        (), description='Of validation and test rows, recorded too: ["f1", "roc_auc"]; see `assay catalog metrics`.'
    )
    class_weight: Annotated[ClassWeights, LATER] = Field(
        "none", description='How much the rows of a class count in training: "balanced", or {no = 1.0, yes = 5.0}.'
    )
    epochs: Whole = Field(10, description="Passes over the training rows.")
    batch_size: Whole = Field(32, description="Rows seen in one update.")


class DesignSpec(Part):
    """Which conditions are tried, how often, and how they are judged."""

    kind: Literal["factorial", "one_at_a_time", "conditions"] = Field(
        "factorial", description="Every combination; one factor changed at a time; or the named tables [conditions.x]."
    )
    seeds: Seeds = Field(3, description="Trials of every condition.")
    splits: Annotated[Splits, LATER] = Field(
        ONE_SPLIT, description="Ways to draw test and validation rows, each with all seeds; or {folds = 5}."
    )
    select: Selection = Field("val_loss", description="val_ and a metric: what the best epoch is best in; or last.")
    final: bool = Field(True, description="Retrain on train + validation to the best epoch, then open the test set.")
    baseline: str | None = Field(None, description="Name of the condition that the others are compared with.")
    confidence: float = Field(0.95, gt=0, lt=1, description="Of the intervals.")
    margin: float | None = Field(
        None,
        gt=0,
        description="Smallest difference that matters: of an accuracy (0.01 if absent), or a part of the baseline's "
        "loss or error (0.05 if absent).",
    )
    keep: Literal["final", "all", "none"] = Field(
        "final", description="Whose trained network is kept: each condition's best seed, all trials, or none."
    )
    keep_state: bool = Field(False, description="Keep the trained state, so that more epochs go on from it.")
    allow: tuple[str, ...] = Field((), description='Certain faults to study, not to refuse: ["constant_output"].')

    @field_validator("allow", mode="before")
    @classmethod
    def _check_allow(cls, allow: Any) -> Any:
        """Symptoms that a study would be refused for."""
        if not isinstance(allow, list | tuple):
            raise fault(f'{PLACE}: expected a list of symptoms such as ["{STUDIED[0]}"], got {allow!r}.')
        for name in allow:
            if name not in STUDIED:
                raise fault(
                    f"{PLACE}: no study is refused for {name!r}.{did_you_mean(str(name), STUDIED)} "
                    f"Choose from: {', '.join(STUDIED)}."
                )
        return tuple(allow)


class ProbeSpec(Part):
    """Which layers' signals are recorded while training."""

    epochs: Literal["all"] | tuple[int, ...] = Field(
        "all", description="After which epochs: all, or a list; 0 is the untrained network."
    )
    rows: Whole = Field(256, description="How many training rows are looked at.")

    @field_validator("epochs", mode="before")
    @classmethod
    def _check_epochs(cls, epochs: Any) -> Any:
        """A list of epochs from 0 on, in order."""
        if not isinstance(epochs, list | tuple):
            return epochs
        if not all(isinstance(epoch, int) and not isinstance(epoch, bool) and epoch >= 0 for epoch in epochs):
            raise fault(f"{PLACE}: expected epochs from 0 on, such as [0, 1, 5], got {list(epochs)!r}.")
        return tuple(sorted(set(epochs)))

    def is_due(self, epoch: int) -> bool:
        """Whether signals are recorded after this epoch."""
        return self.epochs == "all" or epoch in self.epochs
