"""The numbers of a population's members, laid out as its groups and slots are.

Index letters: G groups, M slots of a group.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assay.engine.arguments import Numbers
from assay.engine.layout import Layout
from assay.engine.recipe import Recipe
from assay.learning.losses import class_threshold
from assay.learning.optimizers import numeric_part


def member_numbers(layout: Layout, recipe: Recipe, seeds: Sequence[int]) -> Numbers[np.ndarray]:
    """All that differs between members without changing the program, on the host."""
    members, conditions = layout.members, layout.group_conditions

    def per_slot(values: Sequence[float]) -> np.ndarray:
        """(G, M), from a value for each condition."""
        return np.asarray(values, np.float32)[conditions]

    numeric = [numeric_part(member.optimizer) for member in members]
    optimizer = []
    for part in recipe.optimizers:
        here = part.of(conditions)
        names = numeric[int(here[0, 0])]
        optimizer.append(
            {name: np.asarray([[numeric[c][name] for c in row] for row in here], np.float32) for name in names}
        )
    depth = len(members[0].layers)
    l2 = [per_slot([member.layers[at].l2 for member in members]) for at in range(depth)]
    dropout = [per_slot([member.layers[at].dropout for member in members]) for at in range(depth - 1)]

    def rate(condition: int, at: int) -> float:
        own = members[condition].layers[at].learning_rate
        return numeric[condition].get("learning_rate", np.nan) if own is None else own  # an own optimizer may have none

    rates = [per_slot([rate(condition, at) for condition in range(len(members))]) for at in range(depth)]
    has_own = any(layer.learning_rate is not None for member in members for layer in member.layers)
    return Numbers(
        optimizer=optimizer,
        l2=l2 if any(strength.any() for strength in l2) else [],
        dropout=dropout if any(fraction.any() for fraction in dropout) else [],
        learning_rate=rates if has_own else [],
        threshold=per_slot([class_threshold(member.loss, member.layers[-1].activation) for member in members]),
        seed=np.asarray(seeds, np.uint32)[layout.group_seeds],
        seed_index=layout.group_seeds.astype(np.int32),
    )
