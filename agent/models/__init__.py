"""Model back ends: local Hugging Face models, and a scripted one. Importing this loads no torch and no transformers."""

from ..errors import ScriptEnded
from .scripted import Fed, ScriptedModel

__all__ = ["Fed", "ScriptEnded", "ScriptedModel"]
