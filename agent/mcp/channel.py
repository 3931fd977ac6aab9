"""Where messages come from and go to: our own standard streams, or a child process."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import BinaryIO, Protocol

from ..errors import BadInput
from .message import MOST_BYTES, Message, parsed

_CHUNK = 1 << 16
_GRACE_S = 2.0


class Channel(Protocol):
    """One end of a conversation."""

    async def send(self, message: Message) -> None:
        """Hand a message over; one that nobody can take any more is dropped."""

    async def receive(self) -> Message | None:
        """The next message; None at the end."""


class StandardStreams:
    """The client that started us: messages a line, on standard input and output.

    While it serves, standard output of this process is standard error, so that no stray print breaks the protocol.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._lines: asyncio.Queue[Message | None] = asyncio.Queue()
        self._wire: BinaryIO = os.fdopen(os.dup(1), "wb", buffering=0)
        sys.stdout.flush()
        os.dup2(2, 1)
        threading.Thread(target=self._read, daemon=True).start()

    async def send(self, message: Message) -> None:
        """Write a line."""
        data = memoryview(message.line.strip() + b"\n")
        with suppress(BrokenPipeError):
            while data:
                data = data[self._wire.write(data) :]

    async def receive(self) -> Message | None:
        """The next line that is a message."""
        return await self._lines.get()

    def _read(self) -> None:
        """Read in a thread of its own: standard input may be a pipe, a file or a terminal."""
        for line in sys.stdin.buffer:
            if (message := parsed(line)) is not None:
                self._put(message)
        self._put(None)

    def _put(self, message: Message | None) -> None:
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._lines.put_nowait, message)


class Child:
    """A server that is a process of ours; its standard error is ours."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, most_bytes: int = MOST_BYTES) -> None:
        self._name = name
        self._process = process
        self._most = most_bytes
        self._held = b""
        self._lines: list[bytes] = []

    async def send(self, message: Message) -> None:
        """Write a line to its standard input."""
        stdin = self._process.stdin
        assert stdin is not None
        with suppress(BrokenPipeError, ConnectionResetError):
            stdin.write(message.line.strip() + b"\n")
            await stdin.drain()

    async def receive(self) -> Message | None:
        """The next line of its standard output that is a message; another goes to standard error."""
        while True:
            line = await self._line()
            if line is None or (message := parsed(line)) is not None:
                return None if line is None else message
            if line.strip():
                print(f"{self._name}: {line.decode('utf-8', 'replace').rstrip()[:200]}", file=sys.stderr)

    async def _line(self) -> bytes | None:
        stdout = self._process.stdout
        assert stdout is not None
        while not self._lines:
            chunk = await stdout.read(_CHUNK)
            if not chunk:
                return None
            pieces, held = [self._held], len(self._held)
            while b"\n" not in chunk:  # a long line: join its pieces once
                pieces.append(chunk)
                held += len(chunk)
                if held > self._most:
                    print(
                        f"{self._name}: a message of more than {self._most:,} bytes; it is not heard", file=sys.stderr
                    )
                    return None
                if not (chunk := await stdout.read(_CHUNK)):
                    break
            *self._lines, self._held = b"".join((*pieces, chunk)).split(b"\n")
            self._lines.reverse()
        return self._lines.pop()

    async def stop(self) -> None:
        """Close its input, give it a moment, then end it; at once where nobody waits for that any more."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            for act in (None, self._process.terminate, self._process.kill):
                if act is not None:
                    with suppress(ProcessLookupError):
                        act()
                with suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(self._process.wait(), _GRACE_S)
                    return
        finally:
            if self._process.returncode is None:
                with suppress(ProcessLookupError):
                    self._process.kill()


@asynccontextmanager
async def child(name: str, command: list[str], env: Mapping[str, str], cwd: str | None) -> AsyncIterator[Channel]:
    """A server started by its command, with this process's environment and `env`; stopped at the end.

    Raises BadInput where there is no such command.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, **env},
            cwd=cwd,
            limit=1 << 20,
        )
    except (OSError, ValueError) as error:
        raise BadInput(
            f"{name} cannot be started: {command[0]}: {getattr(error, 'strerror', None) or error}"
        ) from error
    running = Child(name, process)
    try:
        yield running
    finally:
        await running.stop()
