"""How many facts each method holds, as Markdown."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..report import interval, share
from .markdown import markdown_table

Fields = Mapping[str, Any]


def quality_table(quality: Fields) -> str:
    """Recall by method and budget, located recall, and reach, as Markdown."""
    budgets = [str(budget) for budget in quality["budgets"]]
    rows = [
        [method["name"], *(share(method["recall"].get(budget)) for budget in budgets), share(method.get("located"))]
        for method in quality["methods"]
    ]
    ours = quality["methods"][0]
    about = quality["corpus"]
    reach = [
        f"{name}: {found['within_2_calls_500_tokens']['hits']} of {found['within_2_calls_500_tokens']['n']}"
        for name, found in quality["reach"].items()
    ]
    at_150 = ours["recall"]["150"]
    words = (
        f"{about['gist facts decided by containment']} facts of {about['results']} real tool results, held by a text "
        f"of at most so many tokens ({quality['tokenizer'].removeprefix('tiktoken:')}); located: answer and place, at "
        f"150 tokens. toolpager at 150: {share(at_150)} [{interval(at_150)}], 95 % interval over files. "
        f"Detail facts reached in 2 calls and 500 tokens by a fixed rule: {'; '.join(reach)}."
    )
    tables = [markdown_table(["method", *budgets, "located"], rows), words]
    return "\n\n".join(filter(None, [*tables, _raw_tokens(quality["methods"]), _readers(quality.get("reader", {}))]))


def _raw_tokens(methods: Sequence[Fields]) -> str:
    """What peers give where they are asked for 150 tokens and nobody cuts it."""
    raw = [
        f"{one['name']} {one['median_tokens_before_cut']['150']:,.0f}"
        for one in methods
        if "150" in one.get("median_tokens_before_cut", {})
    ]
    words = "Peers' texts are cut to the budget; asked for 150 tokens, they come (median) with"
    return f"{words}: {', '.join(raw)}." if raw else ""


def _readers(readers: Fields) -> str:
    if not readers:
        return ""
    about = next(iter(readers.values()))
    methods = list(about["right"])
    rows = [
        [name, *(f"{share(found['right'][one])} [{interval(found['right'][one])}]" for one in methods)]
        for name, found in readers.items()
    ]
    words = (
        f"And what a model answers right, asked {about['questions']} of the corpus's gist questions on nothing but "
        f"{about['budget']} tokens of text:"
    )
    return f"{words}\n\n{markdown_table(['reader', *methods], rows)}"
