"""Skip-gram with a sampled softmax: the whole vocabulary is estimated from some noise words."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from w2vtrain.models.softmax import SoftmaxWord2Vec, refuse_own_loss


@keras.saving.register_keras_serializable(package="w2vtrain")
class SampledSoftmaxWord2Vec(SoftmaxWord2Vec):
    """A `SoftmaxWord2Vec` that scores the pairs of a batch against some shared noise words only.

    `fit` takes `((targets, noise), contexts)`: the noise words, shape `(batch,)` each, are drawn by
    the caller with the probabilities of `set_noise`. `evaluate` measures the full softmax on
    `(targets, contexts)`, and so does `predict`.

    Args:
        vocabulary_size, embedding_dim, first_id, seed, bias: as in `SoftmaxWord2Vec`.

    Source: Jean et al. 2015, "On Using Very Large Target Vocabulary"; `tf.nn.sampled_softmax_loss`.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.noise_log_probabilities = self.add_weight(
            shape=(self.vocabulary_size,),
            initializer=keras.initializers.Constant(-np.log(self.vocabulary_size)),
            trainable=False,
            name="noise_log_probabilities",
        )
        self.pair_loss = keras.metrics.Mean(name="loss")

    def set_noise(self, probabilities: np.ndarray) -> None:
        """Set the probability of each id as noise: float array, shape `(vocabulary_size,)`."""
        with np.errstate(divide="ignore"):
            self.noise_log_probabilities.assign(np.log(probabilities).astype(np.float32))

    def call(self, inputs: Any) -> Any:
        targets = inputs[0] if isinstance(inputs, (tuple, list)) else inputs
        return super().call(targets)

    def compile(
        self, optimizer: Any = "adam", loss: Any = None, metrics: Any = None, **kwargs: Any
    ) -> None:
        """Set the optimizer.

        Raises:
            W2VError: a loss or metrics; the model has its own.
        """
        refuse_own_loss("SampledSoftmaxWord2Vec", loss, metrics)
        super().compile(optimizer=optimizer, **kwargs)

    @property
    def metrics(self) -> list[Any]:
        """The metrics that `fit` and `evaluate` reset."""
        return [self.pair_loss]

    def train_step(self, data: Any) -> dict[str, Any]:
        """Make one step on pairs and their shared noise words."""
        (targets, noise), contexts = data
        with tf.GradientTape() as tape:
            losses = self._sampled_losses(targets, contexts, noise)
            loss = tf.reduce_mean(losses)
        variables = self.trainable_variables
        self.optimizer.apply(tape.gradient(loss, [v.value for v in variables]), variables)
        self.pair_loss.update_state(losses)
        return {"loss": self.pair_loss.result()}

    def test_step(self, data: Any) -> dict[str, Any]:
        """Measure -log p(context | target) of the full softmax."""
        targets, contexts = data
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(contexts, self(targets))
        self.pair_loss.update_state(losses)
        return {"loss": self.pair_loss.result()}

    def _sampled_losses(self, targets: Any, contexts: Any, noise: Any) -> Any:
        number = tf.shape(noise)[0]
        log_counts = self.noise_log_probabilities.value + tf.math.log(tf.cast(number, tf.float32))
        return tf.nn.sampled_softmax_loss(
            self.context_embedding.embeddings.value,
            self.context_bias.value,
            labels=tf.cast(contexts, tf.int64)[:, None],
            inputs=tf.gather(self.target_embedding.embeddings.value, targets),
            num_sampled=number,
            num_classes=self.vocabulary_size,
            sampled_values=(
                tf.cast(noise, tf.int64),
                tf.exp(tf.gather(log_counts, contexts))[:, None],
                tf.exp(tf.gather(log_counts, noise)),
            ),
        )
