"""The three stages of a run. They never import each other: they meet in the run directory."""
