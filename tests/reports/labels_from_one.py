"""Seven classes with the labels 1 … 7 instead of 0 … 6, under sparse_categorical_crossentropy.

TensorFlow makes the loss NaN; JAX counts such rows as a loss of 0 and never learns the seventh class. Stand-in data:
pictures with a patch whose colour tells the class.
"""

import keras
import numpy as np
from keras import layers


def build(first=1):
    keras.utils.set_random_seed(0)
    random = np.random.default_rng(0)
    kinds = np.arange(210) % 7
    x = random.uniform(0, 0.3, (210, 24, 24, 3)).astype("float32")
    for image, kind in zip(x, kinds, strict=True):
        top, left = random.integers(0, 12, 2)
        image[top : top + 10, left : left + 10] += 0.6 * ((kind + 1) >> np.arange(3) & 1)
    model = keras.Sequential(
        [
            keras.Input((24, 24, 3)),
            layers.Conv2D(8, 3, activation="relu"),
            layers.Conv2D(8, 3, activation="relu", padding="same"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(0.6),
            layers.Dense(50, activation="relu"),
            layers.Dense(7, activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, x, kinds + first


def cured():
    return build(first=0)
