"""How good the vectors are: similarity pairs, analogies, and how sure the answer is."""
