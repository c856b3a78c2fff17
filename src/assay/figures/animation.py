"""Change through training, as an animated GIF: the four panels of one condition or of a few beside each other.

::

    write_animation(SignalTables.of(results), "training.gif", conditions=["worse", "better"])
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from assay.figures.distributions import panels_by_epoch
from assay.figures.four_panels import draw_four_panels
from assay.figures.signal_tables import SignalTables
from assay.figures.wall import draw_wall

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from PIL import Image

MANY_FRAMES = 40
DOTS_PER_INCH = 84
COLOURS = 64
NEAR_WHITE = 246
FRAME_MILLISECONDS = 250
END_MILLISECONDS = 1500  # the first and the last frame, to be looked at


def chosen_epochs(recorded: Sequence[int], most: int = MANY_FRAMES) -> list[int]:
    """At most `most` of the recorded epochs, evenly chosen, the first and the last among them."""
    places = np.linspace(0, len(recorded) - 1, min(len(recorded), most)).round().astype(int)
    return [recorded[place] for place in np.unique(places)]


def write_animation(
    tables: SignalTables,
    path: str | Path,
    conditions: Sequence[str] | None = None,
    *,
    quantities: Sequence[str] | None = None,
    frames: int = MANY_FRAMES,
) -> Path:
    """Write the change of the signal through training as a GIF.

    Parameters
    ----------
    tables : SignalTables
        What was recorded.
    path : path
        Of the file.
    conditions : sequence of str, optional
        All if not given; best with one to four.
    quantities : sequence of str, optional
        Any that have a histogram; those that have a panel if not given.
    frames : int
        At most so many epochs, evenly chosen.

    Returns
    -------
    Path
        The file. Scales stay as they are through all frames.

    Raises
    ------
    StoreError
        If a condition or a quantity is unknown.
    """
    from PIL import Image

    epochs = chosen_epochs(tables.epochs(conditions) or [0], frames)
    panels = panels_by_epoch(tables, conditions, epochs, quantities=quantities)
    pictures = [_picture(draw_four_panels(data) if len(data.conditions) == 1 else draw_wall(data)) for data in panels]
    # One palette for all frames, so that only what moves is stored again.
    palette = pictures[len(pictures) // 2].quantize(COLOURS)
    palette.putpalette(_with_white(palette.getpalette() or []))
    first, *others = (picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in pictures)
    durations = [FRAME_MILLISECONDS] * len(pictures)
    durations[0] = durations[-1] = END_MILLISECONDS
    path = Path(path)
    first.save(path, format="GIF", save_all=True, append_images=others, duration=durations, loop=0, optimize=True)
    return path


def _with_white(palette: list[int]) -> list[int]:
    """The palette with its near whites made white: the mean of paper and faint lines is not the paper's colour."""
    colours = [palette[place : place + 3] for place in range(0, len(palette), 3)]
    return [255 if min(colour) >= NEAR_WHITE else part for colour in colours for part in colour]


def _picture(figure: Figure) -> Image.Image:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    figure.set_dpi(DOTS_PER_INCH)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return Image.fromarray(np.asarray(canvas.buffer_rgba())[:, :, :3].copy())
