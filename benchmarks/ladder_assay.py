"""One whole run of a study, told by its compilations.

    python ladder_assay.py STUDY FOLDER

Prints a line of JSON: the programs compiled, those taken from the compilation cache, and the seconds it took.
"""

from __future__ import annotations

import json
import sys

from measuring import Compilations

import assay


def main() -> None:
    """Run the study."""
    compilations = Compilations()
    assay.run(sys.argv[1], sys.argv[2])
    print(json.dumps(compilations.told()))


if __name__ == "__main__":
    main()
