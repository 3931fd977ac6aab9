"""A session with a person: one run that grows by a message at a time, over the same loop."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from summarizers import Templates

from .events import Observer, read_events, unobserved
from .investigation import Outcome, investigate, resume
from .ledger import Ledger
from .messages import Model
from .notebook import Observation
from .run import RunFolder
from .settings import Settings
from .tools import Tool


class ChatSession:
    """A run with a person; `model` and `tools` are made with the first message.

    The first message begins the run in its folder, later ones go on with it, also in a later process: the same store,
    ceiling, notebook and events.
    """

    def __init__(
        self,
        run: Path,
        *,
        model: Callable[[], Model],
        tools: Callable[[], Sequence[Tool]],
        settings: Settings,
        about: Mapping[str, object] | None = None,
        observer: Observer = unobserved,
        templates: Templates | None = None,
    ) -> None:
        self.run = run
        self._make_model = model
        self._make_tools = tools
        self._settings = settings
        self._about = about
        self._observer = observer
        self._templates = templates
        self._made: tuple[Model, Sequence[Tool]] | None = None

    @property
    def begun(self) -> bool:
        """Whether anything was said."""
        return RunFolder(self.run).info_path.exists()

    def say(self, message: str) -> Outcome:
        """What comes of a message. Raises `BadInput` for too long a one, and what an investigation raises."""
        if self._made is None:
            self._made = (self._make_model(), self._make_tools())
        model, tools = self._made
        settings, observer, templates = self._settings, self._observer, self._templates
        if self.begun:
            return resume(
                self.run,
                message=message,
                model=model,
                tools=tools,
                settings=settings,
                observer=observer,
                templates=templates,
            )
        return investigate(
            message,
            model=model,
            tools=tools,
            run=self.run,
            settings=settings,
            observer=observer,
            templates=templates,
            about=self._about,
        )

    def findings(self) -> tuple[Observation, ...]:
        """What was recorded so far."""
        return Ledger.of(read_events(RunFolder(self.run).events_path)).observations
