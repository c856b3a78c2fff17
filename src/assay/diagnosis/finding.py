"""What a judgement is: findings with their evidence, cause and remedy, and a verdict made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Evidence:
    """The number that a rule looked at.

    Attributes
    ----------
    quantity : str
        What was measured, in words: ``std of the pre-activations, last hidden layer / first``.
    value, threshold : float, optional
        What it came to, and where the rule fires; None for what is decided without a number.
    text : str
        The same as a sentence.
    """

    quantity: str
    value: float | None
    threshold: float | None
    text: str

    def written(self) -> dict[str, Any]:
        """As JSON."""
        return {"quantity": self.quantity, "value": self.value, "threshold": self.threshold, "text": self.text}


@dataclass(frozen=True)
class Remedy:
    """What to change.

    Attributes
    ----------
    text : str
        What to do, then the effect that theory predicts where it predicts one.
    settings : dict of str to value
        The same change for a study: dotted keys, as ``assay run --set`` takes them; empty where it is not one.
    """

    text: str
    settings: dict[str, Any] = field(default_factory=dict)

    def written(self) -> dict[str, Any]:
        """As JSON."""
        return {"text": self.text, "settings": dict(self.settings)}


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, or worth knowing.

    Attributes
    ----------
    symptom : str
        A name of the rule book, `docs/findings.md`.
    layers : tuple of int
        Where, counted from 1; empty where it is the whole network.
    evidence : Evidence
    cause : str
        Why it happens: what is to blame in this network, then the general cause of the symptom.
    remedy : Remedy
    level : {"certain", "fault", "note"}
        ``certain`` is decided without measuring anything; ``fault`` is a measurement beyond its threshold; a ``note``
        leaves the verdict alone.
    seeds, of_seeds : int
        In how many of the networks that were looked at, and how many these were.
    """

    symptom: str
    layers: tuple[int, ...]
    evidence: Evidence
    cause: str
    remedy: Remedy
    level: str = "fault"
    seeds: int = 1
    of_seeds: int = 1

    @classmethod
    def of_written(cls, written: Mapping[str, Any]) -> Finding:
        """Of what `written` gave."""
        return cls(
            **{
                **written,
                "layers": tuple(written["layers"]),
                "evidence": Evidence(**written["evidence"]),
                "remedy": Remedy(**written["remedy"]),
            }
        )

    def written(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "symptom": self.symptom,
            "level": self.level,
            "layers": list(self.layers),
            "seeds": self.seeds,
            "of_seeds": self.of_seeds,
            "evidence": self.evidence.written(),
            "cause": self.cause,
            "remedy": self.remedy.written(),
        }


@dataclass(frozen=True)
class Verdict:
    """What the findings come to.

    Attributes
    ----------
    status : {"healthy", "unhealthy", "unknown"}
        Unhealthy if at least one finding is no mere note; unknown if nothing was found and too little was looked at.
    findings : tuple of str
        The symptoms that made it so.
    will_train : bool, optional
        The prediction: whether it learns within its budget of updates. None where that cannot be said.
    probability : float, optional
        That it does, by `assay.diagnosis.forecast`; None where a look ahead has measured it.
    """

    status: str
    findings: tuple[str, ...]
    will_train: bool | None = None
    probability: float | None = None

    @classmethod
    def of(cls, findings: Sequence[Finding], probability: float | None = None, *, is_known: bool = True) -> Verdict:
        """From what was found, the prediction if there is one, and whether enough was looked at to call it healthy."""
        faults = tuple(dict.fromkeys(finding.symptom for finding in findings if finding.level != "note"))
        will_train = None if probability is None else probability >= 0.5
        status = "unhealthy" if faults else ("healthy" if is_known else "unknown")
        return cls(status, faults, will_train, probability)

    def written(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "status": self.status,
            "findings": list(self.findings),
            "will_train": self.will_train,
            "probability": self.probability,
        }
