"""The fast objective: skip-gram with negative sampling on blocks of text."""

import logging
from collections.abc import Iterator
from typing import Any

from w2vtrain.config import TrainConfig
from w2vtrain.engine.step_shape import StepShape, row_damping
from w2vtrain.engine.steps import CHUNK_STEPS, StepMaker, Steps, as_dataset, epoch_steps
from w2vtrain.engine.text_stream import TextStream, TokenFile
from w2vtrain.tensorflow_runtime import computes_bfloat16
from w2vtrain.training.training import (
    HELD_OUT_EPOCH,
    Place,
    Training,
    TrainingText,
    linear_decay,
)

_LOG = logging.getLogger(__name__)
STEPS_PER_EXECUTION = 64  # a call from Python costs as much as a tenth of a step


def block_training(text: TrainingText, config: TrainConfig, epochs: int) -> Training:
    """Returns the training of a `Word2Vec` on the blocks of `text` for `epochs` epochs."""
    import keras

    from w2vtrain.models.word2vec import Word2Vec

    if config.precision == "bfloat16" and not computes_bfloat16():
        _LOG.warning(
            "This processor has no instructions for bfloat16: --precision float32 is faster here."
        )
    rate = config.first_rate(epochs)
    counts, keep, noise = text.counts, text.keep(config), text.noise(config)
    kept = float((counts * keep).sum())
    shape = StepShape.fitting(
        config.embedding_dim, config.window_size, config.num_negatives, rate, kept
    )
    damping = row_damping(shape, rate, counts * keep / kept, noise)
    stream = TextStream(text.file, keep, config.seed)
    maker = StepMaker(shape, noise, *damping)
    place = Place()

    def rest_of_epoch() -> Iterator[Steps]:
        yield from epoch_steps(stream, maker, shape, place.epoch, place.step)

    def held_out(file: TokenFile) -> Any:
        apart = TextStream(file, keep, config.seed)
        return as_dataset(lambda: epoch_steps(apart, maker, shape, HELD_OUT_EPOCH), shape).unbatch()

    steps = max(1, round(kept / shape.tokens))
    model = Word2Vec(
        len(counts),
        config.embedding_dim,
        config.seed,
        vars(shape),
        dtype="float32" if config.precision == "float32" else "mixed_bfloat16",
        name="word2vec",
    )
    model.compile(
        optimizer=keras.optimizers.SGD(linear_decay(rate, steps * epochs)),
        # Keras calls a batch a step; here a batch holds several.
        steps_per_execution=max(1, min(STEPS_PER_EXECUTION, steps // 8) // CHUNK_STEPS),
        jit_compile=False,  # the step's sums have varying sizes, which XLA would compile anew
    )
    facts = {
        "learning_rate": rate,
        "tokens_per_step": shape.tokens,
        "noise_per_block": shape.noise_size,
        "damped_target_rows": int((damping[0] < 1).sum()),
        "damped_context_rows": int((damping[1] < 1).sum()),
    }
    dataset = as_dataset(rest_of_epoch, shape)
    return Training(model, dataset, steps, facts, held_out, model.loss_on_blocks, place)
