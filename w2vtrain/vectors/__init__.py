"""Word vectors apart from the trainer: queries, search, file formats."""
