"""The columns of the HPARAMS tab."""

from __future__ import annotations

import pytest

pytest.importorskip("tensorboard", reason="needs the extra: pip install 'assay[tensorboard]'")

from tensorboard.plugins.hparams import api_pb2, metadata

from assay.export.hyperparameters import Hyperparameters, session_end


def test_numbers_are_number_columns_and_the_rest_is_text(synthetic):
    """A factor is numeric if all its levels are; a list is written as in a condition's name."""
    vary = {"training.optimizer.learning_rate": [0.1, 1], "network.hidden": [[8], [8, 4]], "network.dropout": [0.5]}
    table = Hyperparameters(synthetic.factorial_study(vary=vary, design={"seeds": 1}).expand())
    content = table.experiment(["trial/test_loss"], created=1.0).value[0].metadata.plugin_data.content
    told = metadata.parse_experiment_plugin_data(content)
    columns = {info.name: info for info in told.hparam_infos}
    assert list(columns) == list(vary)
    assert columns["training.optimizer.learning_rate"].type == api_pb2.DATA_TYPE_FLOAT64
    assert list(columns["training.optimizer.learning_rate"].domain_discrete) == [0.1, 1.0]
    assert list(columns["network.hidden"].domain_discrete) == ["8", "8-4"]
    assert [info.display_name for info in told.hparam_infos] == ["learning_rate", "hidden", "dropout"]
    assert [info.differs for info in told.hparam_infos] == [True, True, False]
    assert [(info.name.tag, info.display_name) for info in told.metric_infos] == [("trial/test_loss", "test loss")]


@pytest.mark.parametrize(
    ("outcome", "status"),
    [("completed", "STATUS_SUCCESS"), ("diverged", "STATUS_FAILURE"), ("failed", "STATUS_FAILURE")],
)
def test_a_trial_that_did_not_complete_is_a_failure(outcome, status):
    """TensorBoard can filter its table by how a trial ended."""
    content = session_end(outcome, ended=2.0).value[0].metadata.plugin_data.content
    assert metadata.parse_session_end_info_plugin_data(content).status == api_pb2.Status.Value(status)
