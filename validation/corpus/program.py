"""One program of the corpus: a flat record of choices, from which model, data and loop are rebuilt to the bit."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

FORMS = 3  # of each program: as it was drawn, and broken in two ways


@dataclass(frozen=True)
class Program:
    """All choices of a program. What stands under "what a mutation breaks" has its sound value by default.

    Attributes
    ----------
    number : int
        A multiple of three for a program as it was drawn; the two numbers after it are its mutated forms.
    mutation : str
        What breaks it; ``none`` of a program as it was drawn.
    group : str
        Of the mutations of this program and its other forms.
    framework : {"torch", "keras"}
    architecture : str
        A key of `grammar.ARCHITECTURES`.
    data : {"table", "image", "tokens", "sequence"}
    task : {"binary", "multiclass", "multilabel", "regression", "reconstruction", "next_token"}
    rows : int
        Of the training; held-out rows are apart.
    features : int
        Columns of a table, pixels along a side, different tokens, channels of a sequence.
    length : int
        Steps of a sequence or of a row of tokens; channels of an image.
    classes : int
        Classes or labels; 1 for a quantity.
    rare_share : float
        The share of the rarer of two classes.
    centre, spread : float
        Mean and standard deviation of a regression's targets.
    depth, width : int
        Hidden layers or blocks, and their units, channels or features.
    cell, pooling, attention : str
        Of a recurrent network, of a network over positions, and who wrote the attention.
    normalization, norm_position : str
        Kind, and whether it stands before a residual branch or behind the sum.
    output : str
        What the last layer applies; ``scores`` is nothing.
    outputs : int
        Units of the last layer.
    squeezed : bool
        Whether a single output is returned with shape (n,), as its targets are.
    schedule, schedule_every : str
        A key of `schedules.FACTORS`, and whether it goes on by the ``step`` or by the ``epoch``.
    updates : int
    clip : float
        The largest norm of the gradient; 0 for no limit.
    steps_per_execution : int
        Of Keras' fit.
    """

    number: int
    mutation: str
    group: str
    framework: str
    architecture: str
    data: str
    task: str
    rows: int
    features: int
    length: int
    classes: int
    outputs: int
    rare_share: float
    centre: float
    spread: float
    depth: int
    width: int
    activation: str
    normalization: str
    norm_position: str
    cell: str
    pooling: str
    attention: str
    dropout: float
    kernel_initializer: str
    output: str
    loss: str
    squeezed: bool
    label_smoothing: float
    inputs: str
    optimizer: str
    learning_rate: float
    momentum: float
    weight_decay: float
    schedule: str
    schedule_every: str
    batch_size: int
    updates: int
    clip: float
    steps_per_execution: int
    # What a mutation breaks.
    bias: float = 0.0  # added to every hidden bias
    output_gain: float = 1.0  # of the last kernel
    embedding_gain: float = 1.0
    labels: str = "right"
    targets: str = "right"
    reduction: str = "mean"
    sign: int = 1  # of the loss
    wiring: str = "modules"
    loop: str = "right"
    mode: str = "train"
    precision: str = "float32"
    norm_memory: float = 0.9  # what running statistics keep of themselves in an update
    norm_over_one: bool = False
    attention_axis: str = "positions"
    batches: str = "shuffled"

    @property
    def base(self) -> int:
        """The number that the three forms of a program share."""
        return self.number // FORMS

    @property
    def is_mutated(self) -> bool:
        """Whether a mutation was applied."""
        return self.number % FORMS > 0

    @property
    def family(self) -> str:
        """Architecture and group of mutations, the same for all forms of a program."""
        return f"{self.architecture} × {self.group}"

    @property
    def epochs(self) -> int:
        """The passes that hold the updates, the last perhaps cut short."""
        return -(-self.updates // self.updates_per_epoch)

    @property
    def updates_per_epoch(self) -> int:
        """Batches of a pass, a short last one included."""
        return -(-self.rows // self.batch_size)

    def written(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)
