"""How a network learns: losses, optimizers and metrics, with the names and the numbers of Keras."""
