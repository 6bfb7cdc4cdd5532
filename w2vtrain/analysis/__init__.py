"""How good the vectors are, why, and how stable."""
