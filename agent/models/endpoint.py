"""One model behind an OpenAI-compatible server: requests by the `openai` client, refusals as this package's errors."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast
from urllib.parse import urlsplit

import openai

from ..errors import BadInput, ContextExceeded, ServerFailed
from .overlong import is_overlong, named_context

KEY = "OPENAI_API_KEY"
TIMEOUT_S = 600.0
_RETRIES = 2
_SAID = 300  # characters of what a server said that an error repeats
_DISPENSABLE = ("tool_choice", "response_format", "temperature", "seed", "max_tokens")
_OTHER_WORDS = {
    "response_format": ("json_schema", "grammar", "schema"),
    "tool_choice": ("tool choice", "tool-choice"),
}
_CONTEXT_FIELDS = ("max_model_len", "context_length", "context_window", "max_context_length")


class Endpoint:
    """Asks one server about one model.

    The key comes from $OPENAI_API_KEY and is in no message. The client retries what passes: timeouts, lost connections,
    refusals for load. An option that the server does not know is left out from then on.

    Raises BadInput for an address that holds a password, ServerFailed, ContextExceeded.
    """

    def __init__(
        self, model: str, base_url: str | None, *, timeout_s: float = TIMEOUT_S, retries: int = _RETRIES
    ) -> None:
        parts = urlsplit(base_url or "")
        if parts.username or parts.password or parts.query:
            raise BadInput(f"--base-url takes no password and no query: records name it. Put a key into ${KEY}")
        if base_url and parts.scheme not in ("http", "https"):
            raise BadInput(f"{base_url!r} is no address of a server; give one such as http://127.0.0.1:8000/v1")
        self.model = model
        self._key = os.environ.get(KEY, "")
        self._client = openai.OpenAI(
            api_key=self._key or "none", base_url=base_url, timeout=timeout_s, max_retries=retries
        )
        self._left_out: set[str] = set()

    @property
    def address(self) -> str:
        """The server's, as messages and records name it."""
        return str(self._client.base_url).rstrip("/")

    def complete(self, body: Mapping[str, object], *, input_tokens: int, max_new_tokens: int) -> dict[str, Any]:
        """The chat completion of `body`; what counts as too long is a ContextExceeded with these numbers."""
        asked = {"model": self.model, "max_tokens": max_new_tokens, **body}
        for _ in range(len(_DISPENSABLE) + 1):
            with self._mapped(input_tokens, max_new_tokens):
                try:
                    return self._object(self._client.post("/chat/completions", cast_to=object, body=self._sent(asked)))
                except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                    if (refused := self._refused_option(error, asked)) is None:
                        raise
                    self._left_out.add(refused)
        raise ServerFailed(f"{self.address} refuses every form of the request")

    def extra(self, path: str, body: Mapping[str, object] | None = None) -> dict[str, Any] | None:
        """What the server answers at a path of its own, beside /v1; None where it has no such thing."""
        try:
            answer = self._beside(path, body)
        except openai.APIStatusError:
            return None
        except openai.APIConnectionError as error:
            raise self._unreachable(error) from error
        return cast("dict[str, Any]", answer) if isinstance(answer, dict) else None

    def demanded(self, path: str, body: Mapping[str, object], field: str) -> Any:
        """One field of what the server answers at a path of its own; ServerFailed, with a status, where it has none."""
        with self._mapped(0, 0):
            answer = self._beside(path, body)
        if not isinstance(answer, dict) or field not in answer:
            raise ServerFailed(f"{self.address} answers {path} without {field}", status=501)
        return answer[field]

    def _beside(self, path: str, body: Mapping[str, object] | None) -> object:
        url = f"{self.address.removesuffix('/v1')}{path}"
        if body is None:
            return self._client.get(url, cast_to=object, options={"max_retries": 0})
        return self._client.post(url, cast_to=object, body=body)

    def context_tokens(self) -> int | None:
        """The most tokens of prompt and reply together, as far as the server tells: None where it does not."""
        props = self.extra("/props") or {}
        slot = props.get("default_generation_settings")
        if isinstance(slot, dict) and isinstance(slot.get("n_ctx"), int):
            return int(slot["n_ctx"])
        loaded = (self.extra("/api/ps") or {}).get("models") or []
        listed = [*loaded, *self._listed()]
        mine = [one for one in listed if isinstance(one, dict) and self.model in (one.get("id"), one.get("name"))]
        return next((one[name] for one in mine for name in _CONTEXT_FIELDS if isinstance(one.get(name), int)), None)

    def _listed(self) -> list[Any]:
        try:
            answer = self._client.get("/models", cast_to=object)
        except openai.APIStatusError:
            return []
        except openai.APIConnectionError as error:
            raise self._unreachable(error) from error
        listed = answer.get("data") if isinstance(answer, dict) else None
        return listed if isinstance(listed, list) else []

    def _sent(self, asked: Mapping[str, object]) -> dict[str, object]:
        sent = {name: value for name, value in asked.items() if name not in self._left_out}
        if "max_tokens" in self._left_out:  # its newer name
            sent["max_completion_tokens"] = asked["max_tokens"]
        return sent

    def _refused_option(self, error: openai.APIStatusError, asked: Mapping[str, object]) -> str | None:
        """The option a refusal is about, where the request means the same without it."""
        said = _said(error)
        if is_overlong(error.status_code, said, _code(error)):
            return None
        candidates = [name for name in _DISPENSABLE if name in asked and name not in self._left_out]
        param = getattr(error, "param", None)
        words = {name: (name, *_OTHER_WORDS.get(name, ())) for name in candidates}
        named = [name for name in candidates if any(re.search(rf"\b{word}\b", said, re.I) for word in words[name])]
        return param if param in candidates else next(iter(named), None)

    @contextmanager
    def _mapped(self, input_tokens: int, max_new_tokens: int) -> Iterator[None]:
        try:
            yield
        except openai.APIConnectionError as error:
            raise self._unreachable(error) from error
        except openai.APIStatusError as error:
            said = _said(error)
            if is_overlong(error.status_code, said, _code(error)):
                raise ContextExceeded(
                    input_tokens=input_tokens,
                    max_new_tokens=max_new_tokens,
                    context_tokens=named_context(said, error.body),
                    said=self._clean(said),
                ) from error
            raise ServerFailed(
                f"{self.address} answered {error.status_code}: {self._clean(said)}{self._remedy(error)}",
                status=error.status_code,
            ) from error

    def _remedy(self, error: openai.APIStatusError) -> str:
        if isinstance(error, openai.AuthenticationError | openai.PermissionDeniedError):
            return f" — put a key that may use {self.model} into ${KEY}"
        if isinstance(error, openai.NotFoundError):
            names = ", ".join(str(one.get("id")) for one in self._listed()[:5] if isinstance(one, dict))
            return f" — it serves {names}" if names else " — does --base-url end as the server wants it (…/v1)?"
        return ""

    def _unreachable(self, error: openai.APIConnectionError) -> ServerFailed:
        what = "timed out" if isinstance(error, openai.APITimeoutError) else "cannot be reached"
        cause = f" ({self._clean(str(error.__cause__))})" if error.__cause__ else ""
        return ServerFailed(
            f"{self.address} {what}, after {self._client.max_retries + 1} tries{cause}. "
            "Start the server or correct --base-url; a run that had begun goes on with --resume."
        )

    def _clean(self, text: str) -> str:
        """A server's words on one line, without the key."""
        line = " ".join(text.split()).rstrip(".")
        shown = line.replace(self._key, "…") if self._key else line
        return shown[:_SAID] + "…" * (len(shown) > _SAID)

    def _object(self, answer: object) -> dict[str, Any]:
        if not isinstance(answer, dict) or not answer.get("choices"):
            raise ServerFailed(
                f"{self.address} answered no chat completion: {self._clean(str(answer))}. "
                "Does --base-url end as the server wants it (…/v1)?"
            )
        return cast("dict[str, Any]", answer)


def _said(error: openai.APIStatusError) -> str:
    """The server's own sentence out of an error body of any form."""
    body = error.body
    for name in ("error", "message", "detail"):
        if isinstance(body, Mapping) and name in body:
            body = body[name]
    return body if isinstance(body, str) and body else str(error.message)


def _code(error: openai.APIStatusError) -> str | None:
    body = error.body if isinstance(error.body, Mapping) else {}
    codes = [str(body[name]) for name in ("code", "type") if isinstance(body.get(name), str)]
    return next((code for code in codes if "context" in code or "large" in code), next(iter(codes), None))
