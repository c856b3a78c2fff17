"""How a trial ended. Inside a compiled population nothing is raised: a trial ends with an outcome."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """The end of a trial; the value is what the tables hold."""

    COMPLETED = "completed"
    DIVERGED = "diverged"
    STOPPED = "stopped"
    FAILED = "failed"

    @property
    def explanation(self) -> str:
        """What happened and what to try, in one sentence."""
        return _EXPLANATIONS[self]


_EXPLANATIONS = {
    Outcome.COMPLETED: "Trained for every epoch of the study.",
    Outcome.DIVERGED: (
        "The loss became infinite or not a number; a smaller learning rate or a smaller initial kernel usually helps."
    ),
    Outcome.STOPPED: "Interrupted before the last epoch; the same command continues it.",
    Outcome.FAILED: "An error ended this trial's population; the message is in the trials table.",
}
