"""What the pager saves in front of each thing that it can stand in front of, as Markdown."""

from collections.abc import Iterator, Mapping
from typing import Any

from .markdown import markdown_table

Fields = Mapping[str, Any]
_HEAD = ["in front of", "lines added", "tokens of all prompts", "of the largest", "answers seen", "kept whole"]


def integrations_table(found: Fields) -> str:
    """Lines, tokens before and after, answers and what is kept for each host and mechanism, as Markdown."""
    results = found["results"]
    rows = [row for host in found["hosts"] for row in _rows(host, results)]
    words = (
        f"A session of reading {results} real results ({found['tokens']:,} tokens) in the real packages, driven by a "
        "scripted model behind an OpenAI-compatible server: before → after, tool schemas included. It reads one, looks "
        "once more where the card does not hold the answer, and goes on. Kept whole: results of which every byte is in "
        "the last prompt or can be opened afterwards. Frameworks keep under a ceiling of 8,000; in front of a server, "
        "a function and a command results are cards, and nothing is shortened later."
    )
    return "\n\n".join(filter(None, [markdown_table(_HEAD, rows), words, _overhead(found.get("proxy"))]))


def _rows(host: Fields, results: int) -> Iterator[list[str]]:
    yield [host["name"], str(host["lines"]), *_told(host["bare"], host["paged"], results)]
    if "own" in host:
        yield [f"{host['name']}, its own {host['own_mechanism']}", "", *_told(host["bare"], host["own"], results)]


def _told(before: Fields, after: Fields, results: int) -> list[str]:
    tokens = [f"{before[name]:,} → {after[name]:,}" for name in ("tokens", "largest")]
    return [*tokens, *(f"{after[name]} of {results}" for name in ("answers", "kept"))]


def _overhead(proxy: Fields | None) -> str:
    """What the MCP proxy adds to a call that passes."""
    if proxy is None:
        return ""
    added = (f"{times['added, median']} ({name})" for name, times in proxy["milliseconds"].items())
    return (
        f"To a call whose result passes, the MCP proxy adds, in milliseconds: {', '.join(added)}; medians of "
        f"{proxy['pairs']} pairs, bare and through the proxy in turns."
    )
