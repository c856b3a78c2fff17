"""Thresholds that several symptoms share; all others stand in the file of their symptom.

`make calibrate` prints how often each rule fires on networks that learn, and on others.
"""

# A signal or gradient that changes over the hidden layers counts only if every layer takes part, and not a single step
# from a wide layer to a narrow one: the mean factor per layer is below this number, or above its inverse.
PER_LAYER = 0.8

# std of the pre-activations, last hidden layer / first. Here and below: remedies must stay within, too.
VANISHING_SIGNAL = 0.3
EXPLODING_SIGNAL = 5.0
# rms of the errors, first hidden layer / last.
VANISHING_GRADIENT = 0.05
EXPLODING_GRADIENT = 20.0

# Root mean square of the inputs beyond which they are to blame for a first layer that is saturated or dead.
LARGE_INPUTS = 2.0

# A training closed less than this share of the gap between a constant guess and a perfect answer: it has failed.
LEARNT_SHARE = 0.5
# Part of the loss's path from epoch to epoch that goes upwards: 0 for a falling curve, a half for noise about a level.
JAGGED = 0.3

# Share of a layer's units (or activations) at the end of a training, and by how much it must have grown.
GROWN_TO = 0.5
GROWN_BY = 0.25
