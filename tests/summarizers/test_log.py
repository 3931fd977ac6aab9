"""Logs: errors before warnings, templates, who and when, whatever the layout of the lines."""

import json
from pathlib import Path

import pytest
from printed import facts_of, told

from pager import Pager, counter
from summarizers import summarize

SERVICE = "\n".join(
    [
        *(f"2026-10-01T00:0{i // 60}:{i % 60:02d}.000Z INFO  [web] GET /items/{i} 200 {i + 5}ms" for i in range(120)),
        *(f"2026-10-01T00:02:{i:02d}.000Z WARN  [db] slow query took {i}00ms" for i in range(30)),
        "2026-10-01T00:02:40.000Z ERROR [db] E77 pool exhausted for tenant-9",
        "Traceback (most recent call last):",
        '  File "/srv/pool.py", line 12, in take',
        "    raise KeyError(tenant)",
        "KeyError: 'tenant-9'",
        "2026-10-01T00:09:40.000Z INFO  [web] bye",
    ]
)


def test_errors_come_before_warnings_with_their_exception() -> None:
    """The one error, its exception and the frame that raised it outrank thirty warnings."""
    first = facts_of(SERVICE)[0]
    assert first.topic == "error"
    assert "E77 pool exhausted" in first.text
    assert "KeyError: 'tenant-9' at pool.py:12 in take" in first.text
    assert first.address == "r1[150]"


def test_levels_components_templates_and_times_are_counted_exactly() -> None:
    """What one pass over the lines counts."""
    text = told(SERVICE)
    assert "levels INFO 121, WARN 30, ERROR 1" in text
    assert "2 components: web 121" in text
    assert "most frequent 120×: GET /items/<*> <*> <*>ms" in text
    assert "from 2026-10-01T00:00:00.000Z to 2026-10-01T00:09:40.000Z" in text
    assert "longest silence 7min before @r1[155]" in text


def test_extremes_of_measurements_have_their_line() -> None:
    """Durations are measured, item numbers are not time."""
    assert "took ms max 2900 @r1[149]" in told(SERVICE)


def test_what_happened_once_is_quoted() -> None:
    """The one accepted login among refusals."""
    lines = [
        f"Dec 10 06:{i // 60:02d}:{i % 60:02d} host sshd[{i}]: Failed password for root from 10.0.0.{i % 3} port {i}"
        for i in range(600)
    ]
    lines[300] = "Dec 10 06:05:00 host sshd[300]: Accepted password for mira from 192.0.2.7 port 4711 ssh2"
    text = told("\n".join(lines))
    assert "once: Accepted password for mira from 192.0.2.7 port 4711 ssh2 @r1[300]" in text
    assert "IP 10.0.0.1 200 of 600, 4 distinct" in text


@pytest.mark.parametrize(
    ("line", "level", "component"),
    [
        ("17/06/09 20:10:{:02d} INFO executor.Backend: Registered {}", "INFO", "executor.Backend"),
        ("2015-10-18 18:01:{:02d},978 WARN [main] org.apache.App: Created {}", "WARN", "org.apache.App"),
        ("03-17 16:13:{:02d}.811  1702  2395 E WindowManager: gone {}", "ERROR", "WindowManager"),
        ("[Sun Dec 04 04:47:{:02d} 2005] [error] child in state {}", "error", ""),
        ("2020-01-01 10:00:{:02d},123 - pkg.mod - INFO - hello {}", "INFO", "pkg.mod"),
        ("2015-07-29 17:41:{:02d},747 - ERROR  [Quorum:Election@774] - time out {}", "ERROR", "Quorum:Election"),
        ("I0719 12:34:{:02d}.789012   12345 controller.go:114] Starting {}", "INFO", "controller.go"),
        ("Jun 14 15:16:{:02d} combo sshd(pam_unix)[19939]: failure {}", "", "sshd(pam_unix)"),
        ("081109 2036{:02d} 148 INFO dfs.DataNode: Received {}", "INFO", "dfs.DataNode"),
    ],
)
def test_common_layouts_are_read(line: str, level: str, component: str) -> None:
    """Time, level and component of the layouts that well-known systems write."""
    text = told("\n".join(line.format(i, i * 7) for i in range(40)))
    assert "from " in text
    if level:
        assert f"{level} 40" in text
    if component:
        assert component in text


def test_requests_are_counted_by_status_and_path() -> None:
    """Access logs in the combined format."""
    start = '10.0.0.{} - - [17/May/2015:10:05:{:02d} +0000] "GET /a{}?q=1 HTTP/1.1" {} {}'
    lines = [start.format(i % 3, i % 60, i % 2, 200 if i % 10 else 500, i) for i in range(100)]
    text = told("\n".join(lines))
    assert "status 200 90, 500 10 of 100" in text
    assert "server errors 10" in text


def test_a_focus_puts_first_what_answers_it() -> None:
    """The fact or line nearest to the question outranks everything."""
    first = facts_of(SERVICE, focus="which tenant exhausted the pool?")[0]
    assert "tenant-9" in first.text
    assert first.relevance >= 0.5


@pytest.mark.parametrize("budget", [150, 200])
def test_planted_errors_of_the_log_case_survive(shared: Path, budget: int) -> None:
    """Four errors and the exception with its key, without a focus."""
    assert_planted(shared, "c_log.log", budget)


def test_the_planted_sentence_survives_with_its_focus(shared: Path) -> None:
    """One sentence in sixty thousand characters, asked for in other words."""
    assert_planted(shared, "d_text.txt", 200)


def assert_planted(shared: Path, file: str, budget: int) -> None:
    """Every planted string is in the summary of the case."""
    case = next(one for one in json.loads((shared / "cases/planted.json").read_text()) if one["file"] == file)
    tokens = counter()
    with Pager(counter=tokens) as pager:
        node = pager.node(pager.put_file(shared / "cases" / file).id)
        text = summarize(node, budget_tokens=budget, focus=case.get("focus"), counter=tokens).text
    for words in case["planted"].values():
        assert all(any(either in text for either in word.split("|")) for word in words), text


def test_short_hexadecimal_names_are_no_templates_of_their_own() -> None:
    """A thousand request ids of ten characters are one message, counted at once."""
    names = [f"{n * 2654435761 % 2**40:010x}" for n in range(1, 1001)]
    lines = [f"2026-10-01 00:{n // 60:02d}:{n % 60:02d} WARN [w] request {name} late" for n, name in enumerate(names)]
    warned = next(fact.text for fact in facts_of("\n".join(lines)) if "WARN request" in fact.text)
    assert int(warned.partition("×")[0]) > 980  # some names are digits alone, or letters alone


@pytest.mark.parametrize("ending", ['"-" "curl/8" {}', "rt={} uct=0.001", '"-" "curl/8" request_time="{}"'])
def test_the_slowest_request_is_told_against_the_median(ending: str) -> None:
    """Times taken that a web server appends, by whatever name."""
    start = '10.0.0.1 - - [17/May/2015:10:05:{:02d} +0000] "GET /a HTTP/1.1" 200 {} '
    took = [14.882 if n == 47 else 0.01 + n % 17 / 1000 for n in range(200)]
    lines = [start.format(n % 60, 500 + n * 37 % 100) + ending.format(time) for n, time in enumerate(took)]
    slow = next(fact for fact in facts_of("\n".join(lines)) if "max 14.882" in fact.text)
    assert slow.address == "r1[47]"
    assert "(median 0.018)" in slow.text
