"""Skip-gram with negative sampling: what is drawn, what a step sees, and the Keras model."""
