"""Lines of a text ranked by sumy's TextRank and LexRank, on a sample that their quadratic time can bear."""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Literal, Protocol, cast

SAMPLED = 300  # pieces that are ranked, evenly spaced when there are more
LENGTH = 400  # characters of a piece; longer lines fall into several

Ranker = Literal["textrank", "lexrank"]
_PIECE = re.compile(rf".{{1,{LENGTH}}}(?=[\s,;}}\]]|$)|.{{1,{LENGTH}}}")


@lru_cache(maxsize=128)
def ranked(text: str, by: Ranker) -> tuple[tuple[int, str], ...]:
    """(number, line), best first."""
    import numpy
    from sumy.models.dom import ObjectDocumentModel, Paragraph, Sentence

    pieces = _sample([piece.strip() for line in text.splitlines() for piece in _PIECE.findall(line)])
    if not pieces:
        return ()
    document = ObjectDocumentModel([Paragraph([Sentence(piece, _Words()) for piece in pieces])])
    order: list[tuple[int, str]] = []

    def keep_all(infos: Sequence[tuple[object, int, float]]) -> Sequence[object]:
        order.extend((int(info[1]), str(info[0])) for info in infos)
        return infos

    with numpy.errstate(all="ignore"):  # LexRank divides by zero where all pieces are alike
        _ranker(by)(document, keep_all)
    return tuple(order)


class _Words:
    """sumy's tokenizer without the data files that its own one downloads."""

    language = "english"

    def to_words(self, sentence: str) -> tuple[str, ...]:
        return tuple(re.findall(r"[^\W_]+", sentence.lower()))


class _Summarizer(Protocol):
    def __call__(self, document: object, count: Callable[..., object], /) -> object: ...


def _ranker(by: Ranker) -> _Summarizer:
    from sumy.summarizers.lex_rank import LexRankSummarizer
    from sumy.summarizers.text_rank import TextRankSummarizer

    return cast(_Summarizer, TextRankSummarizer() if by == "textrank" else LexRankSummarizer())


def _sample(pieces: list[str]) -> list[str]:
    """Those with a word in them; of many, evenly spaced ones."""
    pieces = [piece for piece in pieces if any(map(str.isalnum, piece))]
    if len(pieces) <= SAMPLED:
        return pieces
    return [pieces[i * len(pieces) // SAMPLED] for i in range(SAMPLED)]
