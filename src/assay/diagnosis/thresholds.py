"""Where each rule fires. `make calibrate` prints how often each does so on networks that learn, and on others.

Ratios compare the last hidden layer with the first. A ratio counts only if the loss or gain is one of every layer, not
of a single step from a wide layer to a narrow one: the mean factor per layer has a threshold of its own.
"""

# Signal going up: std of the pre-activations, last hidden layer / first.
VANISHING_SIGNAL = 0.3
EXPLODING_SIGNAL = 5.0
# Gradient coming down: rms of the errors, first hidden layer / last.
VANISHING_GRADIENT = 0.05
EXPLODING_GRADIENT = 20.0
# Mean factor per layer beyond which a layer shrinks (or, inverted, enlarges) what passes it.
PER_LAYER = 0.8
# Share of a layer's (unit, example) pairs on the flat part of a bounded activation.
SATURATED_FRACTION = 0.4
# Share of a layer's units that are 0 for every example. Half of them are where all inputs point the same way, and the
# other half carries the signal; so a smaller share counts only if it leaves few units alive.
DEAD_FRACTION = 0.75
DEAD_FRACTION_OF_FEW = 0.4
FEW_UNITS = 8
# Share of a hidden layer's units with a copy.
IDENTICAL_FRACTION = 0.5
# 1 - mean cosine between examples in the last hidden layer, below which all inputs look the same; and how much smaller
# than in the first it must be.
COLLAPSED_DISTANCE = 3e-3
COLLAPSED_RATIO = 0.1
# Mean cosine in the last hidden layer / first, below which near inputs have been torn apart, if the gradient grows too.
CHAOTIC_RATIO = 0.25
# Loss at the start in units of what the best constant output would have.
LOSS_AT_START = 4.0
# Loss after one update, in units of the larger of the loss before and chance.
LOSS_AFTER_UPDATE = 2.0
# Root mean square of the inputs beyond which they are unscaled whatever they do, and beyond which they are to blame for
# a first layer that is saturated or dead.
UNSCALED_INPUTS = 30.0
LARGE_INPUTS = 2.0
# The same of a regression's targets.
UNSCALED_TARGETS = 10.0

# --- Through training ---

# Share learnt of what chance leaves: below the first a run may have failed, below the second it has learnt nothing.
LEARNT_SHARE = 0.5
NOTHING_LEARNT = 0.1
# Training loss at the end, in units of chance, beyond which steps are too large.
LOSS_ABOVE_CHANCE = 1.1
# Part of the loss's way from epoch to epoch that is upwards (noise about a level has a half), and the mean step of that
# way in units of chance, from which it is the steps that are too large and not the batches that differ.
JAGGED = 0.3
SWING = 0.02
# Fall of the training loss an epoch at the end, in units of chance, of a run that was cut off.
STILL_FALLING = 0.002
# How far all updates together could take a kernel, for its size, below which nothing has moved.
SHORT_WAY = 0.1
# The same, beyond which a plateau asks for smaller steps and not for larger ones.
LONG_WAY = 30.0
# Share of a layer's units or activations, and by how much it must have grown.
GROWN_TO = 0.5
GROWN_BY = 0.25
# Rise of the validation loss from its best, and its fall an epoch at the end.
OVERFITTING = 0.1
MORE_EPOCHS = 0.02
