"""Tools that look into a neural network: a Hugging Face folder, read lazily, layer by layer."""

from .errors import NoModel, NoPlant, NoSuchLayer, NotRunnable, SubjectError
from .plant import FIRST_KINDS, KINDS, Plant, plant
from .registry import SubjectTool, subject_tool, tools_of
from .subject import Subject, TensorInfo
from .tools import Introspection, further_tools, introspection_tools, revive, reviver

__all__ = [
    "FIRST_KINDS",
    "KINDS",
    "Introspection",
    "NoModel",
    "NoPlant",
    "NoSuchLayer",
    "NotRunnable",
    "Plant",
    "Subject",
    "SubjectError",
    "SubjectTool",
    "TensorInfo",
    "further_tools",
    "introspection_tools",
    "plant",
    "revive",
    "reviver",
    "subject_tool",
    "tools_of",
]
