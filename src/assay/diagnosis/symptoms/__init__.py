"""One file for each symptom: its rules, thresholds, words, remedy and example.

A new symptom is a new file here that ends with a ``SYMPTOM``; see `assay.diagnosis.symptom`. The report, the command
line and the rule book then know it, for all of them ask `assay.diagnosis.rulebook`.
"""
