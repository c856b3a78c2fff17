"""Change through training as a picture that moves."""

from __future__ import annotations

import numpy as np
from PIL import Image

from assay.figures import write_animation
from assay.figures.animation import chosen_epochs


def test_the_gif_has_a_frame_for_each_epoch(fading_and_level, tmp_path):
    """Small, on white, for ever; the frames differ."""
    path = write_animation(fading_and_level, tmp_path / "one.gif", ["start=level"])
    assert path.stat().st_size < 1.5e6
    with Image.open(path) as picture:
        assert (picture.format, picture.n_frames, picture.info["loop"]) == ("GIF", 3, 0)
        frames = []
        for index in range(3):
            picture.seek(index)
            frames.append(np.asarray(picture.convert("RGB")))
    assert frames[0][0, 0].tolist() == [255, 255, 255]
    assert not np.array_equal(frames[0], frames[2])


def test_several_conditions_move_side_by_side(fading_and_level, tmp_path):
    """On one wall."""
    path = write_animation(fading_and_level, tmp_path / "two.gif", frames=2)
    with Image.open(path) as picture:
        assert picture.n_frames == 2


def test_epochs_are_chosen_evenly_with_both_ends():
    """All where there are few."""
    assert chosen_epochs([0, 1, 2]) == [0, 1, 2]
    assert chosen_epochs(list(range(101)), 5) == [0, 25, 50, 75, 100]
