"""Write the tables of docs/signals.md, of what is measured, from the records of the quantities.

::

    python docs/generate_signals.py
"""

from __future__ import annotations

import re
from pathlib import Path

from assay.probes import Quantity, quantities

PAGE = Path(__file__).with_name("signals.md")
TABLE = re.compile(r"(<!-- (distributions|numbers) -->\n).*?(?=<!-- end -->)", re.DOTALL)


def signals_page() -> str:
    """The whole page as Markdown, with the tables as the records say."""

    def written(found: re.Match[str]) -> str:
        return f"{found[1]}\n{table(found[2])}\n\n"

    return TABLE.sub(written, PAGE.read_text(encoding="utf-8"))


def table(kind: str) -> str:
    """The quantities that are distributions, or those that are single numbers."""
    chosen = [quantity for quantity in quantities() if quantity.has_histogram == (kind == "distributions")]
    second = "its size" if kind == "distributions" else "statistics"
    lines = [f"| quantity | {second} | of each layer |", "|---|---|---|"]
    return "\n".join([*lines, *(_row(quantity) for quantity in chosen)])


def _row(quantity: Quantity) -> str:
    named = [quantity.size] if quantity.has_histogram else quantity.statistics
    words = ", ".join(f"`{statistic}`" for statistic in named)
    symbol = f"{quantity.symbol}: " if quantity.symbol and not quantity.meaning.startswith(quantity.symbol) else ""
    return f"| `{quantity.name}` | {words} | {symbol}{quantity.meaning} |"


if __name__ == "__main__":
    PAGE.write_text(signals_page(), encoding="utf-8")
    print(f"Wrote {PAGE}")
