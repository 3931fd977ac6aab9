"""Which servers stand behind the pager: one command, one URL, or a file in the form that MCP clients read."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..errors import BadInput
from .policy import Policy

_VARIABLE = re.compile(r"\$\{(?:env:)?(\w+)(?::-([^}]*))?\}")
_STDIO, _HTTP = (None, "stdio"), (None, "http", "streamable-http", "streamableHttp")


@dataclass(frozen=True, slots=True)
class ServerSpec:
    """How one server is reached, and which of its results become cards; `command` or `url`. Nothing of it is shown."""

    name: str
    command: tuple[str, ...] = ()
    url: str | None = None
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    cwd: str | None = None
    policy: Policy = field(default_factory=Policy)


@dataclass(frozen=True, slots=True)
class Config:
    """The servers, in the order they were named."""

    servers: tuple[ServerSpec, ...] = ()


def read_config(path: Path, policy: Policy) -> Config:
    """The `mcpServers` of a file. What becomes a card: `policy` before a server's `toolpager` before the file's.

    `${NAME}` and `${NAME:-default}` are taken from the environment. Raises BadInput that names the place.
    """
    try:
        read = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise BadInput(f"{path} cannot be read as JSON: {error}") from error
    named = read.get("mcpServers") if isinstance(read, dict) else None
    if not isinstance(named, dict) or not named:
        raise BadInput(f'{path} names no servers; it should hold {{"mcpServers": {{"name": {{"command": …}}}}}}')
    shared = _policy(read.get("toolpager"), f"{path}: toolpager")
    servers = (_server(name, spec, path) for name, spec in named.items() if not _off(spec))
    return Config(tuple(replace(one, policy=policy.before(one.policy).before(shared)) for one in servers))


def _server(name: str, spec: object, path: Path) -> ServerSpec:
    where = f"{path}: mcpServers.{name}"
    if not isinstance(spec, dict):
        raise BadInput(f"{where} is no object with a command or a url")
    kind, command, url = spec.get("type") or spec.get("transport"), spec.get("command"), spec.get("url")
    if isinstance(command, str) and url is None and kind in _STDIO:
        arguments = spec.get("args", [])
        if not isinstance(arguments, list):
            raise BadInput(f"{where}: args is no list")
        words = (command, *map(str, arguments))
        command_line = tuple(_filled(word, where) for word in words)
    elif isinstance(url, str) and command is None and kind in _HTTP:
        command_line, url = (), _filled(url, where)
    else:
        raise BadInput(f"{where} needs a command (stdio) or a url (streamable HTTP), and has type {kind!r}")
    return ServerSpec(
        name=name,
        command=command_line,
        url=url,
        env=_strings(spec.get("env"), f"{where}: env"),
        headers=_strings(spec.get("headers"), f"{where}: headers"),
        cwd=spec.get("cwd"),
        policy=_policy(spec.get("toolpager"), f"{where}: toolpager"),
    )


def _policy(said: object, where: str) -> Policy:
    if said is None:
        return Policy()
    if not isinstance(said, dict) or not set(said) <= {"limitTokens", "tools"}:
        raise BadInput(f'{where} should be {{"limitTokens": 1000, "tools": {{"name or pattern": "never"}}}}')
    tools = said.get("tools", {})
    if not isinstance(tools, dict):
        raise BadInput(f"{where}: tools is no object")
    return Policy(said.get("limitTokens"), tools)


def _strings(said: Any, where: str) -> dict[str, str]:
    if not isinstance(said, dict | None):
        raise BadInput(f"{where} is no object")
    return {str(name): _filled(str(value), where) for name, value in (said or {}).items()}


def _filled(text: str, where: str) -> str:
    def value(found: re.Match[str]) -> str:
        known = os.environ.get(found[1], found[2])
        if known is None:
            raise BadInput(f"{where}: ${{{found[1]}}} is not in the environment")
        return known

    return _VARIABLE.sub(value, text)


def _off(spec: object) -> bool:
    return isinstance(spec, dict) and bool(spec.get("disabled"))
