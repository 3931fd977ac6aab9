"""The notebook: what was found is found again."""

from pathlib import Path

import pytest

from agent.notebook import Notebook, Observation, select

ODD = Observation(1, 2, "model", "layer 17 has kurtosis 187.2", ("r3/layers[17]",))
ZEROS = Observation(2, 3, "loop", "layer 3 is 40 % zeros", ("r4",), 2.0)
PLAIN = Observation(3, 4, "model", "the embeddings look plain")
MINOR = Observation(4, 5, "loop", "30 rows", ("r5",), 0.3)
ALL = (ODD, ZEROS, PLAIN, MINOR)


@pytest.fixture
def notebook() -> Notebook:
    """Four findings."""
    book = Notebook()
    book.sync(ALL)
    return book


def test_a_finding_is_found_by_all_its_words(notebook: Notebook) -> None:
    """All words must be there, in any order, for an answer that is not called near."""
    found = notebook.recall("kurtosis layer")
    assert found.observations == (ODD,)
    assert not found.near


def test_a_finding_is_found_by_its_evidence(notebook: Notebook) -> None:
    """The address it rests on is searched too."""
    assert notebook.recall("r4").observations == (ZEROS,)


def test_some_of_the_words_are_better_than_none(notebook: Notebook) -> None:
    """Where no finding holds all words, those that hold any come, marked as near."""
    found = notebook.recall("kurtosis of the embeddings")
    assert set(found.observations) == {ODD, PLAIN}
    assert found.near


@pytest.mark.parametrize("query", ["", "?!", '" OR *', "NEAR(", "absent", "\x00", "finding:"])
def test_any_query_is_answered(notebook: Notebook, query: str) -> None:
    """Nothing that a model writes is a syntax error; where nothing matches, the newest findings come."""
    found = notebook.recall(query)
    assert found.total == 4
    assert found.observations[0] in ALL
    assert found.near


def test_an_empty_notebook_answers_too() -> None:
    """Nothing was recorded: nothing comes, and nothing is raised."""
    assert Notebook().recall("layer").observations == ()


def test_findings_outlive_the_process(tmp_path: Path) -> None:
    """What was added is there when the file is opened again; syncing again doubles nothing."""
    with Notebook(tmp_path / "notebook.sqlite") as book:
        book.add(ODD)
    with Notebook(tmp_path / "notebook.sqlite") as book:
        assert book.recall("kurtosis").observations == (ODD,)
        book.sync([ODD, ZEROS])
        assert len(book) == 2


def test_text_that_no_database_takes_is_kept_readable() -> None:
    """Lone surrogates and NUL do not keep a finding from being saved."""
    book = Notebook()
    book.add(Observation(1, 1, "model", "odd \ud800 \0 value"))
    assert "odd" in book.recall("odd").observations[0].finding


def test_the_models_newest_findings_come_first_then_the_loops_most_telling() -> None:
    """Where not all fit, the model's own words win, and the order stays that of the run."""
    assert select(ALL, 1) == [PLAIN]
    assert select(ALL, 3) == [ODD, ZEROS, PLAIN]
    assert select(ALL, 9) == list(ALL)
