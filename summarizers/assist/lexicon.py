"""The words by which a sentence about a result is read: what says nothing by itself, and what must be told apart."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _as(word: str, others: str) -> dict[str, str]:
    return dict.fromkeys(others.split(), word)


_COUNTED = "two three four five six seven eight nine ten eleven twelve"

WRITTEN = {word: str(n) for n, word in enumerate(_COUNTED.split(), start=2)}
SAME = (  # words of one meaning
    _as("max", "maximum highest largest biggest greatest most peak top longest")
    | _as("min", "minimum lowest smallest least fewest shortest")
    | _as("mean", "average avg")
    | _as("s", "sec second")
    | _as("ms", "millisecond msec")
    | _as("%", "percent pct")
    | _as("b", "byte")
)
ROLES = _words("max min mean median sum std first last")  # what a number is among others
UNITS = _words("% ns us µs ms s h hour minute day b kb mb gb tb kib mib gib hz khz mhz ghz")
NEGATIONS = _words("no not none never without nothing neither nor cannot lack")
VAGUE = _words("zero half hundred hundreds thousand thousands million millions billion dozen dozens")
TO_THE_READER = _words("i we my our you your yours please ignore disregard must should shall let instruction assistant")
VERBS = _words(
    "is are was were be been has have had show reach stand occur appear come came contain include hold give get see "
    "seen found located say said report lie range detected listed recorded observed"
)
NOUNS = _words("row line item entry element index page record number")  # what anything may be called that has an index
JUDGEMENTS = _words(  # what a question may ask, and no fact says unless it says so itself
    "slow fast large small big high low long short broken faulty fault wrong bad good odd strange unusual suspicious "
    "abnormal anomalous anomaly outlier healthy fine normal dead alive problem cause reason because fix fixed safe "
    "unsafe new old more less fewer same different all every only both always any better worse best worst common rare "
    "frequent error fail failed failure passed correct incorrect"
)
GLUE = (  # what may stand in a sentence without standing in the result
    VERBS
    | NOUNS
    | _words(
        "a an the of for on to in at by with from as it its this that these those there here which where who whose"
    )
    | _words("than then also each respectively about approximately around and but while whereas")
    | _words("value fact result data dataset output tool figure one called named time total overall there present")
)
