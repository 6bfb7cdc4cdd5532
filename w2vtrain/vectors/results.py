"""Answers of vectors as lists that notebooks show as tables."""

import html
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import pandas as pd

Row = TypeVar("Row", bound=tuple[Any, ...])


class Results(list[Row]):
    """A list of rows with names for their columns; in everything else a plain list.

    Args:
        rows: tuples of equal length.
        columns: a name for each place of a row.

    Example:
        found = vectors.most_similar("ship")
        found[0]  # ("sail", 0.5899)
        found.to_pandas()  # columns token and cosine
    """

    def __init__(self, rows: Iterable[Row] = (), columns: Sequence[str] = ()) -> None:
        super().__init__(rows)
        self.columns = tuple(columns)

    def to_pandas(self) -> "pd.DataFrame":
        """Return a `pandas.DataFrame` with a row for each result."""
        import pandas as pd

        return pd.DataFrame(list(self), columns=list(self.columns))

    def _repr_html_(self) -> str:
        return html_table(self.columns, self)


def html_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return an HTML table: numbers to the right, fractions with four digits, texts escaped."""
    header = "".join(f"<th>{html.escape(column)}</th>" for column in columns)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    return f"<table><thead><tr>{header}</tr></thead><tbody>{body}</tbody></table>"


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f'<td style="text-align:right">{value:.4f}</td>'
    if isinstance(value, int):
        return f'<td style="text-align:right">{value:,}</td>'
    return f'<td style="text-align:left">{html.escape(str(value))}</td>'
