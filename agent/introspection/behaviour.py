"""How well a network predicts a text, position by position, and by layer."""

import torch
from torch import Tensor

from pager import Lazy

from .errors import NotRunnable
from .network import Network
from .rounding import rounded

_TEMPERATURES = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
_SHOWN = 3
_MOST_GENERATED = 60


def token_loss(network: Network, text: str) -> dict[str, object]:
    """Return the loss (nats) of each token of a text, and whether the logits are as large as they should be.

    `best_temperature` is the one of 1/8 … 8 by which dividing the logits lowers the loss most: 1 or close to it in a
    network as trained; 4 where the final norm or the output embedding was scaled by 4.
    """
    ids, tokens = network.tokens(text)
    if len(tokens) < 2:
        raise NotRunnable("the text is one token; a loss needs at least two")
    logits = network.run(ids, lambda *_: None)
    assert logits is not None
    wanted = ids[0, 1:]
    losses = _losses(logits, wanted)
    by_temperature = {t: float(_losses(logits / t, wanted).mean()) for t in _TEMPERATURES}
    best = min(by_temperature, key=by_temperature.__getitem__)
    return {
        "mean_loss": rounded(float(losses.mean())),
        "best_temperature": best,
        "loss_at_best_temperature": rounded(by_temperature[best]),
        "loss_by_temperature": {str(t): rounded(loss) for t, loss in by_temperature.items()},
        "positions": [
            {"position": index, "token": token, "loss": rounded(loss), "best": best_token}
            for index, (token, loss, best_token) in enumerate(
                zip(tokens[1:], losses.tolist(), _best(network, logits[:-1]), strict=True), 1
            )
        ],
    }


def _losses(logits: Tensor, wanted: Tensor) -> Tensor:
    return torch.nn.functional.cross_entropy(logits[:-1].double(), wanted, reduction="none")


def _best(network: Network, logits: Tensor) -> list[str]:
    return [network.tokenizer.decode([token]) for token in logits.argmax(-1).tolist()]


def generation_sample(network: Network, prompt: str, tokens: int = 20) -> dict[str, object]:
    """Return the likeliest continuation of a prompt, token by token, with each token's probability and entropy (nats).

    At most 60 tokens: each is a pass over the whole network.
    """
    ids, shown = network.tokens(prompt)
    rows: list[dict[str, object]] = []
    for _ in range(max(1, min(tokens, _MOST_GENERATED))):
        chances = network.read_out(network.states(ids)[0, -1:])[0].softmax(-1)
        token = int(chances.argmax())
        rows.append(
            {
                "position": ids.shape[1],
                "token": network.tokenizer.decode([token]),
                "probability": rounded(float(chances[token])),
                "entropy": rounded(float(torch.special.entr(chances).sum())),
            }
        )
        ids = torch.cat([ids, torch.tensor([[token]])], 1)
    text = network.tokenizer.decode(ids[0, len(shown) :].tolist())
    return {"prompt": prompt, "continuation": text, "tokens": rows}


def lens_by_layer(network: Network, prompt: str) -> Lazy:
    """Return the logit lens as layers, each computed when it is opened; `last_position` is there at once."""
    subject = network.subject
    keys = tuple(subject.path(layer) for layer in range(subject.layer_count))
    about = {"prompt": prompt, "axes": "layer > position > rank", "last_position": logit_lens(network, prompt)}
    return Lazy(keys=keys, child=lambda key: logit_lens(network, prompt, subject.layer(key)), about=about)


def logit_lens(network: Network, prompt: str, layer: int | None = None) -> list[dict[str, object]]:
    """Return what each layer's output would predict through the final norm and the output embedding.

    One row for each layer and position (of one layer, or of the last position of all layers): the three likeliest
    tokens with their probabilities, and the rank of the token that the whole network predicts. The last layer's row is
    the network's own prediction (nostalgebraist, 2020).
    """
    ids, tokens = network.tokens(prompt)
    hidden: dict[int, Tensor] = {}
    logits = network.run(ids, lambda at, module, output: hidden.update({at: output}) if not module else None)
    assert logits is not None
    final = logits.argmax(-1)
    last = len(tokens) - 1
    places = [(at, last) for at in hidden] if layer is None else [(layer, position) for position in range(len(tokens))]
    seen = network.read_out(torch.stack([hidden[at][position] for at, position in places]))
    return [
        {"layer": at, "position": position, "token": tokens[position]} | _top(network, row, int(final[position]))
        for (at, position), row in zip(places, seen, strict=True)
    ]


def _top(network: Network, logits: Tensor, final: int) -> dict[str, object]:
    chances = logits.softmax(-1)
    values, ids = torch.topk(chances, _SHOWN)
    found: dict[str, object] = {}
    for rank, (chance, token) in enumerate(zip(values.tolist(), ids.tolist(), strict=True), 1):
        found |= {f"token_{rank}": network.tokenizer.decode([token]), f"probability_{rank}": rounded(chance)}
    return found | {"rank_of_final": int((logits > logits[final]).sum()) + 1}


def attention_scores(network: Network, prompt: str, layer: int | None = None) -> list[dict[str, object]]:
    """Return one row for each head: its entropy, and how much it attends to the first, previous and same token.

    `entropy` is the mean over positions of a row's entropy over that of even attention: 1 is uniform. `induction` is
    the attention, in the prompt's second repetition, to the token after the same token's first occurrence (Olsson et
    al., 2022). Of the whole network, or up to one layer and for it only. Shares are means over positions after the
    first.
    """
    ids, tokens = _several(network, prompt)
    rows: list[dict[str, object]] = []

    def watch(at: int, module: str, pattern: Tensor) -> None:
        if module == "pattern":
            rows.extend(
                head_scores(at, head, scores[: len(tokens), : len(tokens)]) | _induction(scores)
                for head, scores in enumerate(pattern)
            )

    network.run(torch.cat([ids, ids], 1), watch, only=layer, patterns=True)
    return rows


def attention_pattern(network: Network, prompt: str, layer: int, head: int) -> dict[str, object]:
    """Return one head's pattern: the tokens, each query's strongest key, and the weights, queries x keys."""
    ids, tokens = _several(network, prompt)
    patterns: list[Tensor] = []

    def watch(_at: int, module: str, pattern: Tensor) -> None:
        if module == "pattern":
            patterns.append(pattern)

    network.run(ids, watch, only=layer, patterns=True)
    if not patterns or not 0 <= head < len(patterns[0]):
        raise NotRunnable(
            f"there is no head {head} in layer {layer}: it has {len(patterns[0]) if patterns else 0} heads"
        )
    weights = patterns[0][head]
    strongest = weights.max(1)
    return {
        **head_scores(layer, head, weights),
        "queries": [
            {"query": index, "token": token, "key": key, "key_token": tokens[key], "weight": rounded(weight)}
            for index, (token, key, weight) in enumerate(
                zip(tokens, strongest.indices.tolist(), strongest.values.tolist(), strict=True)
            )
        ],
        "weights": weights.numpy(),
    }


def _several(network: Network, prompt: str) -> tuple[Tensor, list[str]]:
    ids, tokens = network.tokens(prompt)
    if len(tokens) < 3:
        raise NotRunnable("attention scores need a prompt of at least three tokens")
    return ids, tokens


def _induction(scores: Tensor) -> dict[str, object]:
    length = len(scores) // 2
    return {"induction": rounded(float(scores.diagonal(1 - length)[1:].mean()))}


def head_scores(layer: int, head: int, scores: Tensor) -> dict[str, object]:
    """Return one head's scores from its pattern, queries x keys."""
    used = scores[1:]
    even = torch.arange(2, len(scores) + 1).log()
    entropy = torch.special.entr(used).sum(-1) / even
    return {
        "layer": layer,
        "head": head,
        "entropy": rounded(float(entropy.mean())),
        "first_token": rounded(float(used[:, 0].mean())),
        "previous_token": rounded(float(scores.diagonal(-1).mean())),
        "same_token": rounded(float(used.diagonal(1).mean())),
    }
