"""Which rows of a metadata file the Projector's page would not show as they are written."""

import re
from collections import Counter
from collections.abc import Iterator

from w2vtrain.show.projector import page
from w2vtrain.show.projector.findings import Finding
from w2vtrain.vectors.javascript import number_text, trim

# A number that keeps its look, but for zeros at the end of its fraction.
_ORDINARY = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:e[-+]?[0-9]+)?")
_SEQUENCE = ("__seq_next__", "__next__")


def metadata_findings(file: str, content: bytes, points: int | None) -> Iterator[Finding]:
    """Yields what the page would do to a metadata file.

    Args:
        file: its name, for the findings.
        content: its bytes.
        points: the number of vectors, or None where unknown.
    """
    try:
        lines = list(page.stream_lines(content))
        metadata = page.parse_metadata(content)
    except page.PageError as error:
        yield Finding("refused", file, None, f"{error}. End the file with a line feed.")
        return
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        yield Finding("mangled", file, 1, "is UTF-16; the page reads its first 1,000,000 bytes so.")
        return
    yield from _text_findings(file, content, lines)
    filled = [n for n, line in enumerate(lines, start=1) if trim(line)]
    has_header = bool(filled) and "\t" in lines[filled[0] - 1]
    if has_header:
        yield from _header_findings(file, filled[0], lines[filled[0] - 1].split("\t"))
    yield from _cell_findings(file, lines, filled[has_header:], metadata)
    if points is not None:
        yield from _count_findings(file, points, len(metadata.rows), has_header)


def _text_findings(file: str, content: bytes, lines: list[str]) -> Iterator[Finding]:
    """What happens before a line is cut into cells: decoding, blanks, carriage returns."""
    raw_lines = content.split(b"\n")
    returns = 0
    for number, (raw, got) in enumerate(zip(raw_lines, lines, strict=False), start=1):
        returns += raw.endswith(b"\r")
        try:
            meant = raw.decode("utf-8")
        except UnicodeDecodeError:
            yield Finding("mangled", file, number, f"is not UTF-8: the page shows {got!r}.")
            continue
        if got != (meant.removeprefix("\ufeff") if number == 1 else meant):
            yield Finding(
                "mangled",
                file,
                number,
                f"{meant!r} is read as {got!r}: the page decodes {page.CHUNK:,} bytes at a time, "
                "and a character lies across an edge.",
            )
        if not trim(meant):
            what = " ".join(f"U+{ord(c):04X}" for c in meant[:4]) or "nothing"
            yield Finding(
                "dropped",
                file,
                number,
                f"is blank to the page (it holds {what}) and skipped: every later row moves up.",
            )
    if returns:
        yield Finding(
            "mangled", file, 1, f"{returns:,} lines end in CR LF: the last cell keeps the CR."
        )


def _header_findings(file: str, line: int, names: list[str]) -> Iterator[Finding]:
    for name, times in Counter(names).items():
        if times > 1:
            yield Finding(
                "dropped", file, line, f"column {name!r} stands {times} times: one is kept."
            )
        if name == "__proto__":
            yield Finding("dropped", file, line, "column '__proto__' is lost in JavaScript.")
        if name in _SEQUENCE:
            yield Finding("mangled", file, line, f"column {name!r} makes the page draw lines.")
        if not trim(name):
            yield Finding("mangled", file, line, "a column has no name.")


def _cell_findings(
    file: str, lines: list[str], numbers: list[int], metadata: page.Metadata
) -> Iterator[Finding]:
    names = [column.name for column in metadata.columns]
    numeric = {column.name for column in metadata.columns if column.is_numeric}
    label = metadata.label
    if label != names[0]:
        yield Finding(
            "mangled",
            file,
            None,
            f"column {names[0]!r} holds nothing but numbers: the page labels points by {label!r}.",
        )
    for line, row in zip(numbers, metadata.rows, strict=True):
        cells = lines[line - 1].split("\t")
        if len(cells) > len(names):
            extra = len(cells) - len(names)
            yield Finding(
                "dropped", file, line, f"has {extra} cells beyond the {len(names)} columns."
            )
        if len(cells) < len(names):
            missing = ", ".join(map(repr, names[len(cells) :]))
            yield Finding("mangled", file, line, f"has no cell for {missing}.")
        if row.get(label) is None:
            yield Finding(
                "mangled",
                file,
                line,
                f"has no text in {label!r}, the label: the page's search fails at it.",
            )
        for name, cell in dict(zip(names, cells, strict=False)).items():
            value = row.get(name)
            if not isinstance(value, float) or (shown := number_text(value)) == cell:
                continue
            if name not in numeric or not _ORDINARY.fullmatch(cell.strip(" ")):
                yield Finding("coerced", file, line, f"{name} {cell!r} is shown as {shown}.")


def _count_findings(file: str, points: int, rows: int, has_header: bool) -> Iterator[Finding]:
    if rows == points:
        return
    message = f"{rows:,} labels for {points:,} points"
    if not has_header and rows == points + 1:
        yield Finding(
            "refused", file, 1, f"{message}: a file of one column must have no header line."
        )
    elif has_header and rows == points - 1:
        yield Finding(
            "refused", file, 1, f"{message}: a file of several columns must have a header line."
        )
    else:
        fate = "the last labels are not shown" if rows > points else "the last points have none"
        yield Finding(
            "shifted", file, None, f"{message}: {fate}, if the rows belong together at all."
        )
