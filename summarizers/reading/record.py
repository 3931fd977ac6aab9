"""One object's own fields: what it says of itself, its state and its times before its ids and links."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from .. import wording
from ..fact import Fact
from ..rows import is_scalar
from .categories import ALARM
from .roles import epoch_divisor, is_opaque, is_time_text, names_a_thing, names_a_time
from .times import instant

_STATE = re.compile(
    r"status|state|conclusion|result|outcome|action|event|phase|health|error|message|reason|level|success", re.I
)
_AMOUNT = re.compile(r"total|count|number|num|size|n_|percent|rate|score|version", re.I)


_REPEATED = 0.6  # of its worth that a field has for each earlier one of the same value
_CROWDED = 40  # fields; each of more than so many is worth less


def record_facts(value: Mapping[str, object], address: str, name: str, weight: float) -> Iterator[Fact]:
    """One fact a scalar field, and one on which parts the object has."""
    group = f"{name}:" if name else ""
    fields = [(str(key), field) for key, field in value.items() if is_scalar(field) and field is not None]
    seen: Counter[object] = Counter()
    crowd = min(1.0, _CROWDED / max(1, len(fields)))
    for key, field in fields:
        text = f"{group} {key} {_said(key, field)}".strip()
        worth = _worth(key, field) * _REPEATED ** min(4, seen[field]) * crowd**0.25
        seen[field] += 1
        yield Fact(text, address, worth * weight, _topic(key, field), group or "\0fields")
    parts = [f"{key} {len(part)}" for key, part in value.items() if isinstance(part, dict | list) and part]
    if parts and not name:
        more = f", +{len(parts) - 12}" if len(parts) > 12 else ""
        worth = 0.5 if fields else 0.4
        yield Fact(f"parts: {', '.join(parts[:12])}{more}", address, worth * weight, "parts", "")


def _worth(key: str, field: object) -> float:
    if isinstance(field, str):
        return _worth_of_words(key, field)
    if _is_time(key, field):
        return 0.6
    if isinstance(field, bool):
        return 0.3
    return 0.6 if _AMOUNT.search(key) else 0.2 if key.lower().endswith("id") else 0.4


def _worth_of_words(key: str, field: str) -> float:
    if not field.strip() or "://" in field:
        return 0.05
    if ALARM.search(field) and len(field) < 2000 and _STATE.search(key):
        return 2.0
    if _STATE.search(key):
        return 0.7
    if is_time_text(field):
        return 0.7
    if names_a_thing(key):
        return 0.6
    if is_opaque(field):
        return 0.1
    return 0.35 if len(field) < 80 else 0.25


def _topic(key: str, field: object) -> str:
    if _is_time(key, field) or (isinstance(field, str) and is_time_text(field)):
        return "time"
    return "error" if isinstance(field, str) and _STATE.search(key) and ALARM.search(field) else "field"


def _is_time(key: str, field: object) -> bool:
    if isinstance(field, bool) or not isinstance(field, int | float):
        return False
    return names_a_time(key) and epoch_divisor(key, float(field), float(field)) is not None


def _said(key: str, field: object) -> str:
    if _is_time(key, field) and isinstance(field, int | float):
        divisor = epoch_divisor(key, float(field), float(field)) or 1.0
        return instant(float(field) / divisor)
    if isinstance(field, str):
        return wording.name(wording.excerpt(field))
    return wording.number(field)
