"""Sequences that are no text: a Parquet column of lists of product ids with planted groups."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from w2vtrain import Embeddings, PrepareConfig, TrainConfig, prepare
from w2vtrain.training.train import train

GROUPS, SIZE = 10, 8


@pytest.mark.slow
def test_groups_of_products_are_found(tmp_path):
    rng = np.random.default_rng(7)
    ids = rng.choice(1_000_000, (GROUPS, SIZE), replace=False)
    baskets = []
    for _ in range(6000):  # four of five products are of one group, the fifth of any
        group, items = rng.integers(GROUPS), rng.integers(4, 9)
        own = rng.random(items) < 0.8
        groups = np.where(own, group, rng.integers(GROUPS, size=items))
        baskets.append(ids[groups, rng.integers(SIZE, size=items)].tolist())
    pq.write_table(pa.table({"products": baskets}), tmp_path / "baskets.parquet")
    settings = PrepareConfig(text_column="products", standardize="none")
    prepare([tmp_path / "baskets.parquet"], tmp_path / "run", settings)
    train(tmp_path / "run", TrainConfig(embedding_dim=16, epochs=15, subsample_threshold=0.0))
    vectors = Embeddings.load(tmp_path / "run")
    group_of = {str(item): group for group, items in enumerate(ids) for item in items}
    same = [
        group_of[token] == group_of[product]
        for product in group_of
        for token, _ in vectors.most_similar(product, k=SIZE - 1)
    ]
    assert np.mean(same) > 0.95
