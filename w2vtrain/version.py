"""The version, in a file that imports nothing: the packaging reads it without TensorFlow."""

VERSION = "0.1.0"

# Runs made under another number cannot be read: raise it when a stage's files change their form.
RUN_FORMAT = 1
