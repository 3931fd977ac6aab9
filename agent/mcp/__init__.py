"""The pager before MCP servers: everything passes through, and results above a token limit become cards."""

from .config import Config, ServerSpec, read_config
from .policy import Policy
from .serving import serve

__all__ = ["Config", "Policy", "ServerSpec", "read_config", "serve"]
