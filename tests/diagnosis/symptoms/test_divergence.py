from __future__ import annotations


def test_only_a_training_that_diverged_is_told(facts, course, signals, found):
    """With its step, the layer that moved most, and a tenth of its learning rate."""
    moved = {0: signals(update_ratio=[0.1, 0.2, 9, 0.1])}
    (told,) = found("divergence", facts(), course([1, 2], has_diverged=True, diverged_step=17, signals=moved))
    assert told.evidence.text == (
        "The loss became infinite or not a number at step 17. The updates moved layer 3 most, relative to its size."
    )
    assert told.layers == (3,)
    assert told.remedy.settings["training.optimizer"] == {"name": "sgd", "learning_rate": 0.01}
    assert found("divergence", facts(), course([1, 2])) == []
