"""One training, from its settings to its files.

Importing this package imports the registry, so `TrainConfig` knows the settings of every objective.
"""

from w2vtrain.training import registry as registry
