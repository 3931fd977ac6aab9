"""The rows of a table that a focus is about, with what they say of it."""

from collections.abc import Iterator, Sequence

from .. import wording
from ..fact import Fact
from ..focus import mentions, relevance, terms_of
from .columns import Column
from .scene import Scene

_ROWS = 3
_FIELDS = 4
_FEW_CLASSES = 20  # values; a column of fewer says the same of too many rows


def sought_rows(scene: Scene, focus: str | None) -> Iterator[Fact]:
    """Up to three rows whose words are most about the focus; none where it is about many rows alike."""
    texts = _texts(scene) if focus else []
    if not focus or not texts:
        return
    rows = mentions(focus, texts)
    scores = dict(zip(rows, relevance(focus, [texts[row] for row in rows]), strict=True))
    best = sorted(scores, key=lambda row: (-scores[row], row))[:_ROWS]
    for rank, row in enumerate(best):
        ties = sum(score == scores[row] for score in scores.values())
        if scores[row] > 0.3 and ties <= max(_ROWS, scene.height // 20):
            worth = (1.6 - 0.4 * rank) * scores[row] * scene.records.weight
            yield Fact(_said(scene, row, set(terms_of(focus))), scene.records.place(row), worth, "focus", "")


def _texts(scene: Scene) -> list[str]:
    columns: list[Sequence[object]] = [column.values for column in scene.columns if _is_wordy(scene, column)]
    if scene.records.keys is not None:
        columns.insert(0, scene.records.keys)
    if not columns:
        return []
    return [" ".join(str(value) for value in row if value is not None) for row in zip(*columns, strict=True)]


def _is_wordy(scene: Scene, column: Column) -> bool:
    if len(column.values) != scene.height or column.numbers is not None:
        return False
    return column.role in ("name", "text", "identifier") or (
        column.role == "category" and column.distinct > _FEW_CLASSES
    )


def _said(scene: Scene, row: int, terms: set[str]) -> str:
    """The row's name, then the fields that the focus asks for; its first fields where it asks for none."""
    name = scene.name(row)
    filled = [
        column for column in scene.columns if len(column.values) == scene.height and column.values[row] is not None
    ]
    asked = [column for column in filled if _is_asked(column, row, terms)]
    parts = [
        f"{scene.labels[column.position]} {wording.name(wording.excerpt(str(column.values[row])))}"
        for column in (asked or filled)[:_FIELDS]
        if wording.name(column.values[row]) != name
    ]
    return f"{name}: {', '.join(parts)}" if name and parts else ", ".join(parts) or name


def _is_asked(column: Column, row: int, terms: set[str]) -> bool:
    words = " ".join(str(part) for part in column.path)
    value = column.values[row]
    said = f"{words} {value}" if isinstance(value, str) else words
    return bool(terms & set(terms_of(said)))
