"""How well a network predicts a text, position by position, and by layer."""

import torch
from torch import Tensor

from .errors import NotRunnable
from .network import Network
from .rounding import rounded

_TEMPERATURES = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
_SHOWN = 3


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
    """Return one row for each head: its entropy, and how much it attends to the first, the previous and the same token.

    `entropy` is the mean over positions of a row's entropy over that of even attention: 1 is uniform. Of the whole
    network, or up to one layer and for it only. Shares are means over the positions after the first.
    """
    ids, tokens = network.tokens(prompt)
    if len(tokens) < 3:
        raise NotRunnable("attention scores need a prompt of at least three tokens")
    rows: list[dict[str, object]] = []

    def watch(at: int, module: str, pattern: Tensor) -> None:
        if module == "pattern":
            rows.extend(_head(at, head, scores) for head, scores in enumerate(pattern))

    network.run(ids, watch, only=layer, patterns=True)
    return rows


def _head(layer: int, head: int, scores: Tensor) -> dict[str, object]:
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
