"""What PyTorch's functions, losses and optimizers are called here: a `Choice`, or None where it is not one of ours."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional

from assay.choices import Choice
from assay.errors import ModelError
from assay.learning.losses import LOSSES
from assay.learning.optimizers import OPTIMIZERS
from assay.models.naming import chosen
from assay.models.torch_loss import KINDS
from assay.networks.activations import ACTIVATIONS

KERNELS = (
    *("linear", "conv1d", "conv2d", "conv3d"),
    *("conv_transpose1d", "conv_transpose2d", "conv_transpose3d"),
)
NORMALIZATIONS = ("batch_norm", "layer_norm", "group_norm", "instance_norm", "rms_norm")
ATTENTION = "scaled_dot_product_attention"
# They have kernels; `torch_kernels` reads most of them.
OPAQUE = (
    *("bilinear", "embedding", "embedding_bag"),
    *("multi_head_attention_forward", "lstm", "gru", "rnn_tanh", "rnn_relu"),
    *("lstm_cell", "gru_cell", "rnn_tanh_cell", "rnn_relu_cell"),
)

# By PyTorch's name: ours, and by our argument where PyTorch has it: position, name and default.
_ACTIVATIONS: dict[str, tuple[str, dict[str, tuple[int, str, Any]]]] = {
    "relu": ("relu", {}),
    "relu6": ("relu6", {}),
    "leaky_relu": ("leaky_relu", {"negative_slope": (1, "negative_slope", 0.01)}),
    "elu": ("elu", {"alpha": (1, "alpha", 1.0)}),
    "celu": ("celu", {"alpha": (1, "alpha", 1.0)}),
    "selu": ("selu", {}),
    "gelu": ("gelu", {"approximate": (1, "approximate", "none")}),
    "silu": ("silu", {}),
    "mish": ("mish", {}),
    "softplus": ("softplus", {}),
    "sigmoid": ("sigmoid", {}),
    "hardsigmoid": ("hard_sigmoid", {}),
    "logsigmoid": ("log_sigmoid", {}),
    "tanh": ("tanh", {}),
    "hardtanh": ("hard_tanh", {}),
    "hardswish": ("hard_silu", {}),
    "softsign": ("softsign", {}),
    "tanhshrink": ("tanh_shrink", {}),
    "softshrink": ("soft_shrink", {"threshold": (1, "lambd", 0.5)}),
    "hardshrink": ("hard_shrink", {"threshold": (1, "lambd", 0.5)}),
    "threshold": ("threshold", {"threshold": (1, "threshold", 0.0), "default_value": (2, "value", 0.0)}),
    "softmax": ("softmax", {}),
    "log_softmax": ("log_softmax", {}),
    "glu": ("glu", {}),
    "prelu": ("", {}),  # learns its slope
    "rrelu": ("", {}),  # draws it
}
# They pass every number as it is: they arrange them anew, or are dropouts that are off.
KEEPING = (
    *("flatten", "unflatten", "reshape", "view", "permute", "transpose", "swapaxes", "squeeze", "unsqueeze", "movedim"),
    *("contiguous", "clone", "identity", "to", "float", "t", "rearrange"),
    *("dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout"),
)
# Parts of the names of functions that only add, pick, average or order numbers.
_PASSIVE = (
    *("pool", "dropout", "flatten", "reshape", "view", "permute", "transpose", "squeeze", "add", "cat", "mean", "pad"),
    *("contiguous", "clone", "identity", "getitem", "chunk", "split", "interpolate", "upsample"),
)


def kind_of(function: Callable[..., Any]) -> str:
    """What a function is in a `calls.Call`."""
    name = plain_name(function)
    if name in KERNELS:
        return "kernel"
    if name in OPAQUE:
        return "opaque"
    if name == ATTENTION:
        return "attention"
    if name in NORMALIZATIONS:
        return "normalization"
    if name in _ACTIVATIONS:
        return "activation"
    return "passive" if any(part in name for part in _PASSIVE) else "other"


def activation_of(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Choice | None:
    """The activation that a call of a function applies."""
    name, arguments = _ACTIVATIONS[plain_name(function)]
    given = {
        ours: args[position] if len(args) > position else kwargs.get(theirs, default)
        for ours, (position, theirs, default) in arguments.items()
    }
    if "approximate" in given:
        given["approximate"] = given["approximate"] == "tanh"
    is_ours = name not in ("softplus", "hard_tanh") or _has_defaults(name, args, kwargs)
    return chosen(name, given, ACTIVATIONS) if is_ours else None


def _has_defaults(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether a softplus has β = 1, or a hardtanh the ends -1 and 1: those that we have."""
    given = [*args[1:3], *(kwargs[key] for key in ("beta", "min_val", "max_val") if key in kwargs)]
    return all(value in ((1, 20) if name == "softplus" else (-1, 1)) for value in given)


def plain_name(function: Callable[..., Any]) -> str:
    """``relu`` for ``relu_`` too, which writes over its input."""
    return getattr(function, "__name__", "").removesuffix("_").strip("_")


def statistics_kept(module: torch.nn.Module, updates: int) -> float:
    """The largest share of first running statistics that so many updates leave in a batch normalization.

    Each update keeps 1 − momentum of them; where momentum is None they are the mean over all updates.
    """
    norms = [part for part in module.modules() if isinstance(part, torch.nn.modules.batchnorm._NormBase)]
    kept = [(1 - part.momentum) ** updates for part in norms if part.track_running_stats and part.momentum is not None]
    return max(kept, default=0.0)


def largest_dropout(module: torch.nn.Module) -> float:
    """The largest share that a dropout layer of a module sets to 0."""
    dropouts = (part.p for part in module.modules() if isinstance(part, torch.nn.modules.dropout._DropoutNd))
    return max(dropouts, default=0.0)


# --- Losses ----------------------------------------------------------------------------------------------------------

# The function that a class of ``torch.nn`` calls; of those that take scores, shares or numbers alone.
_FUNCTIONS = {
    "CrossEntropyLoss": "cross_entropy",
    "BCELoss": "binary_cross_entropy",
    "BCEWithLogitsLoss": "binary_cross_entropy_with_logits",
    "MSELoss": "mse_loss",
    "L1Loss": "l1_loss",
    "SmoothL1Loss": "smooth_l1_loss",
    "HuberLoss": "huber_loss",
}


def loss_of(loss: Any) -> Choice | None:
    """A loss of ``torch.nn`` or ``torch.nn.functional``; None for weighted ones, and where a sum is taken."""
    is_module = isinstance(loss, torch.nn.Module)
    name = type(loss).__name__ if is_module else getattr(loss, "__name__", "")
    home = torch.nn if is_module else functional
    if getattr(home, name, None) is not (type(loss) if is_module else loss):
        return None
    function = _FUNCTIONS.get(name, "") if is_module else name
    if function not in _FUNCTIONS.values():
        return None
    if getattr(loss, "weight", None) is not None or getattr(loss, "pos_weight", None) is not None:
        return None
    if getattr(loss, "reduction", "mean") != "mean" or getattr(loss, "beta", 1.0) != 1.0:
        return None
    ours, arguments = KINDS[function]
    own = {"label_smoothing": getattr(loss, "label_smoothing", 0.0), "delta": getattr(loss, "delta", 1.0)}
    return chosen(ours, {**arguments, **own}, LOSSES)


def function_of(loss: Choice) -> Any:
    """The function of (outputs, targets) that computes a loss of ours; None where PyTorch has none like it."""
    from_logits = loss.arguments.get("from_logits", False)
    if set(loss.arguments) - {"from_logits"}:
        return None
    return {
        ("categorical_crossentropy", True): functional.cross_entropy,
        ("categorical_crossentropy", False): _of_probabilities,
        ("binary_crossentropy", True): functional.binary_cross_entropy_with_logits,
        ("binary_crossentropy", False): functional.binary_cross_entropy,
        ("mean_squared_error", False): functional.mse_loss,
        ("mean_absolute_error", False): functional.l1_loss,
        ("huber", False): functional.huber_loss,
    }.get((loss.name, from_logits))


def _of_probabilities(outputs: Any, targets: Any) -> Any:
    """Mean of -Σ t log(y), y held above 1e-7 as Keras holds it."""
    return -(targets * outputs.clamp(1e-7, 1 - 1e-7).log()).sum(dim=1).mean()


# --- Optimizers ------------------------------------------------------------------------------------------------------


def optimizer_of(optimizer: torch.optim.Optimizer) -> tuple[Choice | None, float]:
    """An optimizer by its first group of parameters, and the weight decay that it adds to gradients as a penalty.

    Where PyTorch adds ε elsewhere than Keras, ε is the one that makes the first update the same: Adam's by
    √(1 - β₂), those inside a root squared.
    """
    name = type(optimizer).__name__.lower()
    group = optimizer.param_groups[0]
    if name not in _OPTIMIZERS or type(optimizer) is not getattr(torch.optim, type(optimizer).__name__, None):
        return None, 0.0
    if group.get("maximize") or (name == "sgd" and group["dampening"] and not group["momentum"]):
        return None, 0.0
    given = {ours: group[theirs] for theirs, ours in _OPTIMIZERS[name].items()}
    if "betas" in group:
        given |= dict(zip(("beta_1", "beta_2"), group["betas"], strict=True))
    if name in ("adam", "adamw"):
        given["epsilon"] = group["eps"] * math.sqrt(1 - group["betas"][1])
    elif name in ("rmsprop", "adagrad"):
        given["epsilon"] = group["eps"] ** 2
    is_decoupled = name == "adamw"
    if is_decoupled:
        given["weight_decay"] = group["weight_decay"]
    rate = float(given.pop("learning_rate"))
    found = chosen(name, given, OPTIMIZERS)
    choice = found and Choice(name, {"learning_rate": rate, **found.arguments})
    return choice, 0.0 if is_decoupled else float(group.get("weight_decay", 0.0))


_OPTIMIZERS: dict[str, dict[str, str]] = {
    "sgd": {"lr": "learning_rate", "momentum": "momentum", "nesterov": "nesterov"},
    "adam": {"lr": "learning_rate", "amsgrad": "amsgrad"},
    "adamw": {"lr": "learning_rate", "amsgrad": "amsgrad"},
    "adamax": {"lr": "learning_rate", "eps": "epsilon"},
    "rmsprop": {"lr": "learning_rate", "alpha": "rho", "momentum": "momentum", "centered": "centered"},
    "adagrad": {"lr": "learning_rate", "initial_accumulator_value": "initial_accumulator_value"},
    "adadelta": {"lr": "learning_rate", "rho": "rho", "eps": "epsilon"},
}


_CLASSES = {"sgd": "SGD", "adam": "Adam", "adamw": "AdamW", "adamax": "Adamax", "nadam": "NAdam"}
_CLASSES |= {"rmsprop": "RMSprop", "adagrad": "Adagrad", "adadelta": "Adadelta", "adafactor": "Adafactor"}


def optimizer_for(given: Any, module: torch.nn.Module) -> torch.optim.Optimizer | None:
    """An optimizer of PyTorch: the user's own, or one made for a module from its name and arguments.

    Raises
    ------
    ModelError
        If it is neither.
    """
    if given is None or isinstance(given, torch.optim.Optimizer):
        return given
    if not isinstance(given, str | dict | Choice):
        raise ModelError(f"optimizer: expected one of torch.optim or a name such as 'adam', got {given!r}.")
    choice = OPTIMIZERS.parse(given, where="optimizer")
    if choice.name not in _CLASSES:
        raise ModelError(f"optimizer: PyTorch has no '{choice.name}'. Known: {', '.join(_CLASSES)}.")
    arguments = OPTIMIZERS.arguments(choice)
    made = {"lr": arguments["learning_rate"]}
    for theirs, ours in _OPTIMIZERS.get(choice.name, {}).items():
        if theirs not in ("lr", "eps"):
            made[theirs] = arguments[ours]
    if "beta_1" in arguments:
        made["betas"] = (arguments["beta_1"], arguments["beta_2"])
    return getattr(torch.optim, _CLASSES[choice.name])(list(module.parameters()), **made)
