"""What a column's values are: measurements are told from identifiers, timestamps, versions, codes and plain words."""

import re
from collections.abc import Sequence
from typing import Literal

Role = Literal["measure", "identifier", "time", "category", "flag", "name", "text", "empty", "length", "index"]

_TIME_NAME = re.compile(
    r"(?:^|[^a-z])(?:time|timestamp|ts|date|datetime|day|month|epoch|created|updated|modified|generated|expires?|started"
    r"|finished|ended|at|since|until|when|mtime|ctime|atime)$|(?:time|date|stamp|_at|_on)$",
    re.IGNORECASE,
)
_NOT_A_TIME = re.compile(r"duration|elapsed|runtime|uptime|timeout|latency|update$", re.IGNORECASE)
_ID_NAME = re.compile(
    r"(?:^|[^a-z])(?:id|ids|pid|ppid|uid|gid|tid|uuid|guid|key|sha|hash|inode|zip|zipcode|postcode|fips|port|serial|number"
    r"|no|nr|num|idx|index|isbn|ean|sku|phone|device|node|offset)$|[a-z](?:Id|ID|Key)$|_id$",
    re.IGNORECASE,
)
_INDEX_NAME = re.compile(
    r"(?:^|[^a-z])(?:index|idx|i|row|rank|step|layer|epoch|block|position|seq|line|column|level|depth)$", re.I
)
_POSITION_NAME = re.compile(
    r"(?:^|[^a-z])(?:row|column|col|line|lineno|line_?number|offset|start|end|pos|position|begin|x|y|index|idx)$",
    re.IGNORECASE,
)
_KEY_NAME = re.compile(
    r"size|bytes|memory|cpu|gpu|duration|latency|elapsed|runtime|total|amount|price|cost|revenue|sales|budget|score|rating"
    r"|percent|coverage|loss|accuracy|population|weight(?!ing)|height|mass|depth|magnitude|speed|temp|distance|votes|stars"
    r"|errors|warnings|failures|restarts|retries|downloads|norm|kurtosis|change|delta|growth"
    r"|(?:^|[^a-z])(?:type|kind|category|class|status|state|level|severity|country|species|genre|language|region|city"
    r"|author|user|owner|role|department|team|service|component|host|tool|model|brand|gender|sex|origin|reason)$",
    re.IGNORECASE,
)
_COORDINATE_NAME = re.compile(r"(?:^|[^a-z])(?:lat|lon|lng|long|latitude|longitude)$", re.IGNORECASE)
_YEAR_NAME = re.compile(r"(?:^|[^a-z])years?$", re.IGNORECASE)
_CODE_NAME = re.compile(
    r"(?:^|[^a-z])(?:code|status|statuscode|type|kind|class|category|level|severity|priority|version|year|flag|state|mode"
    r"|port|exit|errno|group|cluster|label)$|[a-z](?:Code|Status|Type|Class|Level|Version)$",
    re.IGNORECASE,
)
_WRITTEN_TIME = re.compile(
    r"^(?:\d{4}-\d\d(?:-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?)?\s?(?:Z|UTC|[+-]\d\d:?\d\d)?)?"
    r"|\d{4}/\d\d/\d\d(?: \d\d:\d\d.*)?|\d{1,2}/\d{1,2}/\d{2,4}(?: \d{1,2}:\d\d.*)?"
    r"|\d{1,2}/[A-Z][a-z]{2}/\d{4}:.*|(?:[A-Z][a-z]{2},? )?(?:[A-Z][a-z]{2,8}\.? \d{1,2}|\d{1,2} [A-Z][a-z]{2})"
    r"(?:,? \d{4})?(?: \d\d:\d\d(?::\d\d)?(?: \d{4})?(?: (?:[+-]\d{4}|[A-Z]{3,4}))?)?)$"
)
_NUMERIC = re.compile(r"^[-+]?(?:\d[\d,]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$")
_OPAQUE = re.compile(r"^(?:[0-9a-fA-F]{7,}|[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|[A-Za-z0-9+/_-]{24,}=*|\d+)$")
_NAME_NAME = re.compile(
    r"(?:^|[^a-z])(?:name|title|place|label|path|file|filename|full_name|fullname|login|username|server|host|hostname"
    r"|instance|summary|subject|module|function|test|nodeid)$|[a-z](?:Name|Title|Path|Type)$|name$",
    re.IGNORECASE,
)

_CALENDAR_NAME = re.compile(r"day|month|weekday|hour|minute", re.IGNORECASE)
_UNNAMED = re.compile(r"column ?\d+")
_GIVEN_OUT = 10_000
_EPOCHS = ((1e9, 2.2e9, 1.0), (1e12, 2.2e12, 1e3), (1e15, 2.2e15, 1e6), (1e18, 2.2e18, 1e9))  # 2001 to 2039


def is_numeric_text(text: str) -> bool:
    """Whether a string is one number, thousands separators allowed, leading zeros (codes) not."""
    return bool(_NUMERIC.match(text)) and not (len(text) > 1 and text[0] == "0" and text[1] not in ".eE")


def is_time_text(text: str) -> bool:
    """Whether a string is a date or a time stamp in one of the common written forms."""
    return 7 <= len(text) <= 40 and bool(_WRITTEN_TIME.match(text))


def is_opaque(text: str) -> bool:
    """Whether a string is a hash, a uuid, a token or a bare number: it identifies, but tells a reader nothing."""
    return bool(_OPAQUE.match(text)) and any(character.isdigit() for character in text)


def epoch_divisor(label: str, low: float, high: float) -> float | None:
    """What turns the column's numbers into seconds since 1970, where they are time stamps; None where they aren't.

    Seconds need a name that says time; milli-, micro- and nanoseconds are told by their size, unless the name denies.
    """
    if _NOT_A_TIME.search(label):
        return None
    for start, stop, divisor in _EPOCHS:
        if start <= low and high <= stop:
            return divisor if _TIME_NAME.search(label) else None
    return None


def names_a_time(label: str) -> bool:
    """Whether the column's name says it holds points in time."""
    return bool(_TIME_NAME.search(label)) and not _NOT_A_TIME.search(label)


def names_a_thing(label: str) -> bool:
    """Whether the column's name says it holds what people call the row."""
    return bool(_NAME_NAME.search(label))


def names_what_matters(label: str) -> bool:
    """Whether the column's name is one that people rank or group by, whatever the subject."""
    return bool(_KEY_NAME.search(label))


def names_a_coordinate(label: str) -> bool:
    """Whether the column's name says it is a place on the globe: far from the others is no alarm there."""
    return bool(_COORDINATE_NAME.search(label))


def names_a_position(label: str) -> bool:
    """Whether the column's name says its numbers are places: lines, columns, offsets."""
    return bool(_POSITION_NAME.search(label))


def number_role(label: str, integers: bool, values: Sequence[object], distinct: int, count: int) -> Role:
    """Whether a numeric column measures, identifies, classifies or merely counts its rows."""
    if not integers:
        return "measure"
    if _UNNAMED.fullmatch(label) and _is_narrow(values, distinct, count):
        return "identifier"
    if distinct > 3 and _YEAR_NAME.search(label) and all(isinstance(v, int) and 1000 <= v <= 2200 for v in values if v):
        return "time"
    if distinct <= 2 and count > 4 and set(values) <= {0, 1, None}:
        return "flag"
    if (distinct <= 3 and count >= 8) or _CALENDAR_NAME.fullmatch(label):
        return "category"
    if _ID_NAME.search(label) and distinct > 0.5 * count:
        return "identifier"
    if _is_running(values, distinct, count):
        return "index"
    if (_CODE_NAME.search(label) or _ID_NAME.search(label)) and distinct <= max(12, count // 4):
        return "category"
    if _INDEX_NAME.search(label) and distinct == count:
        return "index"
    return "identifier" if _CODE_NAME.search(label) and distinct > 0.9 * count else "measure"


def _is_narrow(values: Sequence[object], distinct: int, count: int) -> bool:
    """Large numbers that hardly differ and hardly repeat: numbers given out in turn."""
    numbers = [value for value in values if isinstance(value, int)]
    if not numbers or distinct <= 0.9 * count or min(numbers) < _GIVEN_OUT:
        return False
    return max(numbers) - min(numbers) <= 0.02 * max(numbers)


def _is_running(values: Sequence[object], distinct: int, count: int) -> bool:
    """One more with every row: a row number."""
    if distinct != count or count < 3 or len(values) != count:
        return False
    numbers = [value for value in values if isinstance(value, int)]
    return len(numbers) == count and numbers[-1] - numbers[0] == count - 1 and numbers == sorted(numbers)


def word_role(label: str, values: Sequence[str], distinct: int) -> Role:
    """Whether a column of strings classifies, names, identifies, dates or tells."""
    count = len(values)
    sample = [value for value in values[:: max(1, count // 20)] if value]
    if sample and sum(map(is_time_text, sample)) > 0.8 * len(sample):
        return "time"
    mean = sum(map(len, sample)) / max(1, len(sample))
    if distinct <= max(3, 0.5 * count) and distinct < count and mean <= 120:
        return "category"
    if mean > 60 and sum(" " in value for value in sample) > 0.5 * len(sample):
        return "text"
    opaque = sum(map(is_opaque, sample)) > 0.7 * len(sample)
    return "identifier" if opaque or mean > 120 else "name"
