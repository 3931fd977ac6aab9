"""Documents, pages, code, tracebacks and agent runs."""

from printed import facts_of, told

MANUAL = """\
Field Guide
===========

This guide explains how the pump is serviced every year.

## 1. Safety

Switch the pump off. The valve must stay closed at 4.5 bar.

## 2. Service

```sh
service pump stop
```

Long text here.
It goes on for a while.
And on.

## 3. Contact

Write to [us](https://example.org).
"""

PAGE = (
    "<html><head><title>Models</title></head><body><table><tr><th>Model</th><th>Top1</th></tr>\n"
    + "".join(f"<tr><td>net-{i}</td><td>{50 - i * 5 % 8 * 1.5}</td></tr>\n" for i in range(8))
    + "</table></body></html>"
)

PYTHON = '''\
"""Loads things."""

import os
from json import loads


class Loader(Base):
    def load(self, path):
        if not path:
            raise ValueError("path")
        return loads(open(path).read())

    def check(self):
        raise ValueError("no")


def main():
    Loader().load(os.environ["P"])  # TODO: several
'''

C = """\
/* counts(words)
   int nothing(void) { */
#include <stdio.h>

static int add(int a, int b)
{
    return a + b;
}

int main(void)
{
    if (add(1, 2)) {
        printf("}");
    }
    return 0;
}
"""

TRACEBACK = """\
\x1b[31mTraceback (most recent call last):\x1b[0m
  File "/srv/app/io.py", line 5, in load
    return open(path)
FileNotFoundError: [Errno 2] No such file: 'a.bin'

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/srv/app/main.py", line 12, in run
    load(path)
RuntimeError: could not start
"""

RUN = [
    {"role": "system", "content": "You help."},
    {"role": "user", "content": "Cancel my flight."},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"function": {"name": "get_user", "arguments": '{"id": 7}'}}],
    },
    {"role": "tool", "name": "get_user", "content": "Error: no user 7"},
    {"role": "assistant", "tool_calls": [{"function": {"name": "cancel_flight", "arguments": "{}"}}], "content": ""},
    {"role": "tool", "name": "cancel_flight", "content": "x" * 300},
    {"role": "assistant", "content": "It is cancelled."},
]


def test_documents_tell_title_outline_and_longest_section() -> None:
    """Setext and hash headings; fenced code is no text."""
    text = told(MANUAL)
    assert "title: Field Guide @r1[0]" in text
    assert "4 headings: level 1 1, level 2 3" in text
    assert "last level-2 section: 3. Contact @r1[19]" in text
    assert "longest level-2 section: 2. Service, 10 lines @r1[9]" in text
    assert "1 code block: sh 1" in text


def test_a_focus_brings_the_sentence_that_answers() -> None:
    """The best sentence, whole, before the outline."""
    first = facts_of(MANUAL, focus="At which pressure does the valve stay closed?")[0]
    assert first.text == "The valve must stay closed at 4.5 bar."
    assert first.address == "r1[7]"


def test_tables_of_pages_are_tables() -> None:
    """Extremes with the row's name, at the line the row starts on."""
    text = told(PAGE)
    assert "title: Models" in text
    assert "Top1 max 50 net-0 @r1[1]" in text
    assert "Top1 min 39.5 net-3 @r1[4]" in text


def test_python_is_read_by_its_parser() -> None:
    """Counts, the longest function, what is raised and imported."""
    text = told(PYTHON, name="loader.py")
    assert "1 class, 3 functions (2 methods)" in text
    assert "longest function Loader.load 4 lines @r1[7]" in text
    assert "class with most methods Loader 2 @r1[6]" in text
    assert "raises ValueError 2" in text
    assert "imports os, json" in text
    assert "1 TODO or FIXME line" in text


def test_other_languages_are_read_by_their_brackets() -> None:
    """Definitions in comments and brackets in strings don't count."""
    text = told(C, name="add.c")
    assert "0 classes, 2 functions" in text
    assert "longest function main 7 lines @r1[9]" in text
    assert "imports stdio.h" in text


def test_tracebacks_tell_the_chain_and_where_it_was_raised() -> None:
    """What reached the reader first, then its cause; escapes are counted and left out."""
    text = told(TRACEBACK)
    assert text.startswith("RuntimeError: could not start @r1[10]")
    assert "cause: FileNotFoundError: [Errno 2] No such file: 'a.bin' @r1[3]" in text
    assert "raised at srv/app/main.py:12, in run" in text
    assert "2 ANSI escape sequences" in text


def test_agent_runs_tell_goal_tools_errors_and_end() -> None:
    """Messages in the form of tool-calling APIs, bare or under a key."""
    for value, at in ((RUN, "r1"), ({"messages": RUN, "reward": 0.0}, "r1/messages")):
        text = told(value)
        assert "7 messages: assistant 3, tool 2, system 1, user 1" in text
        assert "2 tool calls: get_user 1, cancel_flight 1" in text
        assert f"goal: Cancel my flight. @{at}[1]" in text
        assert f"1 of 2 tool results are errors, first: Error: no user 7 @{at}[3]" in text
        assert f"longest tool result 300 characters of cancel_flight @{at}[5]" in text
        assert f"1 write call, first cancel_flight({{}}) @{at}[4]" in text
        assert f"last answer: It is cancelled. @{at}[6]" in text
    assert "reward: 0.0" in told({"messages": RUN, "reward": 0.0})


def test_odd_contents_say_what_they_are() -> None:
    """Empty, never closed, encoded otherwise, bytes, lists of strings."""
    assert "empty: 0 bytes" in told("")
    assert "invalid JSON: 3000 '[' never closed" in told(b"[" * 3000)
    assert "PNG image" in told(b"\x89PNG\r\n\x1a\n\x00\x00\xff\xfe" * 40)
    text = told(["", "a", "a", "long one", "é"])
    assert "5 strings" in text
    assert "longest 8 characters @r1[3]" in text
    assert "1 empty" in text
    assert "1 with characters beyond ASCII @r1[4]" in text
