"""The sandbox process as the pager sees it: started when first asked, killed when it takes too long."""

import contextlib
import json
import os
import selectors
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, BinaryIO, cast

from ..bodies.columns import Column
from ..errors import QueryFailed
from .sandbox import MEMORY, write_frame

SCRIPT = Path(__file__).with_name("sandbox.py")
START_SECONDS = 60.0


class Worker:
    """One sandbox process and the table it holds, known by `loaded`."""

    def __init__(self) -> None:
        self.loaded: str | None = None
        self.columns: list[Column] = []
        self.lock = threading.RLock()
        self._process: subprocess.Popen[bytes] | None = None

    def close(self) -> None:
        """End the process; the next request starts another."""
        process, self._process, self.loaded = self._process, None, None
        if process is None:
            return
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()

    def start(self) -> None:
        """Start the process now, so that it is ready by the time it is asked."""
        self._running()

    def ask(self, request: dict[str, Any], *, seconds: float) -> dict[str, Any]:
        """The answer to a request; raises QueryFailed when it is an error, comes too late, or never."""
        process = self._running()
        try:
            write_frame(cast(BinaryIO, process.stdin), request)
            answer = self._read(process, time.monotonic() + seconds)
        except (OSError, EOFError):
            self.close()
            raise QueryFailed(
                f"the query broke its bounds (memory {MEMORY}) and was ended; ask for less at once"
            ) from None
        except BaseException:
            self.close()
            raise
        if answer is None:
            self.close()
            raise QueryFailed(f"the query took longer than {seconds:g} s and was ended; filter or aggregate first")
        if "error" in answer:
            raise QueryFailed(str(answer["error"]))
        return answer

    def _running(self) -> "subprocess.Popen[bytes]":
        if self._process is None or self._process.poll() is not None:
            self.close()
            environment = {
                key: os.environ[key] for key in ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH") if key in os.environ
            }
            self._process = subprocess.Popen(
                [sys.executable, "-I", str(SCRIPT)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment,
            )  # fmt: skip
        return self._process

    def _read(self, process: "subprocess.Popen[bytes]", until: float) -> dict[str, Any] | None:
        head = self._take(process, 8, until)
        body = None if head is None else self._take(process, struct.unpack("<Q", head)[0], until)
        if body is None:
            return None
        answer: dict[str, Any] = json.loads(body)
        return answer

    def _take(self, process: "subprocess.Popen[bytes]", size: int, until: float) -> bytes | None:
        """Exactly `size` bytes of output, or None when time runs out; raises EOFError when the process ended."""
        stream = cast(BinaryIO, process.stdout)
        found = b""
        with selectors.DefaultSelector() as selector:
            selector.register(stream, selectors.EVENT_READ)
            while len(found) < size:
                if not selector.select(max(0.0, until - time.monotonic())):
                    return None
                piece = os.read(stream.fileno(), min(1 << 20, size - len(found)))
                if not piece:
                    raise EOFError
                found += piece
        return found
