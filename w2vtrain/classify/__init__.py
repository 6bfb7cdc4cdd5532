"""Embeddings learned from labels, or reused where labels are few: text classifiers."""
