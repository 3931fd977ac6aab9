"""What a person reads after a run."""

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest

from agent.cli.live import Live
from agent.events import Observer, read_events, unobserved
from agent.investigation import investigate
from agent.messages import ToolCall
from agent.models import ScriptedModel
from agent.report import chart_lines, generations, run_generations, runs_in, write_report
from agent.report.series import read
from agent.report.strips import strips
from agent.settings import Settings
from agent.tools import tool
from pager import Lazy


@tool
def get_numbers() -> list[dict[str, int]]:
    """Numbers."""
    return [{"layer": layer, "value": 3 if layer != 7 else 900} for layer in range(20)]


def investigated(folder: Path, observer: Observer) -> Path:
    """The folder of a finished run of three generations."""
    finding = ToolCall("record_observation", {"finding": "layer 7 has 900, its siblings 3", "evidence": "r1[7]"})
    model = ScriptedModel([ToolCall("get_numbers", {}), finding, "It is layer 7: r1[7] holds 900."])
    settings = Settings(ceiling=4000)
    investigate(
        "Which layer stands out?", model=model, tools=[get_numbers], run=folder, settings=settings, observer=observer
    )
    return folder


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A finished run."""
    return investigated(tmp_path / "run", unobserved)


def test_the_report_tells_question_answer_findings_and_tokens(run: Path) -> None:
    """report.md has all that a reader asks first, and a row for every generation."""
    text = write_report(run).markdown.read_text()
    for part in (
        "Which layer stands out?",
        "It is layer 7: r1[7] holds 900.",
        "layer 7 has 900",
        "r1[7]",
        "recorded by the model",
    ):
        assert part in text
    assert text.count("| turn |") == 3 + 1


def test_the_plot_is_a_picture(run: Path) -> None:
    """tokens.png lies beside the report."""
    pytest.importorskip("matplotlib")
    write_report(run)
    assert (run / "tokens.png").read_bytes().startswith(b"\x89PNG")


def test_the_chart_never_passes_the_ceiling(run: Path) -> None:
    """Each line's bar ends at or before the ceiling, and tells the numbers."""
    lines = list(chart_lines(run_generations(run)))
    assert len(lines) == 3
    assert {line.index("|") for line in lines} == {lines[0].index("|")}
    assert all("of 4,000" in line for line in lines)


def test_a_watcher_sees_calls_results_and_findings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The live view names every call with the tokens it took, shows its result, and the findings as they come."""
    investigated(tmp_path / "run", Live())
    seen = capsys.readouterr().err
    for part in ("get_numbers()", "[r1: page 1 of 1, table]", "recorded: layer 7 has 900", "+ 256 of 4,000 tokens"):
        assert part in seen


HOSTILE = "</script><script>alert(1)</script><img src=http://x.example/a onerror=alert(2)> {{ 7 * 7 }} \x00\u202e\udc80"
ANSWER = "It is layer 9. <script>alert(1)</script> {{ 7 * 7 }}"


@tool
def get_hostile() -> list[dict[str, str]]:
    """Text that would be a page."""
    return [{"layer": "1", HOSTILE: HOSTILE}] * 3


@tool
def get_modules() -> dict[str, object]:
    """Statistics by layer and module, and heads."""
    layers = [{"mlp": {"std": 1.0 + (layer == 9) * 40 + layer / 100}} for layer in range(20)]
    heads = [{"layer": layer, "head": head, "entropy": (layer + head) / 9} for layer in range(6) for head in range(3)]
    return {"anomalies": [{"layer": 9, "module": "model.layers.9.mlp"}], "layers": layers, "heads": heads}


@tool
def get_lazily() -> Lazy:
    """Layers computed when opened."""
    return Lazy(keys=("model.layers.0", "model.layers.1"), child=lambda key: {"rms": 2.0, "name": key})


def played(folder: Path, ceiling: int = 4000, turns: int = 25) -> Path:
    """A run with every kind of event that a report tells of, its texts hostile."""
    steps = iter([
        ToolCall("get_hostile", {}),
        ToolCall("get_modules", {}),
        ToolCall("get_lazily", {}),
        ToolCall("open", {"address": "r3/model.layers.1"}),
        ToolCall("open", {"address": "r9"}),
        ToolCall("record_observation", {"finding": f"layer 9 is off {HOSTILE}", "evidence": "r2/layers[9], r1[0]"}),
    ])  # fmt: skip
    investigate(
        f"Which? {HOSTILE}",
        model=ScriptedModel(lambda messages: next(steps, ANSWER), name=HOSTILE),
        tools=[get_hostile, get_modules, get_lazily],
        run=folder,
        settings=Settings(ceiling=ceiling, max_turns=turns),
        about={"subject": HOSTILE},
    )
    return folder


class Page(HTMLParser):
    """The tags and links of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Note the tag."""
        self.tags.append(tag)
        self.attributes += attributes

    def handle_data(self, data: str) -> None:
        """Note the text."""
        self.words.append(data)


def test_nothing_of_a_run_can_act_in_its_page(tmp_path: Path) -> None:
    """Tags in questions, results, findings, names and answers are words; nothing is loaded, nothing runs."""
    page = Page(write_report(played(tmp_path / "run")).html.read_text(encoding="utf-8"))
    assert not {"script", "img", "iframe", "object", "base", "form"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    links = [str(value) for name, value in page.attributes if name in ("href", "src")]
    assert links
    assert all(link.startswith(("#", "data:,")) for link in links)
    text = "".join(page.words)
    assert "<script>alert(1)</script>" in text
    assert "49" not in text.split("It is layer 9.")[1][:140]
    assert not {"\x00", "\u202e"} & set(text)


def test_every_evidence_link_leads_to_a_text_in_the_page(tmp_path: Path) -> None:
    """A finding's addresses are anchors of the page, with what stands there."""
    page = Page(write_report(played(tmp_path / "run")).html.read_text(encoding="utf-8"))
    places = {value for name, value in page.attributes if name == "id"}
    links = [str(value)[1:] for name, value in page.attributes if name == "href" and str(value).startswith("#at-")]
    assert len(links) == 2
    assert set(links) <= places


@pytest.mark.parametrize("ceiling", [2000, 4000])
def test_a_generation_s_parts_make_up_its_prompt(tmp_path: Path, ceiling: int) -> None:
    """The stacked chart shows every token that was fed, once, before and after a compaction."""
    events = list(read_events(played(tmp_path / "run", ceiling=ceiling) / "events.jsonl"))
    for one in generations(events):
        assert sum(one.held.values()) == one.input_tokens
        assert one.held["tool schemas"] > 0
    assert generations(events)[2].held["cards"] > 0
    assert (generations(events)[-1].held["notebook"] > 0) is (ceiling == 2000)


def test_a_strip_says_what_each_result_was_in_each_prompt(tmp_path: Path) -> None:
    """Nothing before it came, a card or page then, and less once it aged."""
    found = strips(read_events(played(tmp_path / "run", ceiling=2000) / "events.jsonl"))
    assert [one.result for one in found] == ["r1", "r2", "r3"]
    assert found[0].levels[0] == ""
    assert found[0].levels[1] in ("card", "page")
    assert found[2].levels[4] == "page"
    assert {"index", "summary", "stub"} & set(found[0].levels)


def test_numbers_along_layers_and_heads_are_drawn_with_what_a_scan_names() -> None:
    """The flagged layer is marked; a table of layer by head becomes a map."""
    drawn = read("r1", get_modules.run({}))
    assert [(one.name, one.address, one.flagged) for one in drawn.series] == [("mlp std", "r1/layers", (9,))]
    assert [(one.name, one.layers, one.heads) for one in drawn.maps] == [("entropy", (0, 1, 2, 3, 4, 5), (0, 1, 2))]


@pytest.mark.parametrize("lines", [0, 1, 2, 4, 7])
def test_a_run_that_was_killed_has_a_report(tmp_path: Path, lines: int) -> None:
    """Wherever it stopped, what there is of it is told, and that it can go on."""
    run = played(tmp_path / "run")
    events = (run / "events.jsonl").read_bytes().splitlines(keepends=True)
    (run / "events.jsonl").write_bytes(b"".join(events[:lines]) + b'{"event": "gener')
    text = write_report(run).html.read_text(encoding="utf-8")
    assert "--resume" in text
    assert next(runs_in(run)).reason == "unfinished"


def test_a_run_of_an_older_version_has_a_report(run: Path) -> None:
    """Events without the parts of a prompt still make a chart."""
    events = [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]
    told = ("held", "tools", "axes")
    older = [{name: value for name, value in event.items() if name not in told} for event in events]
    (run / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in older))
    assert "s-prompt" in write_report(run).html.read_text(encoding="utf-8")


def test_a_damaged_run_is_listed_with_what_is_wrong(tmp_path: Path, run: Path) -> None:
    """One bad folder keeps nobody from seeing the others."""
    (tmp_path / "worse").mkdir()
    (tmp_path / "worse" / "run.json").write_text("{}")
    lines = {line.run.name: line for line in runs_in(tmp_path)}
    assert lines["run"].findings == 1
    assert lines["run"].peak_tokens <= lines["run"].ceiling == 4000
    assert "not this version's" in lines["worse"].problem


def test_a_run_at_work_has_a_report(tmp_path: Path) -> None:
    """Its store is read while it is written; each report tells what there is so far."""
    sizes: list[int] = []

    def watch(event: object) -> None:
        sizes.append(len(write_report(tmp_path / "run").html.read_bytes()))

    investigated(tmp_path / "run", watch)
    assert len(sizes) > 5
    assert sizes[0] < sizes[-1]
