"""Grow, judge and print the corpus.

    python validation/corpus train   [--programs N] [--workers 2] [--out DIR]
    python validation/corpus labels  [--out DIR]
    python validation/corpus judge   [--part seen|unseen|fresh|all] [--others] [--workers 2] [--out DIR]
    python validation/corpus page    [--out DIR]

Each step goes on where it was stopped. `judge` asks assay, anew when its source has changed, and with `--others` the
detectors that it is compared with. `page` writes validation/corpus.md and validation/corpus/levels.json.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from corpus.grammar import program  # noqa: E402
from corpus.labels import PARTS, SOUND, decide_alike, labels, part_of  # noqa: E402
from corpus.training import SEEDS, in_workers, open_tasks, trained, written  # noqa: E402

OUT = HERE.parents[1] / "assay-runs" / "corpus"
PROGRAMS = 1398


def main() -> None:
    """Do the step that is named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("step", choices=("train", "labels", "judge", "page"))
    parser.add_argument("--programs", type=int, default=PROGRAMS, help="how many, sound and mutated")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path, default=OUT, help="where trainings and judgements are kept")
    parser.add_argument("--part", choices=(*PARTS, "all"), default="all", help="which part is judged")
    parser.add_argument("--others", action="store_true", help="judge by the detectors that assay is compared with")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # which ends the workers too
    path = options.out / "trainings.jsonl"
    if options.step == "train":
        in_workers(trained, open_tasks(range(options.programs), path), path, workers=options.workers)
        return
    found = {number: label for number, label in labels(written(path), SEEDS).items() if number < options.programs}
    if options.step == "labels":
        print_labels(found)
    elif options.step == "judge":
        judge(found, options.out, options.part, options.workers, by_others=options.others)
    else:
        write_page(found, options.out)


def print_labels(found: dict[int, str]) -> None:
    """How many programs have each label, by part and by mutation."""
    for counted in (found.values(), ((part_of(program(number)), label) for number, label in found.items())):
        for name, count in sorted(Counter(counted).items()):
            print(f"{count:5}  {name if isinstance(name, str) else ', '.join(name)}")
    by_mutation: dict[str, Counter[str]] = {}
    for number, label in found.items():
        by_mutation.setdefault(program(number).mutation, Counter())[label] += 1
    for name, counts in sorted(by_mutation.items()):
        print(f"{name:32} {', '.join(f'{count} {label}' for label, count in sorted(counts.items()))}")


def judge(found: dict[int, str], out: Path, part: str, workers: int, *, by_others: bool) -> None:
    """Judge what is clearly sound or broken and has not been judged."""
    from corpus.judging import digest, judged, judged_by_others, open_numbers

    clear = [number for number, label in found.items() if label in (*SOUND, "broken")]
    wanted = [number for number in clear if part in ("all", part_of(program(number)))]
    path = out / ("others.jsonl" if by_others else f"judged-{digest()}.jsonl")
    numbers = open_numbers(wanted, path)
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(out / "programs"))
    print(f"{path.name}: {len(numbers)} of {len(wanted)} programs to judge", file=sys.stderr)
    in_workers(judged_by_others if by_others else judged, numbers, path, workers=workers, tasks_each=40)


def write_page(found: dict[int, str], out: Path) -> None:
    """Write the page and the levels from what this version of assay says."""
    from corpus.judging import digest
    from corpus.page import levels_file, page, rows

    judgements = written(out / f"judged-{digest()}.jsonl")
    if not judgements:
        sys.exit(f"{out}: this version of assay ({digest()}) has judged nothing there. Run the step judge first.")
    known = rows(found, judgements, written(out / "others.jsonl"))
    alike = decide_alike(written(out / "trainings.jsonl"), found)
    (HERE.parent / "corpus.md").write_text("\n".join(page(found, alike, known)) + "\n", encoding="utf-8")
    levels = json.dumps(levels_file(known), indent=1)
    (HERE / "levels.json").write_text(levels + "\n", encoding="utf-8")
    print(f"{len(known)} programs; wrote corpus.md and corpus/levels.json")


if __name__ == "__main__":
    main()
