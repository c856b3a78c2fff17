"""How probable it is that a ReLU network is dead before its first step: constant, with gradient 0 everywhere.

Kernels are independent and symmetric about 0, biases 0. `widths` are the units of the hidden layers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence


def survival_probability(widths: Sequence[int]) -> float:
    """Probability that one given input reaches the output of a ReLU network with a signal.

    Parameters
    ----------
    widths : sequence of int
        Units of each hidden layer.

    Returns
    -------
    float
        Π_l (1 - 2^-N_l): in each layer, all N_l units are off with probability 2^-N_l.

    Raises
    ------
    ValueError
        If a width is not a whole number of at least 1.

    Notes
    -----
    Exact for any continuous symmetric distribution of kernels [1]_.

    References
    ----------
    .. [1] Rister and Rubin, *Probabilistic bounds on neuron death in deep rectifier networks*, 2021.
    """
    return math.exp(sum(math.log1p(-(2.0**-width)) for width in _checked(widths)))


def born_dead_upper_bound(widths: Sequence[int]) -> float:
    """Highest probability that a ReLU network is constant in its input at initialization.

    Parameters
    ----------
    widths : sequence of int
        Units of each hidden layer.

    Returns
    -------
    float
        1 - Π_l (1 - 2^-N_l), for any number of inputs: a network that is dead is dead at any one input.

    Raises
    ------
    ValueError
        If a width is not a whole number of at least 1.

    Notes
    -----
    The upper bound of [1]_.

    References
    ----------
    .. [1] Lu et al., *Dying ReLU and initialization: theory and numerical examples*, Communications in Computational
       Physics 28, 2020.
    """
    return -math.expm1(sum(math.log1p(-(2.0**-width)) for width in _checked(widths)))


def born_dead_lower_bound(width: int, hidden_layers: int) -> float:
    """Lowest probability that a ReLU network of one input and constant width is constant at initialization.

    Parameters
    ----------
    width : int
        Units N of every hidden layer.
    hidden_layers : int
        H; the network has H + 1 kernels.

    Returns
    -------
    float
        1 - a₁^(H-1) + (1 - 2^(1-N)) (1 - 2^-N) / (1 + (N-1) 2^-N) · (a₂^(H-1) - a₁^(H-1)), with a₁ = 1 - 2^-N and
        a₂ = 1 - 2^(1-N) - (N-1) 2^(-2N).

    Raises
    ------
    ValueError
        If a number is not a whole number of at least 1.

    Notes
    -----
    The lower bound of [1]_. Every input x of one sign lights the same units of the first layer, so such a
    network has two directions that can die, one after the other.

    References
    ----------
    .. [1] Lu et al., *Dying ReLU and initialization: theory and numerical examples*, Communications in Computational
       Physics 28, 2020.
    """
    (n,) = _checked([width])
    layers = _checked([hidden_layers])[0] - 1
    off = 2.0**-n
    one_left, both_left = 1 - off, 1 - 2 * off - (n - 1) * off**2
    share = (1 - 2 * off) * (1 - off) / (1 + (n - 1) * off)
    return 1 - one_left**layers + share * (both_left**layers - one_left**layers)


def _checked(widths: Sequence[int]) -> Sequence[int]:
    if any(width != int(width) or width < 1 for width in widths):
        raise ValueError(f"widths: expected whole numbers of at least 1, got {list(widths)}. A layer needs a unit.")
    return widths
