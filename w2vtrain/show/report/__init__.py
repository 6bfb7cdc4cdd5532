"""The report of a run: a page and a model card, written from what the run knows."""
