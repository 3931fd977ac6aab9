"""Pages joined are the node, and no page is above its limit, whatever the content and the counter."""

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pager import LimitTooSmall, Pager, TokenCounter, UnknownAddress, counter

CL100K = counter()
WORDS = counter(lambda text: len(text.split()))
CHARACTERS = counter(len)


def walk(pager: Pager, address: str, limit_tokens: int) -> str:
    """All pages from the first to the last, joined; each is checked against the limit."""
    pieces, following = [], address
    while following is not None:
        page = pager.open(following, limit_tokens=limit_tokens)
        assert page.tokens == pager.counter.count(page.text) <= limit_tokens
        pieces.append(page.text)
        following = page.next
    return "".join(pieces)


def numbered(pager: Pager, address: str, limit_tokens: int) -> str:
    """All pages of a small node by their numbers, joined."""
    pages = pager.open(address, limit_tokens=limit_tokens).pages
    return "".join(pager.open(f"{address}#{k}", limit_tokens=limit_tokens).text for k in range(1, pages + 1))


HOSTILE = {
    "one long line": b"word " * 400_000,
    "one letter": b"a" * 2_000_000,
    "chinese": "模型的输出远远超过上下文窗口。".encode() * 9_000,
    "emoji": "👩‍👩‍👧‍👦🏳️‍🌈🤦🏽‍♂️".encode() * 4_000,
    "nul": b"before\x00after\n" * 12_000,
    "invalid utf-8": b"plain text, then \xff\xfe one \xc3( two \xe2\x82 three\n" * 6_000,
    "binary": bytes(range(256)) * 800,
    "cp1252": "Où est passé l’été ? Très loin, là-bas, près du café.\r\n".encode("cp1252") * 4_000,
    "utf-16": ("\ufeff" + "Ünïcödé 😀 line\n" * 9_000).encode("utf-16-le"),
    "utf-16 big endian": ("\ufeff" + "Ünïcödé 😀 line\n" * 900).encode("utf-16-be"),
    "byte order mark": b'\xef\xbb\xbf{"a": 1}',
    "crlf": b"first,second\r\n1,2\r\n" * 10_000,
    "newlines": b"\n" * 300_000,
    "spaces": b" " * 300_000,
    "opening brackets": b"[" * 100_000,
    "deep": b"[" * 10_000 + b"]" * 10_000,
    "empty": b"",
    "chunk seam": b"x" * (256 * 1024 - 1) + "é".encode() + b"y" * 1_000,
    "continuations": b"abc" * 60_000 + b"\x80" * 5_000,
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("limit_tokens", [400, 4_000])
def test_pages_of_hostile_bytes_join_to_what_came_in(data: bytes, limit_tokens: int) -> None:
    """Whatever the bytes, the pages joined are the node's text, and that text is the bytes again."""
    with Pager(counter=CL100K) as pager:
        result = pager.put(data)
        joined = walk(pager, result.id, limit_tokens)
        assert joined == pager.node(result.id).text()
        assert result.size_bytes == len(data)
        if result.kind == "bytes":
            assert joined.encode("latin-1").decode("unicode_escape").encode("latin-1") == data
        else:
            assert joined.encode(result.encoding or "utf-8", "surrogateescape") == data


@pytest.mark.parametrize("tokens", [CL100K, WORDS, CHARACTERS], ids=["cl100k", "words", "characters"])
@given(text=st.text(st.characters(codec=None), max_size=400), limit_tokens=st.sampled_from([16, 40, 200]))
@example(text="\ud800 lone", limit_tokens=16)
@example(text="\udc80\r\n" * 30, limit_tokens=16)
@settings(max_examples=60)
def test_pages_of_any_text_join_under_any_counter(tokens: TokenCounter, text: str, limit_tokens: int) -> None:
    """Any str, lone surrogates included, comes back exactly, by `next` and by page number."""
    with Pager(counter=tokens) as pager:
        result = pager.put(text)
        assert walk(pager, result.id, limit_tokens) == text == pager.node(result.id).text()
        assert numbered(pager, result.id, limit_tokens) == text


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=8), inner, max_size=5),
    max_leaves=30,
)


@given(value=JSON, limit_tokens=st.sampled_from([8, 16, 100]))
@settings(max_examples=80)
def test_pages_of_every_node_of_any_value_join(value: object, limit_tokens: int) -> None:
    """Every node below any value, not only the root, is the join of its pages, and has the address it says."""
    with Pager(counter=CL100K) as pager:
        todo = [pager.node(pager.put(value).id)]
        while todo:
            node = todo.pop()
            assert walk(pager, node.address, limit_tokens) == node.text()
            assert pager.node(node.address).address == node.address
            if node.kind in ("mapping", "list", "table", "array"):
                todo += node.children()


@pytest.mark.parametrize("limit_tokens", [8, 16])
def test_small_limits_hold_on_large_nodes(limit_tokens: int) -> None:
    """A window of a few bytes still cuts between characters."""
    with Pager(counter=CL100K) as pager:
        result = pager.put("é模😀 a\n" * 15_000)
        text = pager.node(result.id).text()
        following, seen = result.id, ""
        for _ in range(200):
            page = pager.open(following, limit_tokens=limit_tokens)
            assert page.tokens <= limit_tokens
            seen, following = seen + page.text, page.next
        assert text.startswith(seen)
        assert text.endswith(pager.open(f"{result.id}#{page.pages}", limit_tokens=limit_tokens).text)


def test_a_window_denser_than_foreseen_is_cut_again() -> None:
    """A dense stretch between samples becomes parts, named in `next`, and nothing is lost."""
    dense = "模型的输出" * 700
    data = "x" * 70_000 + dense + "x" * 400_000
    with Pager(counter=CL100K) as pager:
        result = pager.put(data)
        assert walk(pager, result.id, 100) == data


def test_an_impossible_limit_says_the_smallest() -> None:
    """Where one character is more than the limit, the error holds the limit that works."""
    with Pager(counter=CL100K) as pager:
        result = pager.put("𓀀𓀀")
        with pytest.raises(LimitTooSmall) as caught:
            pager.open(result.id, limit_tokens=1)
        assert pager.open(result.id, limit_tokens=caught.value.smallest).text == "𓀀"
        with pytest.raises(LimitTooSmall):
            pager.open(result.id, limit_tokens=0)


@pytest.mark.parametrize("page", [0, 3, 99999])
@pytest.mark.parametrize("text", ["one two", "word " * 100_000], ids=["small", "large"])
def test_a_page_that_is_not_there_names_the_ends(page: int, text: str) -> None:
    """`#0` and numbers past the end are answered with the first and the last page."""
    with Pager(counter=CL100K) as pager:
        result = pager.put(text)
        pages = pager.open(result.id).pages
        if 1 <= page <= pages:
            return
        with pytest.raises(UnknownAddress) as caught:
            pager.open(f"{result.id}#{page}")
        assert f"{result.id}#1" in caught.value.nearest
        for near in caught.value.nearest:
            assert pager.open(near).address == result.id


def test_cuts_fall_on_line_ends() -> None:
    """Pages of a log end where lines end."""
    with Pager(counter=CL100K) as pager:
        result = pager.put("".join(f"line {number} of a short log\n" for number in range(500)))
        following: str | None = result.id
        while following is not None:
            page = pager.open(following, limit_tokens=100)
            assert page.text.endswith("\n")
            following = page.next


def test_a_counter_is_made_of_a_tokenizer(tmp_path: Path) -> None:
    """A folder with tokenizer.json counts without special tokens, truncation or padding."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0, "a": 1, "[CLS]": 2}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A", special_tokens=[("[CLS]", 2)])
    tokenizer.enable_truncation(2)
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    counted = counter(tmp_path)
    assert counted.count("a a a a") == 4
    assert counted.name == counter(tokenizer).name
    with Pager(counter=counted) as pager:
        result = pager.put("a b \ud800 c " * 300)
        assert walk(pager, result.id, 16) == "a b \ud800 c " * 300


def test_every_file_of_the_corpus_pages_to_its_bytes(shared: Path) -> None:
    """Real results of every family come back byte for byte, with a sensible kind."""
    kinds = {"json_records": "table", "logs": "log", "csv_tables": "table", "code": "code", "text_docs": "text"}
    with Pager(counter=CL100K) as pager:
        for path in sorted((shared / "corpus").rglob("*")):
            if not path.is_file() or "licences" in path.parts:
                continue
            result = pager.put_file(path)
            joined = walk(pager, result.id, 4_000)
            assert joined.encode(result.encoding or "utf-8", "surrogateescape") == path.read_bytes(), path
            expected = kinds.get(path.parent.name)
            if expected and path.suffix != ".jsonl":
                assert result.kind == expected, path


def test_every_page_of_a_large_part_costs_a_page() -> None:
    """A part of a document is written out once, not again for each of its pages."""
    with Pager(counter=CL100K) as pager:
        result = pager.put({"records": [{"id": number, "text": "some words"} for number in range(20_000)]})
        first = pager.open(f"{result.id}/records")
        node = pager.node(f"{result.id}/records")
        assert pager.node(f"{result.id}/records") is node
        assert pager.open(f"{result.id}/records#{first.pages}").text.endswith("\n]")
