"""The run directory: names, locks, stages that are whole or absent, manifests."""
