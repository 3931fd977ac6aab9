"""Golden files: exactly what the model reads of each of the loop's messages. UPDATE_GOLDEN=1 writes them anew."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hostile import FORGERY, thirds

from agent.exchange import Answer, Exchange, Remark
from agent.messages import ToolCall
from agent.notebook import Observation, Recalled
from agent.words import Words
from pager import Match, Matches, Page, Rows, counter
from summarizers import Templates, matches_text, rows_text

GOLDEN = Path(__file__).parent / "golden"
TEMPLATES = Templates()
WORDS = Words(TEMPLATES, thirds())
STATS = ToolCall("get_single_layer_stats", {"layer_id": 17})
FINDINGS = (
    Observation(1, 2, "model", "max kurtosis 187.2, median 3.1", ("r3/layers[17]/mlp.down_proj",)),
    Observation(2, 4, "loop", "layer 17 has 12 % zeros", ("r4", "r4/layers[17]"), 2.0),
    Observation(3, 5, "model", "nothing odd in layer 3"),
)


def _exchange(number: int, address: str) -> Exchange:
    return Exchange(number, number, "turn", "", (STATS,), (Answer("…", "new", address),))


def _matches(address: str, pattern: str, found: Matches) -> str:
    return matches_text(address, pattern, found, TEMPLATES, thirds())


RENDERINGS: dict[str, Callable[[], str]] = {
    "system": lambda: WORDS.head("Which layer is odd?")[0].content,
    "task": lambda: WORDS.head("Which layer is odd?")[1].content,
    "task_forged": lambda: WORDS.head(FORGERY)[1].content,
    "notebook_bounded": lambda: WORDS.notebook(FINDINGS * 9, limit_tokens=90),
    "notebook_forged": lambda: WORDS.notebook([Observation(1, 1, "model", FORGERY, (FORGERY,))], limit_tokens=400),
    "index_bounded": lambda: WORDS.index([_exchange(n, f"r{n}") for n in range(1, 30)], limit_tokens=80),
    "reminder": lambda: WORDS.reminder({"r3": STATS, "r4": ToolCall("get_layer_list", {})}),
    "reminder_many": lambda: WORDS.reminder({f"r{n}": STATS for n in range(1, 12)}),
    "notice": lambda: WORDS.notice(["r3", "r4"], [], notebook="", index=""),
    "notice_saved": lambda: WORDS.notice([f"r{n}" for n in range(1, 12)], ["r3", "r4"], notebook="", index=""),
    "notice_full": lambda: WORDS.notice(
        ["r3"],
        ["r3"],
        notebook=WORDS.notebook(FINDINGS, limit_tokens=200),
        index=WORDS.index([_exchange(1, "r1"), _exchange(2, "r2")], limit_tokens=200),
    ),
    "correction": lambda: WORDS.correction("the tool call is not valid JSON: Expecting ',' at character 18"),
    "finish": lambda: WORDS.finish("Which layer is odd?", [], limit_tokens=100),
    "finish_found": lambda: WORDS.finish("Which layer is odd?", FINDINGS, limit_tokens=200),
    "failed": lambda: WORDS.failed("get_single_layer_stats", ValueError("there is no layer 99: 30 layers, 0 to 29")),
    "failed_forged": lambda: WORDS.failed("failing", RuntimeError(FORGERY)),
    "repeated": lambda: WORDS.repeated(turn=3, address="r3", shown=None),
    "repeated_shown": lambda: WORDS.repeated(turn=3, address="r3", shown="[r3: …]"),
    "reopened": lambda: WORDS.reopened("[r3: …]", 3),
    "observed": lambda: WORDS.observed(4, known=False),
    "observed_known": lambda: WORDS.observed(4, known=True),
    "observed_unknown": lambda: WORDS.observed(4, known=False, unknown=["r9/layer"], near=["r9/layers", "r9"]),
    "recalled": lambda: WORDS.recalled(Recalled(FINDINGS, 3, False), limit_tokens=300),
    "recalled_near": lambda: WORDS.recalled(Recalled(FINDINGS[:1], 3, True), limit_tokens=300),
    "recalled_cut": lambda: WORDS.recalled(Recalled(FINDINGS * 4, 12, False), limit_tokens=80),
    "recalled_nothing": lambda: WORDS.recalled(Recalled((), 0, True), limit_tokens=300),
    "aged": lambda: WORDS.aged(ToolCall("find", {"address": "r3", "pattern": "kurtosis"})),
    "branch": lambda: TEMPLATES.render("branch", card="[r3/layers: 30 items]", address="r3/layers"),
    "no_room": lambda: TEMPLATES.render("no_room", address="r3#2"),
    "no_room_anywhere": lambda: TEMPLATES.render("no_room", address=None),
    "page": lambda: WORDS.page(Page("r3#2", '{"layer": 17}', 5, 2, 7, "r3#3", (), "table")),
    "page_forged": lambda: WORDS.page(Page("r3", FORGERY, 90, 1, 1, None, (), "text")),
    "matches": lambda: _matches(
        "r3", "down_proj", Matches((Match("r3[17]", "mlp.down_proj"),), 4, "r3[17]: mlp.down_proj", 9, "30 rows")
    ),
    "matches_none": lambda: _matches("r3", "down", Matches((), 0, "", 0, "30 rows of r3", ("r3[17]: mlp.down_proj",))),
    "rows": lambda: rows_text("r3", Rows(("layer",), ((17,), (3,)), 30, "layer\n17\n3", 7, True), TEMPLATES),
    "rows_uncounted": lambda: rows_text("r3", Rows(("layer",), ((17,),), None, "layer\n17", 5, True), TEMPLATES),
    "refused": lambda: WORDS.refused("get_layer_list", ["open", "find", "query"]),
}


@pytest.mark.parametrize("name", RENDERINGS)
def test_the_model_reads_exactly_this(name: str) -> None:
    """Each message of the loop is the golden file of its name."""
    rendered = RENDERINGS[name]()
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(rendered + "\n", encoding="utf-8")
    assert rendered + "\n" == path.read_text(encoding="utf-8")


def test_every_golden_file_is_rendered() -> None:
    """No golden file outlives its rendering."""
    assert {path.stem for path in GOLDEN.glob("*.txt")} == set(RENDERINGS)


@pytest.mark.parametrize("name", [name for name in RENDERINGS if name.endswith("forged")])
def test_forged_frames_are_no_frames(name: str) -> None:
    """What looks like a role, a call or one of our frames is not one once rendered."""
    rendered = RENDERINGS[name]()
    assert "<|" not in rendered
    assert "<tool_call>" not in rendered
    assert "\x1b" not in rendered
    assert not any(line.startswith(("[r1", "[end of")) for line in rendered.splitlines())
    assert "49" not in rendered


def test_the_model_cannot_forge_through_its_own_calls() -> None:
    """A call's arguments, name included, come back as data."""
    call = ToolCall(FORGERY, {"text": FORGERY, FORGERY: [FORGERY, {"deep": FORGERY}]})
    entry = Exchange(1, 1, "turn", "", (call,), (Answer("ok", "note"),))
    spoken, answer = WORDS.messages(entry)
    assert "<|" not in repr(spoken.calls)
    assert answer.name == spoken.calls[0].name


def test_a_remark_is_the_users() -> None:
    """What the loop says comes as a user's message."""
    assert [message.role for message in WORDS.messages(Remark(1, "notice", "…"))] == ["user"]


@pytest.mark.parametrize("limit", [1, 2, 5, 40])
def test_a_clipped_text_is_within_its_limit(limit: int) -> None:
    """The cut is marked and counted."""
    clipped = WORDS.clip("é" * 5_000, limit)
    assert thirds().count(clipped) <= max(limit, 1)
    assert clipped.endswith("…")


@pytest.mark.parametrize("limit", [0, 10, 30, 60, 200])
def test_notebook_and_index_keep_their_bounds(limit: int) -> None:
    """However many findings and results there are, their blocks stay within their tokens."""
    words = Words(Templates(), counter())
    many = [Observation(n, n, "model", f"finding {n} " + "x" * n * 9, (f"r{n}",)) for n in range(1, 60)]
    assert words.counter.count(words.notebook(many, limit_tokens=limit)) <= limit
    folded = [_exchange(n, f"r{n}") for n in range(1, 60)]
    assert words.counter.count(words.index(folded, limit_tokens=limit)) <= limit
