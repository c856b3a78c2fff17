"""Ten stand-ins of tables as people have them, each with a target that can be learnt. Written anew, always the same.

::

    [titanic] = [table for table in TABLES if table.name == "titanic"]
    titanic.write(folder)                       # the path of its file
    titanic.data                                # what a study says beside the path
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True)
class RealTable:
    """A table and how it is asked for.

    Attributes
    ----------
    name, task : str
        The file's stem, and what is learnt.
    make : callable
        Its header and lines from a generator.
    data : dict
        What a study says of it beside the path: all that must be said.
    delimiter, encoding : str
        How it is written.
    is_decimal_comma : bool
    """

    name: str
    task: str
    make: Callable[[np.random.Generator], tuple[list[str], list[list[Any]]]]
    data: dict[str, Any] = field(default_factory=dict)
    delimiter: str = ","
    encoding: str = "utf-8"
    is_decimal_comma: bool = False

    def rows(self) -> tuple[list[str], list[list[Any]]]:
        """Header and lines; a gap is None or empty."""
        return self.make(np.random.default_rng(sum(map(ord, self.name))))

    def write(self, folder: Path) -> Path:
        """Write it as ``NAME.csv``."""
        header, lines = self.rows()
        text = io.StringIO()
        writer = csv.writer(text, delimiter=self.delimiter, lineterminator="\r\n")
        writer.writerow(header)
        writer.writerows([self._cell(cell) for cell in line] for line in lines)
        path = folder / f"{self.name}.csv"
        path.write_bytes(text.getvalue().encode(self.encoding))
        return path

    def _cell(self, cell: Any) -> Any:
        if isinstance(cell, float):
            cell = f"{cell:.4g}"
            return cell.replace(".", ",") if self.is_decimal_comma else cell
        return cell


def _draw(chance: float, rng: np.random.Generator) -> bool:
    return bool(rng.random() < chance)


def _titanic(rng: np.random.Generator) -> tuple[list[str], list[list[Any]]]:
    header = [
        "PassengerId",
        "Survived",
        "Pclass",
        "Name",
        "Sex",
        "Age",
        "SibSp",
        "Parch",
        "Ticket",
        "Fare",
        "Cabin",
        "Embarked",
    ]
    lines = []
    for number in range(1, 892):
        pclass = int(rng.choice([1, 2, 3], p=[0.24, 0.21, 0.55]))
        sex = "male" if _draw(0.65, rng) else "female"
        age = float(np.clip(rng.normal(38 - 5 * pclass + 5, 13), 0.5, 80))
        odds = 2.6 * (sex == "female") - 1.0 * (pclass - 2) - 0.03 * (age - 30) - 1.0
        survived = int(_draw(1 / (1 + np.exp(-1.5 * odds)), rng))
        name = f'Name{number}, {"Mr." if sex == "male" else "Mrs."} "Nick" First{number % 97}'
        cabin = f"{'ABCDE'[number % 5]}{number}" if pclass == 1 and _draw(0.8, rng) else None
        port = None if number in (62, 830) else str(rng.choice(["S", "C", "Q"], p=[0.72, 0.19, 0.09]))
        fare = float(np.exp(rng.normal(4.6 - 0.8 * pclass, 0.4)))
        shown = None if _draw(0.2, rng) else round(age)
        family = [int(rng.integers(0, 4)), int(rng.integers(0, 3))]
        lines.append([number, survived, pclass, name, sex, shown, *family, f"A/5 {number // 2}", fare, cabin, port])
    return header, lines


def _wine(rng: np.random.Generator) -> tuple[list[str], list[list[Any]]]:
    header = ["Säure", "Restzucker", "Alkohol", "Dichte", "Qualität"]
    lines = []
    for x in rng.normal(size=(600, 4)):
        quality = int(np.clip(round(5.5 + 1.2 * x[2] - 0.8 * x[0]), 3, 8))
        lines.append([7.0 + 0.9 * x[0], 5.1 + 0.5 * x[1], 10.5 + 1.1 * x[2], 0.994 + 0.003 * x[3], quality])
    return header, lines


def _sales(rng: np.random.Generator) -> tuple[list[str], list[list[Any]]]:
    first = np.datetime64("2022-01-01")
    lines = []
    for day in rng.permutation(730):
        date = (first + int(day)).item()
        shop, price = str(rng.choice(["north", "south", "harbour"])), 5 + 2 * rng.random()
        sold = 100 + 0.2 * float(day) - 9 * price + 20 * (shop == "harbour") + rng.normal(0, 3)
        lines.append([f"{date:%d.%m.%Y}", shop, price, float(sold)])
    return ["date", "shop", "price", "sold"], lines


def _customers(rng: np.random.Generator) -> tuple[list[str], list[list[Any]]]:
    lines = []
    for number, (income, age) in enumerate(rng.normal(size=(1000, 2))):
        label = "stays" if income + 0.5 * age + rng.normal(0, 0.4) > 0 else "leaves"
        lines.append([f"C-{7919 * number % 100_003:06d}", 40_000 + 9_000 * income, 45 + 12 * age, label])
    return ["customer", "income", "age", "outcome"], lines


def _sensor(rng: np.random.Generator) -> tuple[list[str], list[list[Any]]]:
    lines = [[a, None, b, float(2 * a - b + rng.normal(0, 0.1))] for a, b in rng.normal(size=(400, 2))]
    return ["pressure", "remarks", "flow", "yield"], lines


def _adult(rng: np.random.Generator) -> tuple[list[str], list[list[Any]]]:
    works = ["Private", "Self-emp", "State-gov", "?"]
    lines = []
    for _ in range(800):
        age, hours, married = int(rng.integers(17, 80)), int(rng.integers(10, 70)), _draw(0.5, rng)
        work = str(rng.choice(works, p=[0.7, 0.15, 0.1, 0.05]))
        score = 0.06 * (age - 40) + 0.08 * (hours - 40) + 2 * married + (work == "Self-emp") + rng.normal()
        gain = "?" if _draw(0.3, rng) else float(50 * max(0.0, score))
        lines.append(
            [age, work, "yes" if married else "no", hours, gain, _draw(0.5, rng), "<=50K" if score < 1 else ">50K"]
        )
    return ["age", "workclass", "married", "hours", "gain", "native", "income"], lines


def _reviews(rng: np.random.Generator) -> tuple[list[str], list[list[Any]]]:
    notes = ["fine,\nreally", "broken\nin the box", 'they said "never"', "ok"]
    lines = []
    for _ in range(500):
        note, days = int(rng.integers(0, 4)), int(rng.integers(1, 30))
        lines.append([notes[note], days, int(_draw(0.9 if note in (1, 2) or days > 20 else 0.1, rng))])
    return ["note", "days", "returned"], lines


def _survey(rng: np.random.Generator) -> tuple[list[str], list[list[Any]]]:
    answers = ["not at all", "a little", "very much indeed"]
    lines = []
    for a, b, c in rng.normal(size=(600, 3)):
        lines.append([a, b, c, answers[int(np.digitize(a - b + 0.2 * rng.normal(), [-0.7, 0.7]))]])
    return ["hours per week", "distance (km)", "noise", "how do you like it?"], lines


def _fraud(rng: np.random.Generator) -> tuple[list[str], list[list[Any]]]:
    lines = []
    for number in range(1000):
        fraud = number % 20 == 7
        amount, hour = np.exp(rng.normal(3 + 1.5 * fraud, 0.7)), rng.normal(13 - 8 * fraud, 3)
        lines.append([float(amount), float(hour), float(rng.normal()), "true" if fraud else "false"])
    return ["amount", "hour", "noise", "fraud"], lines


def _genes(rng: np.random.Generator) -> tuple[list[str], list[list[Any]]]:
    x = rng.normal(size=(200, 2000))
    y = x[:, :40].mean(axis=1) * 6 > 0
    x[:, :40] += 0.8 * y[:, None]
    lines = [[*map(float, row), "tumour" if label else "healthy"] for row, label in zip(x, y, strict=True)]
    return [*(f"g{number}" for number in range(2000)), "tissue"], lines


TABLES = (
    RealTable(
        "titanic",
        "binary",
        _titanic,
        {"target": "Survived", "columns": {"Name": "ignore", "Ticket": "ignore", "Cabin": "ignore"}},
    ),
    RealTable("wine_with_commas", "multiclass", _wine, {}, ";", "utf-8-sig", is_decimal_comma=True),
    RealTable("sales_by_date", "regression", _sales, {"target_scaling": "standard"}),
    RealTable("customers", "binary", _customers, {"columns": {"customer": "ignore"}}),
    RealTable("empty_column", "regression", _sensor),
    RealTable("mixed_types", "binary", _adult),
    RealTable("quoted_newline", "binary", _reviews),
    RealTable("labels_with_spaces", "multiclass", _survey, {}, "\t", "utf-16"),
    RealTable("imbalanced", "binary", _fraud),
    RealTable("wide", "binary", _genes),
)
