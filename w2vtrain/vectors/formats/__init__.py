"""Vector files, one file a format: write and read."""
