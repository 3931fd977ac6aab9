"""What an investigation is made of, opened from its folder."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from pager import Call, FunctionCounter, Pager
from summarizers import Templates

from .events import EventLog, Observer
from .generation import GuardedModel
from .messages import Model
from .notebook import Notebook
from .run import RunFolder, RunInfo
from .tools import Toolbox
from .verbs import verb_specs
from .words import Words


@dataclass(frozen=True, slots=True)
class Parts:
    """The open files, the model and the tools of one run."""

    folder: RunFolder
    info: RunInfo
    log: EventLog
    words: Words
    pager: Pager
    notebook: Notebook
    tools: Toolbox
    guarded: GuardedModel


@contextmanager
def opened(
    folder: RunFolder,
    info: RunInfo,
    *,
    model: Model,
    tools: Toolbox,
    templates: Templates | None,
    observer: Observer,
) -> Iterator[Parts]:
    """Open the folder's events, notebook and store; close them however the run ends."""
    words = Words(templates or Templates(), FunctionCounter(model.counter.name, model.counter.count), info.plan)
    guarded = GuardedModel(model, (*verb_specs(steps=len(info.plan)), *tools.specs), words, folder, info.settings)
    with ExitStack() as stack:
        notebook = stack.enter_context(Notebook(folder.notebook_path))  # first: its lock keeps the run ours alone
        log = stack.enter_context(EventLog(folder.events_path, observer=observer))
        pager = stack.enter_context(Pager(folder.store_path, counter=words.counter, revive=_revive(tools)))
        yield Parts(folder, info, log, words, pager, notebook, tools, guarded)


def fixed_tokens(guarded: GuardedModel, question: str) -> Mapping[str, int]:
    """The tokens of what every prompt holds: system prompt with the chat template's own, tool schemas, question."""
    words = guarded.words
    whole = words.head(question)
    total = guarded.measure(whole)
    without_tools = len(guarded.model.prompt(whole, ()).tokens)
    without_question = guarded.measure(words.head(""))
    return {
        "system": without_tools - (total - without_question),
        "tool schemas": total - without_tools,
        "question": total - without_question,
    }


def _revive(tools: Toolbox) -> Callable[[Call], object]:
    """Computes a lazy result again, in a later process."""
    return lambda call: tools[call.tool].run(call.arguments)
