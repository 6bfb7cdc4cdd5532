"""The Embedding Projector: what its page does with a bundle, and how to serve it one."""
