"""A user's own network, read into the same tables as a study's trial: Keras models, PyTorch modules, `model.fit`.

`observation.py` says what is kept; `keras_reading.py` and `torch_reading.py` are the two doors; `target.py` is what a
command line may name; `watch.py` records inside a training. Importing the room imports nothing heavy.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from assay.errors import ModelError

if TYPE_CHECKING:
    from assay.models.observation import Observation


def observe(model: Any, x: Any = None, y: Any = None, **options: Any) -> Observation:
    """Look at a Keras model or a PyTorch module once; see `observe_keras` and `observe_torch` for the options.

    What gives examples in batches (a `DataLoader`, a `Dataset`, a generator) is drawn from until there are enough.

    Raises
    ------
    ModelError
        If it is neither.
    """
    from assay.models.streams import drawn_examples, is_stream
    from assay.models.their_code import theirs_told

    if is_stream(x) and y is None:
        drawn = drawn_examples(x, options.get("rows", 256))
        remarks = [drawn.remark]
        if options.get("steps") is None and drawn.batches is not None:
            from assay.models.observation import assumed_epochs

            options["steps"], remark = assumed_epochs(drawn.batches)
            remarks.append(remark)
        observation = observe(model, drawn.x, drawn.y, **options)
        facts = replace(observation.facts, batch_mix=drawn.mix)
        return replace(observation, facts=facts, remarks=(*remarks, *observation.remarks))
    keras, torch = sys.modules.get("keras"), sys.modules.get("torch")
    with theirs_told():
        if keras is not None and isinstance(model, keras.Model):
            from assay.models.keras_reading import observe_keras

            return observe_keras(model, x, y, **options)
        if torch is not None and isinstance(model, torch.nn.Module):
            from assay.models.torch_reading import observe_torch

            return observe_torch(model, x, y, **options)
    raise ModelError(
        f"expected a study, a Keras model or a PyTorch module, got {type(model).__name__}. "
        "A study is a file, or the name of a built-in one."
    )
