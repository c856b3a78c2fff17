import math

import numpy as np
import pytest

from assay.theory.smooth_pieces import smooth_pieces


def test_derivative_is_that_of_the_formula(formula):
    """The derivative of the polynomials is φ', between the kinks and close to them."""
    z = np.linspace(-20, 20, 4001)
    z = np.concatenate([z, *[[kink - 1e-7, kink + 1e-7] for kink in formula.kinks]])
    z = z[np.all([np.abs(z - kink) > 1e-8 for kink in formula.kinks], axis=0)] if formula.kinks else z
    expected = formula.derivative(z)
    pieces = smooth_pieces(formula.activation)
    np.testing.assert_allclose(pieces.derivative(z), expected, atol=1e-9 * max(1, np.abs(expected).max()), rtol=1e-9)


def test_kinks_are_found(formula):
    """Each kink of an activation is found to 5e-13, and nothing else is taken for one."""
    np.testing.assert_allclose(smooth_pieces(formula.activation).kinks, formula.kinks, atol=1e-12)


def test_jumps_are_told_from_kinks(formulas):
    """A jump of the activation itself is told from a jump of its derivative."""
    np.testing.assert_allclose(smooth_pieces(formulas["threshold"].activation).jumps, [0.3], atol=1e-12)
    np.testing.assert_allclose(smooth_pieces(formulas["hard_shrink"].activation).jumps, [-0.5, 0.5])
    assert smooth_pieces(formulas["relu"].activation).jumps.size == 0


def test_several_kinks_close_together_are_found():
    """Kinks a thousandth apart, at places nobody would guess, are found one by one."""
    places = [-0.01, 1 / math.pi, 1 / math.pi + 1e-3]

    def activation(z):
        return sum(np.abs(z - place) for place in places)

    np.testing.assert_allclose(smooth_pieces(activation).kinks, places, atol=1e-12)


def test_single_precision_is_followed_as_far_as_it_goes():
    """An activation that answers in float32 has a derivative of that precision, and no kinks made of rounding."""
    pieces = smooth_pieces(lambda z: np.tanh(z.astype(np.float32)))
    z = np.linspace(-5, 5, 101)
    assert pieces.kinks.size == 0
    np.testing.assert_allclose(pieces.derivative(z), 1 - np.tanh(z) ** 2, atol=2e-4)


def test_a_function_of_the_whole_layer_is_refused():
    """A function that does not keep the shape is refused with a word about what the theory is of."""
    with pytest.raises(ValueError, match=r"expected an elementwise function.*not of softmax or glu"):
        smooth_pieces(lambda z: z.sum(axis=-1))
