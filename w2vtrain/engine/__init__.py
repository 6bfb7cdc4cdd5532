"""The fast training step: text stream, blocks, steps, and the model that trains on them."""
