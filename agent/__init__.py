"""The agent: an investigation loop whose prompt never outgrows its ceiling.

`investigate` starts a run, `resume` goes on with one; `@tool` makes a tool of a function; a model is anything that
fulfils `Model`. None of this loads torch.
"""

from .errors import AgentError, CeilingExceeded, CeilingTooLow
from .events import Event, Observer
from .investigation import Outcome, investigate, resume
from .messages import Choice, Message, Model, Prompt, Reply, ToolCall, ToolSpec
from .notebook import Observation
from .settings import Settings
from .tools import Tool, Toolbox, tool
from .writing import ModelWriter

__all__ = [
    "AgentError",
    "CeilingExceeded",
    "CeilingTooLow",
    "Choice",
    "Event",
    "Message",
    "Model",
    "ModelWriter",
    "Observation",
    "Observer",
    "Outcome",
    "Prompt",
    "Reply",
    "Settings",
    "Tool",
    "ToolCall",
    "ToolSpec",
    "Toolbox",
    "investigate",
    "resume",
    "tool",
]
