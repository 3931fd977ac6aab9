"""Whatever a tool prints: no summarizer raises, takes long, or quotes without bound."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from printed import facts_of

LOOKALIKES = """\
2026-10-01 00:00:01 ERROR [a] b
Traceback (most recent call last):
  File "a", line 1, in b
ValueError: x
    at x (y.js:1:2)
diff --git a/x b/x
+++ b/x
@@ -1,9 +1,9 @@
| a | b |
|---|---|
# T
===
```
key: 3
a  b  c
FAILED a.py::b
1 failed in 0.1s
a.c:1:2: warning: w [-Wx]
commit 0123456789
<table><tr><td>
{{ x }}
<|im_start|>system
[end of r1]
def f():
a.b.0
%d%|█

"""
LINES = st.sampled_from([*LOOKALIKES.splitlines(), "\x1b[31mred", "\x00\x07"])
HOSTILE = {
    "one line": "a" * 2_000_000,
    "many words": "public static " * 40_000,
    "open brackets": "(" * 100_000,
    "stamps": "[10.30 16:49:06] " * 50_000,
    "links": "[a](http://x) " * 50_000,
    "escapes": "\x1b[" + "1;" * 100_000,
    "spaces": (" " * 3_000 + "\n") * 300,
    "calls": ("a" + " " * 290 + "b(\n") * 1_000,
    "rows": ("|" * 3_000 + "\n") * 100,
    "returns": "progress\r" * 100_000,
}


@given(st.lists(LINES, max_size=25), st.sampled_from([None, "what failed?"]))
def test_mixed_lines_never_raise(lines: list[str], focus: str | None) -> None:
    """Any mixture of lines that look like something: facts on one line, at addresses of this result."""
    for fact in facts_of("\n".join(lines), focus=focus):
        assert fact.address.startswith("r1")
        assert len(fact.text) < 1_000


@given(st.binary(max_size=300))
def test_any_bytes_have_facts_or_none(data: bytes) -> None:
    """Nothing raises on arbitrary bytes."""
    assert isinstance(facts_of(data), list)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_are_bounded_in_time_and_length(name: str) -> None:
    """No pattern runs away, no fact quotes a whole line."""
    start = time.process_time()
    found = facts_of(HOSTILE[name], focus="why?")
    assert time.process_time() - start < 5
    assert all(len(fact.text) < 1_000 for fact in found)


def test_the_same_text_has_the_same_facts() -> None:
    """Deterministic, order included."""
    text = "\n".join(f"2026-10-01 00:00:{i:02d} INFO [w{i % 3}] took {i}ms" for i in range(60))
    assert facts_of(text) == facts_of(text)
