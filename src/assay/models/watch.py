"""Record inside a user's own ``model.fit``, on any backend of Keras.

::

    watch = assay.Watch(x_train, y_train)
    model.fit(x_train, y_train, epochs=10, callbacks=[watch])
    watch.signals
    watch.plot()
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from assay.diagnosis import (
    Finding,
    LayerSignals,
    TrainingCourse,
    Verdict,
    layer_signals,
    start_findings,
    training_findings,
)
from assay.errors import ModelError
from assay.judging import merged, verdict_of
from assay.models.keras_reading import KerasReader
from assay.models.their_code import one_line
from assay.models.watch_folder import WatchFolder, check_may_be_written
from assay.store.schema import HISTOGRAM_COLUMNS, HISTORY_COLUMNS, SIGNAL_COLUMNS, empty_frame, with_columns_of

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.figure import Figure

    from assay.diagnosis.facts import NetworkFacts
    from assay.figures import SignalTables
    from assay.models.observation import Observation

METRICS = {
    "loss": "loss",
    "mae": "mean_absolute_error",
    "mean_absolute_error": "mean_absolute_error",
    **dict.fromkeys(
        ("accuracy", "acc", "binary_accuracy", "categorical_accuracy", "sparse_categorical_accuracy"), "accuracy"
    ),
}
"""Keras' names of what the history keeps."""


class Watch(keras.callbacks.Callback):
    """A callback that looks into the model before training and after each epoch.

    It changes nothing: the same training without it ends with the same weights. What goes wrong in recording is told in
    `remarks` and never stops the training.

    Parameters
    ----------
    x, y : array, optional
        Examples to look at, best those of the training. Drawn at random where they are not given.
    directory : path, optional
        Where the tables and findings are written after each epoch, for ``assay show``, ``report`` and ``export``.
    rows : int
        How many examples are looked at.
    every : int
        Look after every so manieth epoch, and after the last.
    verbose : bool
        Tell faults on stderr: those of the untrained model at once, those of the training at its end.

    Attributes
    ----------
    facts : NetworkFacts or None
        As the model was at the last look; None before the training begins.
    history, signals, histograms : polars.DataFrame
        As in the store. The condition is the model's name, the phase ``select``; epoch 0 is the untrained model. A
        second ``fit`` goes on counting.
    remarks : list of str
        What was assumed, and what could not be recorded.

    Raises
    ------
    ModelError
        If `rows` or `every` is too small.
    StoreError
        If the directory holds the results of a study.
    """

    def __init__(
        self,
        x: Any = None,
        y: Any = None,
        *,
        directory: str | Path | None = None,
        rows: int = 256,
        every: int = 1,
        verbose: bool = True,
    ) -> None:
        super().__init__()
        if every < 1:
            raise ModelError(f"every: expected a whole number of at least 1, got {every}.")
        if rows < 2:
            raise ModelError(f"rows: expected at least 2 examples to look at, got {rows}.")
        self._examples, self.rows, self.every, self.verbose = (x, y), rows, every, verbose
        self.directory = None if directory is None else Path(directory)
        if self.directory is not None:
            check_may_be_written(self.directory)
        self._folder: WatchFolder | None = None
        self.facts: NetworkFacts | None = None
        self._facts_at_start: NetworkFacts | None = None
        self.remarks: list[str] = []
        self.history = empty_frame(HISTORY_COLUMNS)
        self.signals = empty_frame(SIGNAL_COLUMNS)
        self.histograms = empty_frame(HISTOGRAM_COLUMNS)
        self.epoch = 0
        self._recorded = -1
        self._told_symptoms: set[str] = set()
        self._reader: KerasReader | None = None

    @property
    def name(self) -> str:
        """Of the model: the condition in the tables."""
        return self.history["condition"][0] if len(self.history) else self.model.name

    # --- What Keras calls --------------------------------------------------------------------------------------------

    def on_train_begin(self, logs: Any = None) -> None:
        """Look at the untrained model."""
        params = self.params or {}
        steps = params.get("steps")
        if self.directory is not None and self._folder is None:
            about = {"model": self.model.name, "optimizer": type(self.model.optimizer).__name__}
            self._folder = WatchFolder(self.directory, model=self.model.name, clock="epoch", about=about)
        try:
            self._reader = KerasReader(
                self.model,
                *self._examples,
                rows=self.rows,
                steps=steps * params["epochs"] if steps else None,
            )
        except Exception as error:  # whatever it is, the training goes on
            self._remark(f"Nothing is recorded but the history. {_told(error)}")
        self._look()
        self._tell()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Note the losses, and look if it is time."""
        self.epoch += 1
        try:
            self._note(logs or {})
        except Exception as error:
            self._remark(f"Epoch {self.epoch} is missing in the history. {_told(error)}")
        if self.epoch % self.every == 0:
            self._look()

    def on_train_end(self, logs: Any = None) -> None:
        """Look at the trained model, and tell what is wrong."""
        self._look()
        self._tell()
        self._end()

    # --- What it means -----------------------------------------------------------------------------------------------

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is wrong: with the untrained model before the first epoch has ended, then with the training so far."""
        if self.facts is None:
            return ()
        signals = {epoch: measured for (_, epoch), measured in layer_signals(self.signals).items()}
        if self.epoch == 0:
            return merged([start_findings(self.facts, signals[0])]) if 0 in signals else ()
        course = self._course(signals)
        return () if course is None else merged([training_findings(self.facts, course)])

    @property
    def verdict(self) -> Verdict:
        """What the findings come to."""
        return verdict_of(self.findings)

    def _course(self, signals: dict[int, LayerSignals]) -> TrainingCourse | None:
        """The training so far; the loss of the untrained model is that on the examples looked at."""
        curves: dict[tuple[str, str], list[float]] = {}
        for split, metric, value in self.history.sort("epoch").select("split", "metric", "value").iter_rows():
            curves.setdefault((split, metric), []).append(value)
        losses = curves.get(("train", "loss"))
        if not losses:
            return None
        first = signals[0].loss if 0 in signals and np.isfinite(signals[0].loss) else losses[0]
        metric = curves.get(("train", "accuracy"))
        validation = curves.get(("validation", "loss"))
        return TrainingCourse(
            loss=np.array([first, *losses]),
            metric=None if metric is None else np.array([metric[0], *metric]),
            validation_loss=None if validation is None else np.array([validation[0], *validation]),
            has_diverged=not np.isfinite(losses[-1]),
            signals=signals,
            facts_at_start=self._facts_at_start,
        )

    def _tell(self) -> None:
        """The faults found so far, on stderr, once each."""
        try:
            faults = [finding for finding in self.findings if finding.level != "note"]
        except Exception as error:
            self._remark(f"Epoch {self.epoch} was not judged. {_told(error)}")
            return
        for finding in faults:
            if finding.symptom in self._told_symptoms:
                continue
            self._told_symptoms.add(finding.symptom)
            if self._folder is not None:
                self._folder.tell(finding, at=self.epoch)
            if self.verbose:
                name = finding.symptom.replace("_", " ")
                print(f"assay: {name}: {finding.evidence.text} {finding.remedy.text}", file=sys.stderr)

    def _end(self) -> None:
        """Keep what became of the training."""
        if self._folder is None:
            return
        losses = self.history.filter(split="train", metric="loss")["value"]
        has_diverged = len(losses) > 0 and not np.isfinite(losses[-1])
        try:
            self._folder.end(
                at=self.epoch,
                outcome="diverged" if has_diverged else "completed",
                findings=self.findings,
                parameters=self.model.count_params(),
                about={"epochs": self.epoch},
                remarks=self.remarks,
            )
        except Exception as error:
            self._remark(f"The end was not written. {_told(error)}")

    # --- What is kept ------------------------------------------------------------------------------------------------

    def _look(self) -> None:
        if self._reader is None or self._recorded == self.epoch:
            return
        self._recorded = self.epoch
        try:
            self._keep(self._reader.observe(self.epoch))
        except Exception as error:
            self._remark(f"Epoch {self.epoch} was not looked at. {_told(error)}")

    def _keep(self, observation: Observation) -> None:
        """Take in what was seen of one epoch."""
        import polars as pl

        self.facts = observation.facts
        if self.epoch == 0:
            self._facts_at_start = observation.facts
        for remark in observation.remarks:
            self._remark(remark)
        signals = with_columns_of(observation.signals, SIGNAL_COLUMNS)
        histograms = with_columns_of(observation.histograms, HISTOGRAM_COLUMNS)
        self.signals = pl.concat([self.signals, signals])
        self.histograms = pl.concat([self.histograms, histograms])
        self._write(signals=signals, histograms=histograms)

    def _note(self, logs: dict[str, Any]) -> None:
        import polars as pl

        rows = []
        for key, value in logs.items():
            metric = METRICS.get(key.removeprefix("val_"))
            if metric is not None:
                split = "validation" if key.startswith("val_") else "train"
                rows.append((0, self.model.name, 0, "select", self.epoch, split, metric, float(value)))
        columns = empty_frame(HISTORY_COLUMNS).schema
        history = pl.DataFrame(rows, schema=columns, orient="row")
        self.history = pl.concat([self.history, history])
        self._write(history=history)

    def _write(self, **tables: pl.DataFrame) -> None:
        """A part for each table and epoch, named as in a results folder."""
        if self._folder is not None:
            self._folder.write(self.epoch, **tables)

    def _remark(self, text: str) -> None:
        if text not in self.remarks:
            self.remarks.append(text)

    # --- What is seen ------------------------------------------------------------------------------------------------

    @property
    def tables(self) -> SignalTables:
        """What the figures of the signal read."""
        from assay.figures import SignalTables

        return SignalTables(self.signals, self.histograms, [self.name])

    def plot(self, epoch: int | None = None) -> Figure:
        """The four panels of an epoch, the last that was recorded unless given.

        Raises
        ------
        ModelError
            If nothing was recorded of it.
        """
        from assay.figures import four_panels

        recorded = self.signals["epoch"].unique().sort().to_list()
        if not recorded or (epoch is not None and epoch not in recorded):
            have = ", ".join(map(str, recorded)) or "none"
            raise ModelError(f"epoch: expected one that was recorded, got {epoch}. Recorded: {have}.")
        return four_panels(self.tables, self.name, epoch=recorded[-1] if epoch is None else epoch)

    def plot_curves(self) -> Figure:
        """The learning curves."""
        import polars as pl

        from assay.figures.learning_curves import Curves, draw_curves

        value = pl.col("value")
        finite = self.history.filter(value.is_finite())
        table = finite.group_by("condition", "split", "metric", "epoch").agg(
            mean=value.mean(), low=value.min(), high=value.max(), seeds=pl.len()
        )
        metrics = sorted(table["metric"].unique().to_list(), key=lambda metric: (metric != "loss", metric))
        table = table.sort("condition", "split", "metric", "epoch")
        return draw_curves(Curves(table, [self.name], metrics, {self.name: None}, {}, None))


def _told(error: Exception) -> str:
    """An error of ours says it all; of another its kind is told too."""
    return str(error) if isinstance(error, ModelError) else one_line(error)
