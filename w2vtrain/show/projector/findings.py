"""What a check of a bundle reports."""

from dataclasses import dataclass
from typing import Literal

# refused: the page shows an error or nothing; dropped: a row or cell is not shown; shifted: a row
# has another row's label; coerced: a text became a number; mangled: shown, but not as written;
# limit: as written, but some of the page's functions work on a part of the rows only.
Kind = Literal["refused", "dropped", "shifted", "coerced", "mangled", "limit"]


@dataclass(frozen=True)
class Finding:
    """One thing that the page would not show as the file says.

    Args:
        kind: what happens.
        file: the file's name.
        line: the line in it, from 1; None where it is about the whole file.
        message: what is there and what becomes of it.
    """

    kind: Kind
    file: str
    line: int | None
    message: str
