"""Accuracy with its interval: what a held-out set of this size can tell."""

from statistics import NormalDist


def wilson_interval(correct: int, total: int, confidence: float = 0.95) -> tuple[float, float]:
    """Returns the interval that holds the true accuracy with this confidence.

    Unlike accuracy +- 1.96 standard errors it stays within 0 and 1 and has a width at 100 %.

    Source: Wilson 1927, "Probable Inference, the Law of Succession, and Statistical Inference".

    Args:
        correct: texts classified right.
        total: texts classified, at least 1.
        confidence: between 0 and 1.
    """
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = correct / total
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z / (1 + z * z / total) * (share * (1 - share) / total + (z / (2 * total)) ** 2) ** 0.5
    return max(0.0, middle - half), min(1.0, middle + half)
