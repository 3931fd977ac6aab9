"""The command as a person or a script uses it."""

import json
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from pager import Matches, Page, Rows

RECORDS = [{"id": 1000 + i, "ms": 20 + i % 7, "path": f"/v1/{i % 5}"} for i in range(400)]


class Shell:
    """Runs `toolpager` in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """The finished command, whatever its status."""
        command = [sys.executable, "-c", "from agent.cli import main; main()", *arguments]
        return subprocess.run(command, cwd=self.folder, input=stdin, capture_output=True, check=False)

    def json(self, *arguments: str, stdin: bytes = b"") -> dict[str, object]:
        """What the command says with --json."""
        done = self.run(*arguments, "--json", stdin=stdin)
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        assert isinstance(found, dict)
        return found

    def refused(self, *arguments: str, stdin: bytes = b"") -> str:
        """The one sentence of a command that must end with status 2 and no traceback."""
        done = self.run(*arguments, stdin=stdin)
        said = done.stderr.decode()
        assert done.returncode == 2, said
        assert "Traceback" not in said
        return said


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """A shell in an empty folder."""
    return Shell(tmp_path)


@pytest.fixture
def records(shell: Shell) -> Shell:
    """A shell whose store holds r1, a table."""
    rows = [dict(row) for row in RECORDS]
    rows[137]["ms"] = 9871
    (shell.folder / "records.json").write_text(json.dumps(rows))
    assert shell.json("page", "records.json")["id"] == "r1"
    return shell


def test_page_answers_with_the_fields_scripts_rely_on(shell: Shell) -> None:
    """`page --json` has id, kind, bytes, tokens, card and card_tokens."""
    card = shell.json("page", "-", "--name", "a.jsonl", stdin=b'{"a": 1}\n{"a": 2}\n')
    assert (card["id"], card["kind"], card["bytes"]) == ("r1", "table", 18)
    assert card["tokens"] == 12
    assert "tokens_estimated" not in card
    assert isinstance(card["card_tokens"], int)
    assert card["card_tokens"] <= 260


def test_a_huge_result_says_that_its_tokens_are_estimated(shell: Shell) -> None:
    """Where the total is an estimate, the JSON says so."""
    card = shell.json("page", stdin=b"some words on a line\n" * 20_000)
    assert card["tokens_estimated"] is True
    assert 115_000 < int(str(card["tokens"])) < 125_000


def test_pages_walked_by_next_are_the_bytes(shell: Shell) -> None:
    """Following `next` to the last page gives back the bytes, damaged ones included."""
    content = "naïve café 漢字 🙂 ".encode() * 300 + b"\xff\xfe\x00 end" + b"x" * 5000
    address: object = shell.json("page", stdin=content)["id"]
    text = ""
    while address:
        page = shell.json("open", str(address), "--limit-tokens", "700")
        assert int(str(page["tokens"])) <= 700
        text += str(page["text"])
        address = page["next"]
    assert text.encode("utf-8", "surrogateescape") == content


def test_open_without_json_pipes_exactly_the_text(records: Shell) -> None:
    """Standard output carries the page and nothing else."""
    done = records.run("open", "r1[137]/ms")
    assert done.stdout == b"9871"


def test_find_names_the_place(records: Shell) -> None:
    """A match comes with the address of the cell."""
    found = records.json("find", "r1", "9871")
    assert found["total"] == 1
    assert "r1[137]/ms" in str(found["matches"])


def test_query_answers_in_rows(records: Shell) -> None:
    """SQL over the table t gives columns, rows and a total."""
    found = records.json("query", "r1", "select path, max(ms) m from t group by 1 order by m desc limit 1")
    assert found["columns"] == ["path", "m"]
    assert found["rows"] == [["/v1/2", 9871]]
    assert found["total"] == 1


def test_a_summary_keeps_its_budget_and_names_the_outlier(records: Shell) -> None:
    """`summarize` fills at most the budget, and its facts have addresses."""
    made = records.json("summarize", "records.json", "--budget-tokens", "60")
    assert int(str(made["tokens"])) <= 60
    assert "9871" in str(made["summary"])
    assert "137" in str(made["summary"])
    facts = made["facts"]
    assert isinstance(facts, list)
    assert all(set(fact) == {"text", "address"} for fact in facts)


@pytest.mark.model
def test_a_summary_by_the_bundled_model_holds_what_the_heuristic_one_holds(records: Shell) -> None:
    """Whatever the model says: the budget is kept, the outlier is there, and the second time it is not asked again."""
    asked = ("summarize", "records.json", "--by", "model", "--focus", "which is slow?", "--budget-tokens", "60")
    made = records.json(*asked)
    assert int(str(made["tokens"])) <= 60
    assert "9871" in str(made["summary"])
    assert made["by"] == "model" or str(made["note"]).startswith("heuristic: ")
    assert records.json(*asked) == made


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("page", "missing.json"), "missing.json"),
        (("open", "r9"), "r1"),
        (("open", "r1/nothing"), "nearest"),
        (("open", "not an address"), "address"),
        (("open", "r1#9999"), "r1"),
        (("query", "r1", "drop table t"), "SELECT"),
        (("query", "r1", "select nothing from t"), "ms"),
        (("summarize", "records.json", "--budget-tokens", "10"), "40"),
        (("summarize", "records.json", "--model", "some/model"), "--by model"),
        (("summarize", "records.json", "--by", "model", "--model", "nowhere"), "nowhere"),
        (("page", "records.json", "--tokenizer", "nonsense"), "nonsense"),
        (("tool", "get_weight_statistics", "--subject", "nowhere"), "nowhere"),
        (("tool", "get_nonsense", "--subject", "."), ""),
        (("investigate",), "question"),
        (("investigate", "--resume", "nowhere"), "nowhere"),
        (("investigate", "why?", "--subject", "nowhere"), "nowhere"),
    ],
)
def test_bad_input_is_one_sentence_with_the_remedy(records: Shell, arguments: tuple[str, ...], said: str) -> None:
    """Whatever is wrong with the input, the command says it and ends with status 2."""
    assert said in records.refused(*arguments)


def test_an_absent_store_is_named_not_made(shell: Shell) -> None:
    """`open` in a folder without a store says what to do first, and makes nothing."""
    assert "toolpager page" in shell.refused("open", "r1")
    assert not (shell.folder / ".toolpager").exists()


def test_malformed_json_is_kept_as_text_and_said_so(shell: Shell) -> None:
    """Broken JSON loses nothing."""
    card = shell.json("page", "--name", "a.json", stdin=b'{"a": 1, "b": ')
    assert card["kind"] == "text"
    assert "malformed JSON" in str(card["note"])
    assert shell.json("open", "r1")["text"] == '{"a": 1, "b": '


def test_a_reader_that_goes_away_is_no_error(records: Shell) -> None:
    """`toolpager open … | head -1` ends quietly."""
    command = f"{sys.executable} -c 'from agent.cli import main; main()' open r1 --limit-tokens 4000 | head -c 1"
    done = subprocess.run(["bash", "-c", command], cwd=records.folder, capture_output=True, check=False)
    assert b"Traceback" not in done.stderr


def test_a_folder_of_templates_that_is_not_there_is_refused(shell: Shell) -> None:
    """Otherwise a misspelt folder would change nothing, unsaid."""
    assert "does not exist" in shell.refused("page", "--templates", "nowhere", stdin=b"x")


def test_json_holds_every_field_of_a_page_of_matches_and_of_rows(records: Shell) -> None:
    """What a program in Python gets, a script gets."""
    found = {
        Page: records.json("open", "r1"),
        Matches: records.json("find", "r1", "9871"),
        Rows: records.json("query", "r1", "select count(*) as n from t"),
    }
    for kind, printed in found.items():
        assert list(printed) == [one.name for one in fields(kind)]


def test_a_page_of_a_stored_result_is_summarized_as_its_node(records: Shell) -> None:
    """Not taken for a file; of a part as well."""
    whole = records.json("summarize", "r1")["summary"]
    assert records.json("summarize", "r1#1")["summary"] == whole
    assert "9871" in str(records.json("summarize", "r1[130:140]#1")["summary"])


def test_a_store_is_listed_exported_and_made_smaller(records: Shell) -> None:
    """What is pinned stays, what expired says so, and an export is the result byte for byte."""
    records.run("page", "-", "--name", "note.txt", stdin=b"a short note\n")
    assert [one["id"] for one in records.json("results")["results"]] == ["r1", "r2"]  # type: ignore[attr-defined]
    assert [one["id"] for one in records.json("results", "--last", "1")["results"]] == ["r2"]  # type: ignore[attr-defined]
    assert records.run("export", "r1").stdout == (records.folder / "records.json").read_bytes()
    assert records.run("export", "r1", "--out", "copy.json").returncode == 0
    assert "is there already" in records.refused("export", "r1", "--out", "copy.json")
    assert records.json("export", "r1", "--out", "again.json") == {
        "address": "r1",
        "out": "again.json",
        "bytes": (records.folder / "again.json").stat().st_size,
    }
    assert records.json("export", "r2") == {"address": "r2", "text": "a short note\n"}
    assert records.json("pin", "r2") == {"pinned": ["r2"]}
    gone = records.json("expire", "--keep", "1KB")["expired"]
    assert [one["id"] for one in gone] == ["r1"]  # type: ignore[attr-defined]
    assert "it expired at" in records.refused("open", "r1")
    records.run("page", "-", stdin=b"another note\n")
    assert records.json("expire", "--keep", "1GiB")["expired"] == []
    gone = records.json("expire", "--older-than", "0d")["expired"]
    assert [one["id"] for one in gone] == ["r3"]  # type: ignore[attr-defined]
    assert "--older-than" in records.refused("expire")
    assert "is no age" in records.refused("expire", "--older-than", "soon")
    assert "nothing at r9" in records.refused("pin", "r9")


def test_a_server_needs_a_model_name_and_somebody_listening(shell: Shell) -> None:
    """`--base-url` without `openai:NAME`, and an address where nobody listens, are one sentence each."""
    said = shell.refused("investigate", "why?", "--base-url", "http://127.0.0.1:9/v1")
    assert "openai:NAME" in said
    shell.folder.joinpath("a.txt").write_text("word " * 3000)
    served = ("--by", "model", "--model", "openai:m", "--base-url", "http://127.0.0.1:9/v1")
    assert "cannot be reached" in shell.refused("summarize", "a.txt", *served)
