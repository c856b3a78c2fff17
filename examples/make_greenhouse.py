"""Make up greenhouse.csv, the table of own_data.toml: a harvest that is best at 24 °C, with light, and not too wet."""

from __future__ import annotations

from pathlib import Path

import numpy as np

TABLE = Path(__file__).with_name("greenhouse.csv")


def greenhouse(rows: int = 300, seed: int = 0) -> str:
    """The table as text, one greenhouse a line."""
    generator = np.random.default_rng(seed)
    temperature = generator.uniform(12, 36, rows)
    light = generator.uniform(4, 16, rows)
    water = generator.uniform(0.5, 4, rows)
    kilograms = 8 - ((temperature - 24) / 5) ** 2 + 0.4 * light - (water - 2) ** 2 + generator.normal(0, 0.4, rows)
    lines = zip(temperature, light, water, kilograms, strict=True)
    return "temperature,light,water,kilograms\n" + "".join(f"{t:.1f},{s:.1f},{w:.2f},{k:.2f}\n" for t, s, w, k in lines)


if __name__ == "__main__":
    TABLE.write_text(greenhouse(), encoding="utf-8")
    print(f"Wrote {TABLE}")
