"""A plane and its tiles."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from assay.errors import DataError, StudyError
from assay.mapping import plane as module
from assay.mapping.axes import Axis
from assay.mapping.plane import Plane, even_cuts
from assay.study import Study

RATE = Axis("learning_rate", 1e-3, 1.0, 10, "log")


def plane(x=RATE, y=None, **network):
    """A plane over iris with 7 rows."""
    study = Study(data="iris", network={"hidden": [4], **network}, training={"optimizer": "sgd", "batch_size": 96})
    return Plane.of(study, x, y or Axis("l2", 0.0, 1.0, 7))


def assert_covered_once(tiles, shape):
    """Every cell lies in one tile."""
    count = np.zeros(shape, int)
    for tile in tiles:
        count[tile.first_row : tile.end_row, tile.first_column : tile.end_column] += 1
        assert tile.cells == (tile.end_row - tile.first_row) * (tile.end_column - tile.first_column)
    assert (count == 1).all()


@pytest.mark.parametrize(("most", "sizes"), [(1000, {70}), (30, {20, 30}), (10, {10}), (4, {3, 4}), (1, {1})])
def test_tiles_cover_the_plane_in_about_equal_sizes(monkeypatch, most, sizes):
    """As many whole rows as fit; where a row does not, it is cut."""
    monkeypatch.setattr(module, "TILE_CELLS", most)
    tiles = plane().tiles
    assert_covered_once(tiles, (7, 10))
    assert {tile.cells for tile in tiles} == sizes


def test_large_networks_make_small_tiles(monkeypatch):
    """A tile's parameters and gradients stay within its bytes; a row of larger networks has tiles of its own."""
    depth = Axis("depth", 2, 8, 7)
    monkeypatch.setattr(module, "TILE_BYTES", 4 * 2 * 4 * 500)  # four networks of 500 parameters
    tall = plane(y=depth, width=16, hidden=None, depth=3)
    assert_covered_once(tall.tiles, (7, 10))
    for tile in tall.tiles:
        assert tile.end_row - tile.first_row == 1
        [population] = tall.plan_tile(tile).populations
        assert sum(member.state_bytes for member in population.members) <= 16_000 or tile.cells == 1
    assert len({tile.cells for tile in tall.tiles}) > 1


def test_cuts_are_even():
    """Pieces of at most so many, whose sizes differ by one at the most."""
    for count in range(1, 40):
        for most in range(1, 45):
            sizes = [end - start for start, end in pairwise(even_cuts(count, most))]
            assert sum(sizes) == count
            assert max(sizes) <= most
            assert max(sizes) - min(sizes) <= 1
            assert len(sizes) == -(-count // most)


def test_a_tile_is_planned_row_by_row():
    """The level of x changes fastest, and everything but the two axes is the base network's."""
    whole = plane()
    levels = [condition.settings for condition in whole.plan([1, 2], [0, 4, 9]).conditions]
    x, y = whole.x.levels, whole.y.levels
    keys = ("network.l2", "training.optimizer.learning_rate")
    assert [tuple(level[key] for key in keys) for level in levels] == [(y[i], x[j]) for i in (1, 2) for j in (0, 4, 9)]
    assert whole.seed == 0


def test_factors_and_conditions_of_the_study_are_left_out():
    """The base network alone is mapped, from the first of the study's seeds."""
    study = Study(
        data="iris",
        conditions={"a": {"network.activation": "tanh"}, "b": {"network.activation": "elu"}},
        design={"kind": "conditions", "baseline": "a", "seeds": [5, 6]},
    )
    found = Plane.of(study, RATE, Axis("l2", 0.0, 1.0, 7))
    assert found.seed == 5
    assert len(found.plan([0, 1], [0, 1]).conditions) == 4
    assert {member.layers[0].activation.name for p in found.plan([0], [0, 1]).populations for member in p.members} == {
        "relu"
    }


def test_a_plane_is_the_same_however_it_is_written():
    """Name, factors and further seeds do not change its numbers; an axis, a setting or the first seed does."""
    y = Axis("l2", 0.0, 1.0, 7)
    base = {"data": "iris", "network": {"hidden": [4]}, "seeds": 3}
    here = Plane.of(Study(**base), RATE, y).fingerprint()
    same = Study(**{**base, "name": "other", "vary": {"network.activation": ["relu", "tanh"]}, "seeds": 1})
    assert Plane.of(same, Axis("training.optimizer.learning_rate", 1e-3, 1.0, 10, "log"), y).fingerprint() == here
    assert Plane.of(Study(**{**base, "seeds": [1]}), RATE, y).fingerprint() != here
    assert Plane.of(Study(**{**base, "network": {"hidden": [5]}}), RATE, y).fingerprint() != here
    assert Plane.of(Study(**base), RATE, Axis("l2", 0.0, 1.0, 8)).fingerprint() != here
    assert Plane.of(Study(**base), y, RATE).fingerprint() != here


def test_an_argument_of_a_single_layer_needs_no_choice_written_out():
    """The layer has the network's initializer, and the axis its argument."""
    study = Study(data="iris", network={"hidden": [4], "kernel_initializer": {"name": "random_normal"}})
    found = Plane.of(study, RATE, Axis("network.layers.output.kernel_initializer.stddev", 0.1, 1.0, 7))
    [population] = found.plan([0, -1], [0]).populations
    assert [member.layers[-1].kernel_initializer.arguments["stddev"] for member in population.members] == [0.1, 1.0]
    assert population.members[0].layers[0].kernel_initializer.name == "random_normal"


@pytest.mark.parametrize(
    ("y", "error", "words"),
    [
        (Axis("optimizer.learning_rate", 1, 2, 3), StudyError, "--y training.optimizer.learning_rate: the other axis"),
        (Axis("dropout", 0, 1.5, 4), StudyError, "network.dropout: expected a number below 1, got 1.5"),
        (Axis("batch_size", 1, 97, 4), StudyError, "expected at most 96, the number of training rows, got 97"),
        (Axis("kernel_initializer.scale", 1, 2, 4), StudyError, "'glorot_uniform' has no argument 'scale'"),
        (Axis("data.rows", 120, 200, 4), DataError, "data.rows: expected at most 120"),
    ],
)
def test_the_corners_are_checked_before_anything_is_trained(y, error, words):
    """A level that the network or the data cannot take is told by its key."""
    with pytest.raises(error) as caught:
        plane(y=y)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
