r"""Optimizers: every rule of Keras, for a whole population at once.

An optimizer is a small class. Its fields are the arguments of Keras' class of that name, with Keras' defaults; its
`update` is the rule, written as the equations of its docstring. In them w is a parameter, g its gradient, η the
learning rate and t = 1, 2, … the number of the update; ← assigns, products and roots are elementwise.

The engine does not build these classes. It splits a `Choice` into what decides the program and what is a number::

    static = static_part(choice)              # hashable: name, flags, which optional numbers are there
    numbers = numeric_part(choice)            # name -> float; the engine stacks them into arrays (P,)
    held = slots(static, parameter.shape)     # the state before the first update
    gradients = clip(static, gradients, numbers)
    parameter, held = update(static, parameter=…, gradient=…, slots=held, step=t, numbers=numbers)

Arrays carry the member axis first: kernels (P, out, in), biases (P, out), numbers (P,). What Keras computes over one
parameter tensor (norms, Adafactor's means) is computed over all axes but that one.

Keras' order is kept: clip the gradients, decay the weights, apply the rule. Its rounding is kept too: where Keras takes
1 - β in double precision before it meets float32 arrays, `numeric_part` supplies that number as ``one_minus_beta_1``
(1 - float32(0.999) is 5e-5 off).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import numpy as np

from assay._lazy import lazy_module
from assay.choices import Choice, arguments_of
from assay.errors import StudyError

if TYPE_CHECKING:
    import jax
else:
    jax = lazy_module("jax")

Array: TypeAlias = "jax.Array"
Slots: TypeAlias = "dict[str, jax.Array]"
InitialSlots: TypeAlias = "dict[str, np.ndarray]"
Number: TypeAlias = "float | jax.Array"


def _zeros(shape: tuple[int, ...]) -> np.ndarray:
    return np.zeros(shape, np.float32)


@dataclass(frozen=True, kw_only=True)
class Optimizer:
    """What all optimizers share: a learning rate, decoupled weight decay, and clipping.

    Weight decay is w ← w - weight_decay · η · w before the rule (Loshchilov and Hutter, ICLR 2019), for kernels and
    biases alike. At most one of the three kinds of clipping can be set (Pascanu et al., ICML 2013).
    """

    # Averaging rates whose 1 - rate Keras takes in double precision.
    complements: ClassVar[tuple[str, ...]] = ()
    # Numbers that a state is initialized with; they decide the program.
    initial: ClassVar[tuple[str, ...]] = ()
    # Numbers whose 0 means that a part of the rule, with its slot, is left out.
    optional: ClassVar[tuple[str, ...]] = ()

    learning_rate: Number = 0.001
    weight_decay: Number | None = None
    clipnorm: Number | None = None
    clipvalue: Number | None = None
    global_clipnorm: Number | None = None

    @property
    def slot_names(self) -> tuple[str, ...]:
        """The arrays, each of the parameter's shape, that the rule keeps."""
        return ()

    def slots(self, shape: tuple[int, ...]) -> InitialSlots:
        """The state before the first update: zeros, unless a rule says otherwise."""
        return {name: _zeros(shape) for name in self.slot_names}

    def update(self, w: Array, g: Array, slots: Slots, t: Array, one_minus: Mapping[str, Array]) -> tuple[Array, Slots]:
        """The rule. Numbers are fields, shaped to broadcast over `w`; ``one_minus["rho"]`` is 1 - ρ."""
        raise NotImplementedError


# --- Gradient descent ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class SGD(Optimizer):
    r"""Stochastic gradient descent, with momentum μ (Polyak, 1964) or Nesterov's (Sutskever et al., ICML 2013).

    ::

        μ = 0      w ← w - η g
        momentum   m ← μ m - η g,   w ← w + m
        nesterov   m ← μ m - η g,   w ← w + μ m - η g
    """

    optional: ClassVar[tuple[str, ...]] = ("momentum",)

    learning_rate: Number = 0.01
    momentum: Number | None = 0.0
    nesterov: bool = False

    @property
    def slot_names(self) -> tuple[str, ...]:
        return () if self.momentum is None else ("momentum",)

    def update(self, w: Array, g: Array, slots: Slots, t: Array, one_minus: Mapping[str, Array]) -> tuple[Array, Slots]:
        if self.momentum is None:
            return w - self.learning_rate * g, {}
        m = self.momentum * slots["momentum"] - self.learning_rate * g
        w = w + self.momentum * m - self.learning_rate * g if self.nesterov else w + m
        return w, {"momentum": m}


# --- Learning rates of their own for each parameter ------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Adagrad(Optimizer):
    r"""Adagrad (Duchi et al., JMLR 2011): steps shrink with the sum of squared gradients.

    ::

        a ← a + g²,   w ← w - η g / √(a + ε),   a = initial_accumulator_value at first
    """

    initial: ClassVar[tuple[str, ...]] = ("initial_accumulator_value",)

    initial_accumulator_value: Number = 0.1
    epsilon: Number = 1e-7

    @property
    def slot_names(self) -> tuple[str, ...]:
        return ("accumulator",)

    def slots(self, shape: tuple[int, ...]) -> InitialSlots:
        return {"accumulator": np.full(shape, self.initial_accumulator_value, np.float32)}

    def update(self, w: Array, g: Array, slots: Slots, t: Array, one_minus: Mapping[str, Array]) -> tuple[Array, Slots]:
        a = slots["accumulator"] + g**2
        return w - self.learning_rate * g / jax.numpy.sqrt(a + self.epsilon), {"accumulator": a}


@dataclass(frozen=True, kw_only=True)
class RMSprop(Optimizer):
    r"""RMSprop (Tieleman and Hinton, lecture 6.5, 2012), centred as in Graves (2013) on request.

    ::

        v ← ρ v + (1 - ρ) g²
        d = v + ε;  centered:  a ← ρ a + (1 - ρ) g,   d = v - a² + ε
        w ← w - η g / √d;  momentum:  m ← μ m + η g / √d,   w ← w - m
    """

    complements: ClassVar[tuple[str, ...]] = ("rho",)
    optional: ClassVar[tuple[str, ...]] = ("momentum",)

    rho: Number = 0.9
    momentum: Number | None = 0.0
    epsilon: Number = 1e-7
    centered: bool = False

    @property
    def slot_names(self) -> tuple[str, ...]:
        momentum = () if self.momentum is None else ("momentum",)
        return ("velocity", *momentum, *(("average_gradient",) if self.centered else ()))

    def update(self, w: Array, g: Array, slots: Slots, t: Array, one_minus: Mapping[str, Array]) -> tuple[Array, Slots]:
        v = self.rho * slots["velocity"] + one_minus["rho"] * g**2
        new = {"velocity": v}
        variance = v
        if self.centered:
            new["average_gradient"] = self.rho * slots["average_gradient"] + one_minus["rho"] * g
            variance = v - new["average_gradient"] ** 2
        increment = self.learning_rate * g / jax.numpy.sqrt(variance + self.epsilon)
        if self.momentum is not None:
            increment = new["momentum"] = self.momentum * slots["momentum"] + increment
        return w - increment, new


@dataclass(frozen=True, kw_only=True)
class Adadelta(Optimizer):
    r"""Adadelta (Zeiler, 2012): steps in the units of the parameters.

    ::

        a ← ρ a + (1 - ρ) g²
        δ = -g √(d + ε) / √(a + ε)
        d ← ρ d + (1 - ρ) δ²,   w ← w + η δ
    """

    complements: ClassVar[tuple[str, ...]] = ("rho",)

    rho: Number = 0.95
    epsilon: Number = 1e-7

    @property
    def slot_names(self) -> tuple[str, ...]:
        return ("accumulated_grad", "accumulated_delta_var")

    def update(self, w: Array, g: Array, slots: Slots, t: Array, one_minus: Mapping[str, Array]) -> tuple[Array, Slots]:
        a = self.rho * slots["accumulated_grad"] + one_minus["rho"] * g**2
        d = slots["accumulated_delta_var"]
        delta = -jax.numpy.sqrt(d + self.epsilon) * g / jax.numpy.sqrt(a + self.epsilon)
        d = self.rho * d + one_minus["rho"] * delta**2
        return w + self.learning_rate * delta, {"accumulated_grad": a, "accumulated_delta_var": d}


# --- The Adam family -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Adam(Optimizer):
    r"""Adam (Kingma and Ba, ICLR 2015): momentum plus scaling; amsgrad as in Reddi et al. (ICLR 2018).

    ::

        m ← m + (1 - β₁)(g - m),   v ← v + (1 - β₂)(g² - v);   amsgrad:  v̂ ← max(v̂, v), in the place of v below
        w ← w - η √(1 - β₂ᵗ) / (1 - β₁ᵗ) · m / (√v + ε)
    """

    complements: ClassVar[tuple[str, ...]] = ("beta_1", "beta_2")

    beta_1: Number = 0.9
    beta_2: Number = 0.999
    epsilon: Number = 1e-7
    amsgrad: bool = False

    @property
    def slot_names(self) -> tuple[str, ...]:
        return ("momentum", "velocity", *(("velocity_hat",) if self.amsgrad else ()))

    def update(self, w: Array, g: Array, slots: Slots, t: Array, one_minus: Mapping[str, Array]) -> tuple[Array, Slots]:
        rate = self.learning_rate * jax.numpy.sqrt(1 - self.beta_2**t) / (1 - self.beta_1**t)
        m = slots["momentum"] + one_minus["beta_1"] * (g - slots["momentum"])
        v = slots["velocity"] + one_minus["beta_2"] * (g**2 - slots["velocity"])
        new = {"momentum": m, "velocity": v}
        if self.amsgrad:
            v = new["velocity_hat"] = jax.numpy.maximum(slots["velocity_hat"], v)
        return w - rate * m / (jax.numpy.sqrt(v) + self.epsilon), new


@dataclass(frozen=True, kw_only=True)
class AdamW(Adam):
    """Adam with weight decay from the start (Loshchilov and Hutter, ICLR 2019)."""

    weight_decay: Number | None = 0.004


@dataclass(frozen=True, kw_only=True)
class Adamax(Optimizer):
    r"""Adamax (Kingma and Ba, ICLR 2015, section 7.1): Adam with the largest recent gradient for a scale.

    ::

        m ← m + (1 - β₁)(g - m),   u ← max(β₂ u, |g|)
        w ← w - η m / ((1 - β₁ᵗ)(u + ε))
    """

    complements: ClassVar[tuple[str, ...]] = ("beta_1",)

    beta_1: Number = 0.9
    beta_2: Number = 0.999
    epsilon: Number = 1e-7

    @property
    def slot_names(self) -> tuple[str, ...]:
        return ("momentum", "norm")

    def update(self, w: Array, g: Array, slots: Slots, t: Array, one_minus: Mapping[str, Array]) -> tuple[Array, Slots]:
        m = slots["momentum"] + one_minus["beta_1"] * (g - slots["momentum"])
        u = jax.numpy.maximum(self.beta_2 * slots["norm"], jax.numpy.abs(g))
        w = w - self.learning_rate * m / ((1 - self.beta_1**t) * (u + self.epsilon))
        return w, {"momentum": m, "norm": u}


@dataclass(frozen=True, kw_only=True)
class Nadam(Optimizer):
    r"""Nadam (Dozat, ICLR workshop 2016): Adam with Nesterov's momentum on a schedule.

    ::

        μ_t = β₁ (1 - 0.96ᵗ / 2),   Π_t = μ_1 · … · μ_t
        m ← m + (1 - β₁)(g - m),   v ← v + (1 - β₂)(g² - v)
        m̂ = μ_{t+1} m / (1 - Π_{t+1}) + (1 - μ_t) g / (1 - Π_t),   v̂ = v / (1 - β₂ᵗ)
        w ← w - η m̂ / (√v̂ + ε)

    Π_t is one number a member, kept as a slot of shape (P,).
    """

    beta_1: Number = 0.9
    beta_2: Number = 0.999
    epsilon: Number = 1e-7

    @property
    def slot_names(self) -> tuple[str, ...]:
        return ("momentum", "velocity")

    def slots(self, shape: tuple[int, ...]) -> InitialSlots:
        return {**super().slots(shape), "product": np.ones(shape[0], np.float32)}

    def update(self, w: Array, g: Array, slots: Slots, t: Array, one_minus: Mapping[str, Array]) -> tuple[Array, Slots]:
        mu, next_mu = (self.beta_1 * (1 - 0.5 * jax.numpy.power(0.96, step)) for step in (t, t + 1))
        product = _over(slots["product"], w) * mu
        # Keras takes these two complements in float32.
        m = slots["momentum"] + (1 - self.beta_1) * (g - slots["momentum"])
        v = slots["velocity"] + (1 - self.beta_2) * (g**2 - slots["velocity"])
        m_hat = next_mu * m / (1 - product * next_mu) + (1 - mu) * g / (1 - product)
        v_hat = v / (1 - self.beta_2**t)
        w = w - m_hat * self.learning_rate / (jax.numpy.sqrt(v_hat) + self.epsilon)
        return w, {"momentum": m, "velocity": v, "product": product.reshape(slots["product"].shape)}


# --- Others ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Ftrl(Optimizer):
    r"""Follow the regularized leader (McMahan et al., KDD 2013).

    With p = -learning_rate_power, λ₁, λ₂ and λ_s the l1, l2 and shrinkage strengths::

        n' = n + g²
        z ← z + g + 2 λ_s w - (n'ᵖ - nᵖ) / η · w
        w ← (clip(z, -λ₁, λ₁) - z) / (n'ᵖ / η + 2 λ₂ + β / η),   n ← n',   n = initial_accumulator_value at first

    w is rebuilt from z at every update, so the initial kernel counts only through the first gradients.
    """

    initial: ClassVar[tuple[str, ...]] = ("initial_accumulator_value",)

    learning_rate_power: Number = -0.5
    initial_accumulator_value: Number = 0.1
    l1_regularization_strength: Number = 0.0
    l2_regularization_strength: Number = 0.0
    l2_shrinkage_regularization_strength: Number = 0.0
    beta: Number = 0.0

    @property
    def slot_names(self) -> tuple[str, ...]:
        return ("accumulator", "linear")

    def slots(self, shape: tuple[int, ...]) -> InitialSlots:
        accumulator = np.full(shape, self.initial_accumulator_value, np.float32)
        return {"accumulator": accumulator, "linear": _zeros(shape)}

    def update(self, w: Array, g: Array, slots: Slots, t: Array, one_minus: Mapping[str, Array]) -> tuple[Array, Slots]:
        n, z = slots["accumulator"], slots["linear"]
        new_n = n + g**2
        power, new_power = (jax.numpy.power(a, -self.learning_rate_power) for a in (n, new_n))
        l2 = self.l2_regularization_strength + self.beta / (2.0 * self.learning_rate)
        shrunk = g + 2 * self.l2_shrinkage_regularization_strength * w
        z = z + shrunk - (new_power - power) / self.learning_rate * w
        clipped = jax.numpy.clip(z, -self.l1_regularization_strength, self.l1_regularization_strength)
        w = (clipped - z) / (new_power / self.learning_rate + 2 * l2)
        return w, {"accumulator": new_n, "linear": z}


@dataclass(frozen=True, kw_only=True)
class Lion(Optimizer):
    r"""Lion (Chen et al., NeurIPS 2023): the sign of a momentum.

    ::

        w ← w - η sign(β₁ m + (1 - β₁) g),   m ← β₂ m + (1 - β₂) g
    """

    beta_1: Number = 0.9
    beta_2: Number = 0.99

    @property
    def slot_names(self) -> tuple[str, ...]:
        return ("momentum",)

    def update(self, w: Array, g: Array, slots: Slots, t: Array, one_minus: Mapping[str, Array]) -> tuple[Array, Slots]:
        m = slots["momentum"]
        w = w - self.learning_rate * jax.numpy.sign(self.beta_1 * m + (1 - self.beta_1) * g)
        return w, {"momentum": self.beta_2 * m + (1 - self.beta_2) * g}


@dataclass(frozen=True, kw_only=True)
class Adafactor(Optimizer):
    r"""Adafactor (Shazeer and Stern, ICML 2018): Adam's second moments from the means of rows and columns.

    With η_t = min(η, 1/√t) if relative_step else η, and rms the root mean square over one parameter tensor::

        α = max(ε₂, rms(w)) · min(η_t, 1/√t),   β_t = 1 - t^beta_2_decay
        kernel   r ← β_t r + (1 - β_t) mean_out(g² + ε₁),   c ← β_t c + (1 - β_t) mean_in(g² + ε₁)
                 v = r c / mean(r)
        bias     v ← β_t v + (1 - β_t)(g² + ε₁)
        u = g / √v,   w ← w - α u / max(1, rms(u) / clip_threshold)

    Keras' kernels are (in, out): its rows, r of length in, are the last axis here, and its columns, c, the one before.
    """

    beta_2_decay: Number = -0.8
    epsilon_1: Number = 1e-30
    epsilon_2: Number = 1e-3
    clip_threshold: Number = 1.0
    relative_step: bool = True

    @property
    def slot_names(self) -> tuple[str, ...]:
        # A bias keeps its whole second moment, a kernel only (P, in) and (P, out): nothing of its own size.
        return ()

    def slots(self, shape: tuple[int, ...]) -> InitialSlots:
        if len(shape) == 2:
            return {"velocity": _zeros(shape)}
        return {"row": _zeros((shape[0], shape[2])), "column": _zeros((shape[0], shape[1]))}

    def update(self, w: Array, g: Array, slots: Slots, t: Array, one_minus: Mapping[str, Array]) -> tuple[Array, Slots]:
        decaying = 1 / jax.numpy.sqrt(t)
        # min(min(η, 1/√t), 1/√t) = min(η, 1/√t): with or without relative_step the rate is the same, as in Keras.
        alpha = jax.numpy.maximum(self.epsilon_2, _rms(w)) * jax.numpy.minimum(self.learning_rate, decaying)
        beta = 1 - jax.numpy.power(t, self.beta_2_decay)
        square = g**2 + self.epsilon_1
        if w.ndim == 2:
            v = beta * slots["velocity"] + (1 - beta) * square
            new = {"velocity": v}
        else:
            beta = beta[:, :, 0]
            row = beta * slots["row"] + (1 - beta) * jax.numpy.mean(square, axis=1)
            column = beta * slots["column"] + (1 - beta) * jax.numpy.mean(square, axis=2)
            v = (row / jax.numpy.mean(row, axis=1, keepdims=True))[:, None, :] * column[:, :, None]
            new = {"row": row, "column": column}
        u = g / jax.numpy.sqrt(v)
        return w - alpha * u / jax.numpy.maximum(1.0, _rms(u) / self.clip_threshold), new


def _rms(x: Array) -> Array:
    """Root mean square over every axis but the members', kept for broadcasting."""
    return jax.numpy.sqrt(jax.numpy.mean(x**2, axis=tuple(range(1, x.ndim)), keepdims=True))


OPTIMIZERS: dict[str, Callable[..., Optimizer]] = {
    "sgd": SGD,
    "rmsprop": RMSprop,
    "adagrad": Adagrad,
    "adadelta": Adadelta,
    "adam": Adam,
    "adamw": AdamW,
    "adamax": Adamax,
    "nadam": Nadam,
    "ftrl": Ftrl,
    "lion": Lion,
    "adafactor": Adafactor,
}


# --- The engine's face -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Static:
    """What of a chosen optimizer decides the program; members with equal parts can share a segment.

    Attributes
    ----------
    name : str
        A key of `OPTIMIZERS`.
    settings : tuple of (str, bool or float or None)
        Flags; numbers that the state starts from; and None for each number that is left out.
    numbers : tuple of str
        The names in `numeric_part`.
    """

    name: str
    settings: tuple[tuple[str, bool | float | None], ...]
    numbers: tuple[str, ...]


def _split(choice: Choice) -> tuple[dict[str, bool | float | None], dict[str, float]]:
    """Settings and numbers of a choice."""
    rule: Any = OPTIMIZERS[choice.name]
    settings: dict[str, bool | float | None] = {}
    numbers: dict[str, float] = {}
    for name, value in arguments_of(choice, OPTIMIZERS).items():
        if isinstance(value, bool) or name in rule.initial:
            settings[name] = value
        elif value is None or (name in rule.optional and value == 0):
            settings[name] = None
        else:
            numbers[name] = float(value)
    for name in rule.complements:
        numbers[f"one_minus_{name}"] = 1.0 - numbers[name]
    return settings, numbers


def static_part(choice: Choice) -> Static:
    """What of a choice decides the program: name, flags, and which optional numbers are there."""
    settings, numbers = _split(choice)
    return Static(choice.name, tuple(sorted(settings.items())), tuple(sorted(numbers)))


def numeric_part(choice: Choice) -> dict[str, float]:
    """The numbers of a choice, in double precision; the names are those of ``static_part(choice).numbers``."""
    return _split(choice)[1]


def slot_names(static: Static) -> tuple[str, ...]:
    """The arrays of a parameter's size that the rule keeps beside it, for planning memory."""
    return OPTIMIZERS[static.name](**dict(static.settings)).slot_names


def slots(static: Static, shape: tuple[int, ...]) -> InitialSlots:
    """The optimizer's state for one parameter before the first update; made on the host.

    Parameters
    ----------
    static : Static
        From `static_part`.
    shape : tuple of int
        Of the parameter, (P, out, in) or (P, out).

    Returns
    -------
    dict of str to array of float32
        Of the parameter's shape, or smaller with the same first axis.
    """
    return OPTIMIZERS[static.name](**dict(static.settings)).slots(shape)


def update(
    static: Static, *, parameter: Array, gradient: Array, slots: Slots, step: Array, numbers: Mapping[str, Array]
) -> tuple[Array, Slots]:
    """One update of one parameter of all members; pure, so fit for jit, scan and vmap.

    Parameters
    ----------
    static : Static
        From `static_part`.
    parameter, gradient : array, shape (P, out, in) or (P, out)
        The gradient is clipped already, see `clip`.
    slots : dict of str to array
        From `slots`, or from the update before.
    step : float32 scalar
        The number of this update, 1 for the first.
    numbers : mapping of str to array, shape (P,)
        As in ``static.numbers``.

    Returns
    -------
    tuple
        (parameter, slots) after the update.
    """
    shaped = {name: _over(number, parameter) for name, number in numbers.items()}
    one_minus = {name.removeprefix("one_minus_"): n for name, n in shaped.items() if name.startswith("one_minus_")}
    fields = {name: number for name, number in shaped.items() if not name.startswith("one_minus_")}
    rule = OPTIMIZERS[static.name](**dict(static.settings), **fields)
    if rule.weight_decay is not None:
        parameter = parameter - parameter * rule.weight_decay * rule.learning_rate
    return rule.update(parameter, gradient, slots, _over(jax.numpy.asarray(step), parameter), one_minus)


def clip(static: Static, gradients: Sequence[Array], numbers: Mapping[str, Array]) -> list[Array]:
    """Clip the gradients of all parameters of each member, as the choice asks.

    ``clipnorm`` bounds the norm of each tensor, ``clipvalue`` each entry, ``global_clipnorm`` the norm of all tensors
    of a member together.

    Parameters
    ----------
    static : Static
        From `static_part`.
    gradients : sequence of array, shape (P, ...)
        All gradients of the members.
    numbers : mapping of str to array, shape (P,)
        As in ``static.numbers``.

    Returns
    -------
    list of array
    """
    if "clipnorm" in static.numbers:
        bounds = [_over(numbers["clipnorm"], g) for g in gradients]
        return [g * c / jax.numpy.maximum(_norm([g], g), c) for g, c in zip(gradients, bounds, strict=True)]
    if "global_clipnorm" in static.numbers:
        bounds = [_over(numbers["global_clipnorm"], g) for g in gradients]
        norms = [_norm(gradients, g) for g in gradients]
        # As Keras: c min(1/|g|, 1/c), made NaN where |g| is not finite.
        scales = [c * jax.numpy.minimum(1.0 / n, 1.0 / c) + (n - n) for n, c in zip(norms, bounds, strict=True)]
        return [g * scale for g, scale in zip(gradients, scales, strict=True)]
    if "clipvalue" in static.numbers:
        bounds = [_over(numbers["clipvalue"], g) for g in gradients]
        return [jax.numpy.clip(g, -c, c) for g, c in zip(gradients, bounds, strict=True)]
    return list(gradients)


def _norm(gradients: Sequence[Array], like: Array) -> Array:
    """Euclidean norm over all tensors of each member, shaped to broadcast over `like`."""
    squares = [jax.numpy.sum(g**2, axis=tuple(range(1, g.ndim))) for g in gradients]
    return _over(jax.numpy.sqrt(sum(squares)), like)


def _over(number: Array, array: Array) -> Array:
    """(P,) to (P, 1, …), and () to (1, 1, …), so that it broadcasts over `array`."""
    return number.reshape((*number.shape, *([1] * (array.ndim - number.ndim))))


# --- Ranges of the numbers -------------------------------------------------------------------------------------------

_AT_LEAST_0 = ("a number of at least 0", lambda value: value >= 0)
_ABOVE_0 = ("a number above 0", lambda value: value > 0)
_AT_MOST_0 = ("a number of at most 0", lambda value: value <= 0)
_RATE = ("a number in [0, 1)", lambda value: 0 <= value < 1)

RANGES: dict[str, tuple[str, Callable[[float], bool]]] = {
    "learning_rate": _AT_LEAST_0,
    "momentum": _RATE,
    "rho": _RATE,
    "beta_1": _RATE,
    "beta_2": _RATE,
    "epsilon": _AT_LEAST_0,
    "weight_decay": _AT_LEAST_0,
    "clipnorm": _ABOVE_0,
    "clipvalue": _ABOVE_0,
    "global_clipnorm": _ABOVE_0,
    "initial_accumulator_value": _AT_LEAST_0,
    "learning_rate_power": _AT_MOST_0,
    "l1_regularization_strength": _AT_LEAST_0,
    "l2_regularization_strength": _AT_LEAST_0,
    "l2_shrinkage_regularization_strength": _AT_LEAST_0,
    "beta": _AT_LEAST_0,
    "beta_2_decay": _AT_MOST_0,
    "epsilon_1": _AT_LEAST_0,
    "epsilon_2": _AT_LEAST_0,
    "clip_threshold": _ABOVE_0,
}


def check_numbers(choice: Choice, where: str) -> None:
    """Check that the numbers of an optimizer lie where its rule makes sense.

    Parameters
    ----------
    choice : Choice
        A name of `OPTIMIZERS` with its arguments, of the right kinds.
    where : str
        The dotted key, for the message.

    Raises
    ------
    StudyError
        If a number is out of its range, or more than one kind of clipping is set.
    """
    defaults = arguments_of(Choice(choice.name), OPTIMIZERS)
    for name, value in choice.arguments.items():
        if name not in RANGES or value is None:
            continue
        expected, holds = RANGES[name]
        if choice.name == "ftrl" and name == "learning_rate":  # its rule divides by it
            expected, holds = _ABOVE_0
        if not holds(value):
            without = "to do without" if defaults[name] is None else f"for the default, {defaults[name]}"
            raise StudyError(f"{where}.{name}: expected {expected}, got {value}. Leave it out {without}.")
    kinds = [name for name in ("clipnorm", "clipvalue", "global_clipnorm") if choice.arguments.get(name) is not None]
    if len(kinds) > 1:
        raise StudyError(f"{where}: expected one kind of clipping, got {' and '.join(kinds)}. Keep one of them.")
