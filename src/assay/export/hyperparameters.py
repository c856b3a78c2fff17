"""TensorBoard's HPARAMS tab: a row for each condition, the mean over its seeds in each column.

What TensorBoard calls a trial (a session group) is our condition, and its run (a session) is our trial.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from assay.study.conditions import level_label, short_labels

if TYPE_CHECKING:
    from assay.store.watched import WatchedCondition
    from assay.study.spec import Condition

FAILURES = ("diverged", "failed")


class Hyperparameters:
    """The factors of a study as columns of the table.

    A factor whose levels are all numbers is a number column, any other is text.
    """

    def __init__(self, conditions: Sequence[Condition | WatchedCondition]) -> None:
        self.labels = short_labels(list(conditions[0].settings)) if conditions else {}
        self.numeric = {
            key for key in self.labels if all(_is_number(condition.settings[key]) for condition in conditions)
        }
        self.levels = {condition.name: self._levels(condition) for condition in conditions}

    def _levels(self, condition: Condition | WatchedCondition) -> dict[str, float | str]:
        return {
            key: float(level) if key in self.numeric else level_label(level)
            for key, level in condition.settings.items()
        }

    def experiment(self, metrics: Iterable[str], created: float) -> Any:
        """The summary that defines the columns; `metrics` are tags of scalars."""
        from tensorboard.plugins.hparams import api_pb2, metadata, plugin_data_pb2

        factors, shown = [], []
        for key, label in self.labels.items():
            levels = sorted({levels[key] for levels in self.levels.values()})
            kind = api_pb2.DATA_TYPE_FLOAT64 if key in self.numeric else api_pb2.DATA_TYPE_STRING
            factors.append(api_pb2.HParamInfo(name=key, display_name=label, type=kind, differs=len(levels) > 1))
            factors[-1].domain_discrete.extend(levels)
        for tag in metrics:
            label = tag.split("/")[-1].replace("_", " ")
            shown.append(api_pb2.MetricInfo(name=api_pb2.MetricName(tag=tag), display_name=label))
        experiment = api_pb2.Experiment(hparam_infos=factors, metric_infos=shown, time_created_secs=created)
        return _summary(metadata.EXPERIMENT_TAG, plugin_data_pb2.HParamsPluginData(experiment=experiment))

    def session_start(self, condition: str, created: float) -> Any:
        """The summary that says of which condition a run is."""
        from tensorboard.plugins.hparams import metadata, plugin_data_pb2

        start = plugin_data_pb2.SessionStartInfo(group_name=condition, start_time_secs=created)
        for key, level in self.levels[condition].items():
            if key in self.numeric:
                start.hparams[key].number_value = level
            else:
                start.hparams[key].string_value = level
        return _summary(metadata.SESSION_START_INFO_TAG, plugin_data_pb2.HParamsPluginData(session_start_info=start))


def session_end(outcome: str, ended: float) -> Any:
    """The summary that says how a trial ended."""
    from tensorboard.plugins.hparams import api_pb2, metadata, plugin_data_pb2

    status = api_pb2.STATUS_FAILURE if outcome in FAILURES else api_pb2.STATUS_SUCCESS
    end = plugin_data_pb2.SessionEndInfo(status=status, end_time_secs=ended)
    return _summary(metadata.SESSION_END_INFO_TAG, plugin_data_pb2.HParamsPluginData(session_end_info=end))


def _summary(tag: str, content: Any) -> Any:
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.plugins.hparams import metadata

    value = Summary.Value(tag=tag, metadata=metadata.create_summary_metadata(content), tensor=metadata.NULL_TENSOR)
    return Summary(value=[value])


def _is_number(level: object) -> bool:
    return isinstance(level, int | float) and not isinstance(level, bool)
