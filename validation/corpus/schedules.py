"""Learning-rate schedules as a factor of the rate: of the call's number, and of how many calls the author expects."""

from __future__ import annotations

import math
from collections.abc import Callable

FACTORS: dict[str, Callable[[int, int], float]] = {
    "constant": lambda call, calls: 1.0,
    "cosine": lambda call, calls: 0.5 * (1 + math.cos(math.pi * min(1.0, call / calls))),
    "decay": lambda call, calls: 0.1 ** (call / calls),
    "warm_up": lambda call, calls: min(1.0, (call + 1) / (0.1 * calls)),
    # As in libraries of transformers: the very first rate is 0, then up for a tenth, then down to 0.
    "warm_up_from_zero": lambda call, calls: max(0.0, min(call / (0.1 * calls), (calls - call) / (0.9 * calls))),
    "one_cycle": lambda call, calls: max(0.04, 1 - abs(call / calls - 0.3) / (0.3 if call < 0.3 * calls else 0.7)),
    # What a mutation calls at the wrong time.
    "warm_up_of_500": lambda call, calls: min(1.0, call / 500),
    "tenth_off": lambda call, calls: 0.9**call,
}
