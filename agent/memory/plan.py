"""The memory of a model at so many tokens, term by term, and the most tokens that fit."""

from dataclasses import asdict, dataclass, replace
from typing import Literal

from .kernel import ELEMENT_BYTES, Kernels, Place, score_bytes
from .shape import Shape

KvCache = Literal["dynamic", "quantized", "offloaded"]
STEP_TOKENS = 256  # by which the cache of a session grows
MOST_TOKENS = 1 << 24  # where nothing else sets a limit


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryTerms:
    """Bytes at one number of tokens; scores, activations and logits are never all at their most together."""

    tokens: int
    weights: int
    kv_cache: int
    scores: int
    mask: int
    activations: int
    logits: int
    workspace: int
    peak: int

    @property
    def above_weights(self) -> int:
        """The peak without the weights."""
        return self.peak - self.weights

    @property
    def largest(self) -> str:
        """The term that takes most beside the weights."""
        named = {name: value for name, value in asdict(self).items() if name not in ("tokens", "weights", "peak")}
        return max(named, key=lambda name: named[name])


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Memory as a function of tokens, for one model, dtype, device, kernel and size of chunk.

    The prompt is prefilled `chunk_tokens` at a time (None: at once). While the last chunk of q tokens is computed, s
    tokens stand in the cache, and layers run one after the other, so that all but the cache counts for one layer:

        peak = weights + KV(s) + 4·hidden·q + mask(q, s) + max(attention(q, s), feed-forward(q), logits) + workspace

    attention: score_bytes·heads·q·s, the queries, what they find, and the keys and values repeated for every head
    where the kernel wants them so. Four rows of hidden: the embeddings, the residual, it normed, and what comes of it.
    `workspace_bytes` and `per_token_bytes` are what a probe measured beyond that, or for a CUDA device that is not
    there an assumed 200 MiB of context. The formula follows transformers' code; `toolpager bench memory` checks it
    against measured peaks.
    """

    shape: Shape
    place: Place
    dtype: str
    kernels: Kernels
    weights_bytes: int
    chunk_tokens: int | None = 512
    kv_cache: KvCache = "dynamic"
    workspace_bytes: int = 0
    per_token_bytes: float = 0.0
    all_logits: bool = False

    def at(self, tokens: int) -> MemoryTerms:
        """The terms when a prompt and reply of `tokens` have been computed."""
        q = min(tokens, self.chunk_tokens or tokens)
        first = self._moment(q, q, masked=False)
        last = self._moment(q, tokens, masked=True) if tokens > q else first
        return max(first, last, key=lambda terms: terms.peak)

    def feeding(self, *, reused_tokens: int, input_tokens: int, tokens: int) -> int:
        """The peak above the weights of one generation, whose prompt has `reused_tokens` in the cache already.

        The rest of it is fed chunk by chunk, then the reply token by token until there are `tokens`. Never more than
        `at(tokens)` says.
        """
        fresh = max(1, input_tokens - reused_tokens)
        start, chunk = input_tokens - fresh, self.chunk_tokens or fresh
        whole, rest = divmod(fresh, chunk)
        moments = [(1, tokens)]
        if whole:
            moments.append((chunk, start + whole * chunk))
        if rest:
            moments.append((rest, input_tokens))
        return max(self._moment(q, s, masked=s > q).peak for q, s in moments) - self.weights_bytes

    def cached(self, tokens: int) -> int:
        """The bytes that `tokens` take in the KV cache between two generations."""
        width = 1 if self.kv_cache == "quantized" else self._width
        stepped = -(-tokens // STEP_TOKENS) * STEP_TOKENS if self.kv_cache == "dynamic" else tokens
        kept = [min(tokens, window) if window else stepped for window in self.shape.windows]
        if self.kv_cache == "offloaded":
            kept = sorted(kept)[-2:]  # the layer at work and the next
        return self.shape.kv_elements * width * sum(kept)

    def most_tokens(self, budget_bytes: int) -> int:
        """The most tokens whose peak is within the budget; 0 where not even one token is."""
        fits, over = 0, MOST_TOKENS
        while over - fits > 1:
            middle = (fits + over) // 2
            fits, over = (middle, over) if self.at(middle).peak <= budget_bytes else (fits, middle)
        return fits

    def whole(self) -> "Plan":
        """The same with every prompt fed at once."""
        return replace(self, chunk_tokens=None)

    @property
    def _width(self) -> int:
        return ELEMENT_BYTES[self.dtype]

    def _moment(self, q: int, s: int, *, masked: bool) -> MemoryTerms:
        """While q tokens are computed and s, these included, stand in the cache."""
        shape, width = self.shape, self._width
        kernel = self.kernels.later if masked else self.kernels.first
        pairs = q * s
        held = self.cached(s)
        eager = kernel == "eager"
        passing = (4 * shape.hidden + 2 * shape.key_dim) * width * q  # the embeddings live to the end, and the angles
        mask = width * pairs if eager else pairs * masked
        numbers = width * pairs if masked and not eager else 0  # sdpa makes numbers of a mask of truths
        scores = score_bytes(kernel, self.place, self.dtype) * shape.heads * pairs
        rows = (1 if eager else 2) * shape.heads * shape.key_dim * width * q
        attention = scores + rows + numbers + self._repeated(s, eager=eager, masked=masked)
        kept = width * shape.heads * pairs if eager else 0  # eager's result lives until the layer's end
        feed_forward = shape.mlp * width * q + kept
        logits = shape.vocabulary * ((width + 4) if not self.all_logits else width * q)
        workspace = self.workspace_bytes + int(self.per_token_bytes * s)
        working = max(attention, feed_forward, logits)
        return MemoryTerms(
            tokens=s,
            weights=self.weights_bytes,
            kv_cache=held,
            scores=scores,
            mask=mask + numbers,
            activations=passing + max(attention - scores - numbers, feed_forward - kept),
            logits=logits,
            workspace=workspace,
            peak=self.weights_bytes + held + passing + mask + working + workspace,
        )

    def _repeated(self, s: int, *, eager: bool, masked: bool) -> int:
        """Keys and values once for every query head; and one layer's of the cache while it grows."""
        shape = self.shape
        growing = shape.kv_heads * max(shape.key_dim, shape.value_dim) * self._width * s
        if self.kv_cache == "quantized":
            growing = shape.kv_elements * 4 * s  # the layer at work as numbers again, in fp32 on the way
        repeats = shape.grouped and (eager or masked)
        both = shape.heads * (shape.key_dim + shape.value_dim) * self._width * s if repeats else 0
        return max(both, growing)
