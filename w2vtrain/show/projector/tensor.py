"""The names by which `training/tensorboard_logs.py` knows functions of `vectors/formats`."""

from w2vtrain.vectors.formats.projector import tensorboard_reads_bytes, write_bytes

__all__ = ["tensorboard_reads_bytes", "write_bytes"]
