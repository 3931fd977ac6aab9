"""The pager before MCP servers: everything passes through, and results above a token limit become cards."""

from .config import Config, ServerSpec, read_config
from .listening import listen
from .place import Place, read_place
from .policy import Policy
from .serving import serve

__all__ = ["Config", "Place", "Policy", "ServerSpec", "listen", "read_config", "read_place", "serve"]
