"""Tables drawn with spaces or bars: a header, rows under it, cells cut where every row leaves a gap."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from .keyed import named_values

_RULE = re.compile(r"[\s|+:=_─━┄┼╋├┤┌┐└┘╭╮╰╯┬┴│╞╪╡═-]{3,}$")
_RUNS = (re.compile(r"=+"), re.compile(r"-+"), re.compile(r"─+"))
_SHAPES = tuple(
    re.compile(shape)
    for shape in (
        r"[-+]?[\d.,:]+[A-Za-z%]{0,2}$",
        r"\.{0,2}/",
        r"[0-9a-f]{8,}$",
        r"[-dlcbps][-rwxsStT]{9}",
        r"\d[\d:/-]{3,}$",
    )
)
_NUMERAL = re.compile(r"[-+]?\d[\d.,]*[A-Za-z%]{0,2}$")
_CLOSE = 4  # columns that may stand one space apart
_MOSTLY = 0.7  # share of numbers in such a table
_BARS = re.compile(r"[|│┃]")
_GAP_ROWS = 600  # rows looked at to find the gaps
_FILLED = 0.95  # share of rows that leave a gap empty


@dataclass(frozen=True, slots=True)
class Grid:
    """A drawn table: column names, cells by row ("" where empty), each row's line (0-based)."""

    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    indices: tuple[int, ...]


def is_rule(line: str) -> bool:
    """Whether a line only draws."""
    return not line[:1].isalnum() and bool(_RULE.match(line)) and not line.isspace()


def grid_of(lines: Sequence[tuple[int, str]]) -> Grid | None:
    """Read adjacent lines, as (index, text), as one table; None where they are none."""
    body = [(index, line.rstrip()) for index, line in lines if line.strip() and not is_rule(line)]
    if len(body) < 3:
        return None
    if (named := named_values([line for _, line in body])) is not None:
        return _of_names(body, named)
    if _barred([line for _, line in body[:40]]):
        return _of_bars(body)
    rules = (line for _, line in lines if is_rule(line)) if len(body) < len(lines) else ()
    spans = next((found for rule in rules if len(found := _runs(rule)) > 1), None)
    return _of_gaps(body, spans)


def _of_names(body: Sequence[tuple[int, str]], named: Sequence[dict[str, str]]) -> Grid:
    """A table of lines that name their values themselves."""
    names = max((list(row) for row in named), key=len)
    rows = [tuple(row.get(name, "") for name in names) for row in named]
    return _grid(names, rows, [index for index, _ in body])


def _runs(rule: str) -> list[tuple[int, int]]:
    """Where the strokes of a rule stand, by the kind of stroke that it has most of."""
    kinds = [[run.span() for run in stroke.finditer(rule)] for stroke in _RUNS]
    return max(kinds, key=lambda spans: sum(end - begin for begin, end in spans))


def _barred(lines: Sequence[str]) -> bool:
    if not all(map(_BARS.search, lines)):
        return False
    counts = [len(_BARS.findall(line)) for line in lines]
    return max(counts) >= 2 and sum(count == counts[0] for count in counts) >= 0.8 * len(counts)


def _of_bars(body: Sequence[tuple[int, str]]) -> Grid | None:
    split = [[cell.strip() for cell in _BARS.split(line.strip().strip("|│┃"))] for _, line in body]
    width = len(split[0])
    if width < 2 or not _is_header(split[0]):
        return None
    rows = [tuple((cells + [""] * width)[:width]) for cells in split[1:]]
    return _grid(split[0], rows, [index for index, _ in body[1:]])


def _of_gaps(body: Sequence[tuple[int, str]], spans: list[tuple[int, int]] | None) -> Grid | None:
    header, lines = body[0][1], [line for _, line in body[1:]]
    if spans is None and (bare := _headless(body)) is not None:
        return bare
    if spans is None and (numbered := _of_words(body)) is not None:
        return numbered
    if (
        len(header.split()) < 2
        or header.split()[0].endswith(":")
        or not _is_header(re.split(r"\s{2,}|\t", header.strip()))
    ):
        return None
    spans_are_guessed = spans is None
    if spans is None:
        spans = _spans(header, lines)
    spans = [(begin, end) for (begin, _), (end, _) in pairwise([*spans, (100_000, 0)])]
    names = [header[begin:end].strip() for begin, end in spans]
    if len(names) < 2 or sum(map(bool, names)) < 2:
        return None
    rows = [_cells(line, spans) for line in lines]
    if header[spans[-1][0] - 2 : spans[-1][0] - 1].strip() and sum(bool(row[-1]) for row in rows) <= 0.1 * len(rows):
        names, rows = _joined_last(names, rows)
    if not _is_table(names, rows) or (spans_are_guessed and _equated(names, rows)):
        return None
    if spans_are_guessed and _is_row(names, rows):
        columns = [f"column {at + 1}" for at in range(len(names))]
        return _grid(columns, [tuple(names), *rows], [index for index, _ in body])
    return _grid(names, rows, [index for index, _ in body[1:]])


def _of_words(body: Sequence[tuple[int, str]]) -> Grid | None:
    """Numbers under a header of as many words, which stand closer together than their gaps would tell."""
    header = body[0][1].replace("|", " ").split()
    if len(header) < _CLOSE or any(len(line.split()) != len(header) for _, line in body[1:]):
        return None
    rows = [line.split() for _, line in body[1:]]
    if not _is_header(header):
        return None
    numbers = sum(bool(_NUMERAL.match(cell)) for row in rows for cell in row)
    if numbers < _MOSTLY * len(rows) * len(header):
        return None
    return _grid(header, [tuple(row) for row in rows], [index for index, _ in body[1:]])


def _equated(names: Sequence[str], rows: Sequence[tuple[str, ...]]) -> bool:
    """Whether a column is nothing but "=" or ":": names and values rather than a table."""
    return any(name in ("=", ":", "->") and all(row[at] in ("", name) for row in rows) for at, name in enumerate(names))


def _is_row(names: Sequence[str], rows: Sequence[tuple[str, ...]]) -> bool:
    """Whether what would be the header is a row: others say the same in a column, or name the value alike (`Kx=`)."""
    columns = list(zip(*(row for row in rows if row != tuple(names)), strict=True))
    if any(not _NUMERAL.match(name) and _are_numbers(cells) for name, cells in zip(names, columns, strict=False)):
        return False
    for name, column in zip(names, columns, strict=False):
        few = max(2, 0.1 * len(column))
        key = name.partition("=")[0] + "="
        if name and sum(cell == name for cell in column) >= few:
            return True
        if "=" in name and sum(cell.startswith(key) for cell in column) >= 0.9 * len(column) >= 2:
            return True
    return False


def _are_numbers(cells: Sequence[str]) -> bool:
    return sum(bool(_NUMERAL.match(cell)) for cell in cells) >= 0.9 * len(cells)


def _headless(body: Sequence[tuple[int, str]]) -> Grid | None:
    """A table whose first row is a row as well: lines of as many words or fields, of the same shapes."""
    lines = [line for _, line in body]
    for separator, most in ((":", 40), ("\t", 100), (None, _most_words(lines))):
        if most < 2:
            continue
        cuts = most - 1 if separator is None else -1
        width = len(lines[0].split(separator, cuts))
        if width < (2 if separator is None else 4):
            continue
        rows = [line.split(separator, cuts) for line in lines]
        usual = sum(len(row) == width for row in rows) >= 0.9 * len(rows)
        if separator is None and any(
            {row[at : at + 1] == [mark] for row in rows} == {True} for at in (1, 2) for mark in ":="
        ):
            continue
        if not usual or not _shaped(rows[0], rows[1:]):
            continue
        kept = [(index, row) for (index, _), row in zip(body, rows, strict=True) if len(row) == width]
        listed = separator is None and width == len(_LISTED) and _SHAPES[3].match(rows[0][0])
        return _grid(
            _LISTED if listed else [f"column {at + 1}" for at in range(width)],
            [tuple(row) for _, row in kept],
            [index for index, _ in kept],
        )
    return None


_LISTED = ["mode", "links", "owner", "group", "size", "month", "day", "time", "name"]  # ls -l


def _most_words(lines: Sequence[str]) -> int:
    """How many words nearly every line has; what comes after them is the last column."""
    counts = sorted(len(line.split()) for line in lines)
    return counts[len(counts) // 20]


def _shaped(first: Sequence[str], others: Sequence[Sequence[str]]) -> bool:
    """Whether a cell of the first row has the shape (number, path, hash, mode) of nearly all below it."""
    for at, cell in enumerate(first):
        shape = next((shape for shape in _SHAPES if shape.match(cell)), None)
        column = [row[at] for row in others if at < len(row)]
        if shape is not None and column and sum(bool(shape.match(one)) for one in column) >= 0.9 * len(column):
            return True
    return False


def _spans(header: str, lines: Sequence[str]) -> list[tuple[int, int]]:
    """Stretches of character positions that some row or the header fills, parted by gaps that nearly all leave."""
    step = max(1, len(lines) // _GAP_ROWS)
    sample = [line for line in lines[::step] if line.strip()]
    width = min(400, max(len(header), *map(len, sample)))
    filled = [0] * (width + 1)
    for line in sample:
        for position, letter in enumerate(line[:width]):
            filled[position] += letter != " "
    most = (1 - _FILLED) * len(sample)
    busy = [filled[position] > most or header[position : position + 1].strip() != "" for position in range(width)]
    starts = [position for position in range(width) if busy[position] and (not position or not busy[position - 1])]
    return _named(header, starts)


def _named(header: str, starts: list[int]) -> list[tuple[int, int]]:
    """Join stretches under which no header word stands to the one before."""
    kept: list[tuple[int, int]] = []
    for begin, end in pairwise([*starts, 100_000]):
        if kept and not header[begin:end].strip():
            kept[-1] = (kept[-1][0], end)
        else:
            kept.append((begin, end))
    return kept


def _cells(line: str, spans: Sequence[tuple[int, int]]) -> tuple[str, ...]:
    if all(begin == 0 or line[begin - 1 : begin] in ("", " ") for begin, _ in spans):
        return tuple(line[begin:end].strip() for begin, end in spans)
    words = line.split(None, len(spans) - 1)
    if len(words) == len(spans):
        return tuple(word.strip() for word in words)
    return tuple(line[begin:end].strip() for begin, end in spans)


def _joined_last(names: list[str], rows: list[tuple[str, ...]]) -> tuple[list[str], list[tuple[str, ...]]]:
    """One column of the last two: the name of it has two words ("Mounted on")."""
    return [*names[:-2], " ".join(names[-2:])], [(*row[:-2], " ".join(row[-2:]).strip()) for row in rows]


def _is_header(cells: Sequence[str]) -> bool:
    """Names, not numbers or sentences."""
    filled = [cell for cell in cells if cell]
    if len(filled) < 2 or filled[0].endswith(":"):
        return False
    wordy = sum(
        1
        for cell in filled
        if re.search(r"[A-Za-z#%]", cell) and not re.fullmatch(r"[-+]?\d[\d.,]* ?[A-Za-z%]{0,3}", cell)
    )
    return wordy >= 0.8 * len(filled) and max(map(len, filled)) <= 60


def _is_table(names: Sequence[str], rows: Sequence[tuple[str, ...]]) -> bool:
    """Whether the cells are brief and most are there; prose under a title is not."""
    sample = rows[:: max(1, len(rows) // 200)]
    filled = sum(sum(map(bool, row)) for row in sample) / (len(names) * len(sample))
    spaced = sum(cell.count(" ") >= 3 for row in sample for cell in row[:-1])
    return filled >= 0.5 and spaced <= 0.2 * len(sample) * max(1, len(names) - 1)


def _grid(names: Sequence[str], rows: Sequence[tuple[str, ...]], indices: Sequence[int]) -> Grid:
    named: list[str] = []
    used = [at for at, name in enumerate(names) if len({row[at] for row in rows} - {""}) > (not name)]
    names, rows = [names[at] for at in used], [tuple(row[at] for at in used) for row in rows]
    for position, name in enumerate(names):
        name = name or ("name" if position == 0 else f"column {position + 1}")
        named.append(name if name not in named else f"{name} ({position + 1})")
    return Grid(tuple(named), tuple(rows), tuple(indices))
