"""What a network is made of: activations, initializers and layers, with the names and the numbers of Keras."""
