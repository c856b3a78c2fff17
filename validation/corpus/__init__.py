"""A corpus of small programs that grows by itself: sound ones, broken ones, and what each of them learnt.

`grammar.py` draws programs, `mutations.py` breaks them, `training.py` finds out what they learn, `labels.py` says which
are sound and which broken, `judging.py` asks assay and other detectors, and `page.py` writes what came of it.
"""
