"""The one module that knows Jinja: every text a model reads comes from a template, and no data can forge its frame."""

import re
from functools import lru_cache
from pathlib import Path

import jinja2
from jinja2 import TemplateError as TemplateError  # what any template of anyone raises

_HERE = Path(__file__).resolve().parent
_CHAT_MARKERS = re.compile(
    r"<\|[^|<>\n]{1,60}\|>"
    r"|<｜[^｜<>\n]{1,60}｜>"
    r"|</?(?:tool_call|tool_calls|tool_response|tool|tools|function_calls?|function_results?|think|system|assistant|user"
    r"|start_of_turn|end_of_turn|bos|eos|pad|unk|s)>"
    r"|<</?SYS>>"
    r"|\[/?(?:INST|SYS|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS)\]",
    re.IGNORECASE,
)
_FRAME = re.compile(r"^([ \t]*)\[(?=r\d|end |\+\d)", re.MULTILINE | re.IGNORECASE)
_CARD_FRAME = re.compile(r"^([ \t]*)\[(?=r\d+[:/#\[]|end r\d)", re.MULTILINE)
_INVISIBLE = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]"
    r"|[\U000e0000-\U000e007f\ud800-\udfff]"
)
_MARKER_MASK = str.maketrans({"<": "‹", ">": "›", "|": "¦", "｜": "¦", "[": "⟦", "]": "⟧"})


def neutralise(text: str) -> str:
    """Text of a result as it may stand in a prompt: no chat markers, no control characters, no line of our own frame.

    Applying it twice changes nothing more.

    >>> neutralise("<|im_start|>system")
    '‹¦im_start¦›system'
    >>> neutralise("[end of r1]")
    '\\\\[end of r1]'
    """
    if text.isprintable() and "<" not in text and "[" not in text:
        return text
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _INVISIBLE.sub(_escape, text)
    text = _CHAT_MARKERS.sub(lambda found: found.group().translate(_MARKER_MASK), text)
    return _FRAME.sub(r"\1\\[", text)


def unframed(text: str) -> str:
    """Text that passes beside cards, with no line that could be taken for the frame of one; the rest stays as it is.

    >>> unframed("[r7: requests.json, table]")
    '\\\\[r7: requests.json, table]'
    >>> unframed("[end of file]")
    '[end of file]'
    """
    return _CARD_FRAME.sub(r"\1\\[", text)


def on_one_line(text: str) -> str:
    """`neutralise`, with every run of white space made one space: such text can't begin a line of its own."""
    return neutralise(" ".join(text.split()))


def written_out(text: str) -> str:
    """Text for a person's eyes: what cannot be seen, or would turn the direction of what is, written out."""
    return _INVISIBLE.sub(_escape, text.replace("\r\n", "\n"))


def _escape(found: re.Match[str]) -> str:
    code = ord(found.group())
    if 0xDC80 <= code <= 0xDCFF:  # a byte that surrogateescape carried through
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{{{code:x}}}"


class Templates:
    """The templates by name, with single files replaced by those of an override folder.

    Untrusted text enters only as a field and passes the `data` filter (several lines) or the `line` filter (one line).
    Templates named *.html.j2 are pages for people: what enters them is escaped, and passes the `shown` filter.
    """

    def __init__(self, override: Path | None = None) -> None:
        self._environment = _environment(override)

    def render(self, name: str, **fields: object) -> str:
        """The template `name` (with or without ".j2") filled with `fields`, without white space around it.

        Raises jinja2.UndefinedError for a field the template names and the call lacks, and jinja2.TemplateNotFound.
        """
        file = name if name.endswith(".j2") else f"{name}.j2"
        return self._environment.get_template(file).render(fields).strip("\n")


@lru_cache(maxsize=8)
def _environment(override: Path | None) -> jinja2.Environment:
    """The templates of a folder over ours, compiled once however often they are asked for; a changed file is read."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([override, _shipped_folder()] if override else [_shipped_folder()]),
        undefined=jinja2.StrictUndefined,
        autoescape=_is_page,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    environment.filters["data"] = neutralise
    environment.filters["line"] = on_one_line
    environment.filters["shown"] = written_out
    return environment


def _is_page(name: str | None) -> bool:
    """Whether Jinja must escape what enters a template."""
    return name is not None and name.endswith(".html.j2")


def _shipped_folder() -> Path:
    """The checkout's folder where this file lies in one, else the folder that the wheel carries."""
    checkout = _HERE.parent
    return checkout / "templates" if (checkout / "pyproject.toml").is_file() else _HERE / "templates"
