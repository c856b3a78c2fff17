"""Keras as in `keras_fit`, with a call for each step, as it is unless a user asks for more."""

from __future__ import annotations

from contenders import keras_fit


class Contender(keras_fit.Contender):
    """A few of the networks."""

    steps_per_execution = 1
