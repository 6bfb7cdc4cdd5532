"""Words on a direction such as he - she: a row a word, with its interval."""

from collections.abc import Sequence
from pathlib import Path

from w2vtrain.analysis.bias import Projection
from w2vtrain.show.pictures.drawing import THEMES, figure, shape_bidi, write_figure


def draw_projections(results: Sequence[Projection], paths: Sequence[Path]) -> None:
    """Draw the projections of words, one panel a direction, into PNG or SVG files."""
    theme = THEMES["light"]
    titles = [
        f"{shape_bidi(r.pairs[0][1])}  ←  {r.name}  →  {shape_bidi(r.pairs[0][0])}" for r in results
    ]
    texts = [shape_bidi(word.token) for r in results for word in r.words]
    rows = max(len(r.words) for r in results)
    width, height = 5.0 * len(results), 1.2 + 0.25 * rows
    with figure([*texts, *titles], width, height, columns=len(results), squeeze=False) as (
        fig,
        panels,
    ):
        for axes, result, title in zip(panels[0], results, titles, strict=True):
            axes.axvline(0, color=theme.faint, linewidth=1)
            for place, word in enumerate(result.words):
                low, high = word.value.low, word.value.high
                if low is not None and high is not None:
                    axes.plot([low, high], [place, place], color=theme.faint, linewidth=3)
                axes.plot(word.value.value, place, "o", color=theme.series[0])
            names = [shape_bidi(word.token) for word in result.words]
            axes.set_yticks(range(len(names)), names, parse_math=False)
            axes.set_xlabel("cosine with the direction")
            axes.set_title(title, parse_math=False, fontsize=10)
        write_figure(fig, paths)
