"""Entries in words."""

from __future__ import annotations

from assay.catalog import PAIRINGS, facts, find_entry, short_facts
from assay.catalog.wording import arguments, number, verdict


def test_tanh_in_full():
    """Its gain is 1, the inverse of its slope at 0; it takes no arguments."""
    told = dict(facts(find_entry("activations", "tanh")))
    assert told["derivative"] == "1 - tanh(z)²"
    assert told["zero-centred"].startswith("yes")
    assert told["critical gain"].startswith("1.00 (at variance 1: ")
    assert told["arguments"] == "none"


def test_an_activation_that_is_not_zero_centred_says_how_far():
    """The mean of ReLU is 1 / √(2π) = 0.40."""
    assert dict(facts(find_entry("activations", "relu")))["zero-centred"].endswith("of mean 0.40")


def test_a_function_of_a_layer_has_no_gain():
    """In the table a dash, in full the word."""
    softmax = find_entry("activations", "softmax")
    assert dict(short_facts(softmax))["critical gain"] == "–"
    assert dict(facts(softmax))["critical gain"] == "none"


def test_the_gradient_below_is_named_after_the_output_unit():
    """Softmax for categorical cross-entropy."""
    assert dict(facts(find_entry("losses", "categorical_crossentropy")))["gradient below softmax"] == "y - t"


def test_arguments_are_written_as_in_a_study_file():
    """What is off by default has no value."""
    assert arguments({"approximate": False, "max_value": None}) == "approximate = false, max_value"
    assert number(None) == "none"


def test_every_sentence_has_a_verdict():
    """From the measurement."""
    assert all(verdict(pairing).startswith("Measured: it ") for pairing in PAIRINGS)
