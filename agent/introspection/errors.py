"""What can be wrong with a subject or a question about it.

SubjectError
├── NoModel       a folder is no Hugging Face model that can be read
├── NoSuchLayer   a layer is asked for that the network does not have
├── NotRunnable   the weights can be read, but the network cannot be run
└── NoPlant       a fault cannot be planted in this network or at this place
"""

from ..errors import AgentError


class SubjectError(AgentError):
    """What every error of the introspection tools is."""


class NoModel(SubjectError):
    """A folder is no Hugging Face model that can be read."""


class NoSuchLayer(SubjectError):
    """A layer is asked for that the network does not have."""

    def __init__(self, asked: object, layers: int) -> None:
        super().__init__(f"there is no layer {asked!r}: this network has {layers} layers, 0 to {layers - 1}")
        self.asked = asked
        self.layers = layers


class NotRunnable(SubjectError):
    """The weights can be read, but the network cannot be run."""


class NoPlant(SubjectError):
    """A fault cannot be planted in this network or at this place."""
