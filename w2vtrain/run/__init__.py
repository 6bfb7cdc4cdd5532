"""The run directory: names, manifests, atomic stages, the lock."""
