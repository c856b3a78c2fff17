"""What stands in the place of a study in the folder of a training that was watched: one condition, no study file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from assay.study.parts import DesignSpec

Clock = Literal["step", "epoch"]


@dataclass(frozen=True)
class WatchedCondition:
    """The one condition: a user's own model, of which assay knows no settings."""

    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class WatchedTraining:
    """A training of a user's own, as far as readers of a folder ask for its study.

    Attributes
    ----------
    name : str
        Of the model.
    clock : {"step", "epoch"}
        What the column ``epoch`` of the tables counts.
    settings : mapping
        What is known of it, for a page.
    """

    name: str
    clock: Clock
    settings: Mapping[str, Any]
    question: str = ""
    design: DesignSpec = field(default_factory=DesignSpec)

    @classmethod
    def of(cls, manifest: Mapping[str, Any]) -> WatchedTraining:
        """Read it off the manifest."""
        return cls(manifest["study"], manifest["clock"], manifest.get("about", {}))

    def expand(self) -> list[WatchedCondition]:
        """Its one condition."""
        return [WatchedCondition(self.name)]

    def baseline_name(self) -> None:
        """There is nothing to compare it with."""

    def seed_list(self) -> list[int]:
        """One training, whose seed is not known: it goes by 0."""
        return [0]

    def written(self) -> dict[str, Any]:
        """What is known of it."""
        return dict(self.settings)

    def to_toml(self) -> str:
        """It has no study file."""
        return ""
