"""Where predictions say that something is wrong: a part that harms, logits or positions of another scale."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor

from .ablation import Ablated, Sweep, part_sweep, rows_of, token_losses
from .anomaly import Anomaly, outcomes, ranked
from .errors import NotRunnable
from .network import FINAL_NORMS, Network
from .probe import EXTENDED, PROBE
from .rounding import rounded
from .subject import Subject

# Each part's removal is tested against the token losses of the same text: t of 4 over 60 tokens and 100 parts is a
# false alarm in about one network of a hundred. Of SmolLM2-135M no part's removal helps by more than 0.011 nats.
_LEAST_T = 4.0
_LEAST_GAIN = 0.1
_LEAST_BASE_T = 3.0
_TEMPERATURES = (0.125, 0.18, 0.25, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0, 5.6, 8.0)
_ODD_TEMPERATURE = 1.9
_INFORMED = 0.8  # of the loss of a guess among all tokens: above, the text tells nothing of the network
_SHOWN = 3
_FIRST_TOKENS = 20  # on which every part is tried; those without which it goes better are tried again on the whole text
_SUSPECT_GAIN = 0.05
_MOST_SUSPECTS = 4


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What a text showed: the losses without each part, the loss of a guess, whether the text is predicted at all."""

    sweep: Sweep
    guess: float
    informed: bool
    found: tuple[Anomaly, ...]


def scan_behaviour(network: Network, text: str | None = None) -> dict[str, object]:
    """Return what stands out in a network's predictions of a text (or of one of its own), and a row for each part.

    Three questions, each answered by the losses of the same tokens: does leaving out attention or MLP of a layer help,
    would another temperature of the logits suit much better, and would another base of the rotary positions.
    """
    seen = observed(network, text)
    stack = network.subject.stack
    return {
        **outcomes(seen.found, stack),
        "loss": rounded(float(seen.sweep.whole.mean())),
        "loss_of_a_guess": rounded(seen.guess),
        **(
            {}
            if seen.informed
            else {"note": "the text is hardly predicted, or hardly known to the tokenizer; predictions tell nothing"}
        ),
        "anomalies": [one.row(stack) for one in seen.found],
        "parts_left_out": rows_of(seen.sweep),
    }


def behaviour_anomalies(network: Network) -> list[Anomaly]:
    """Return what stands out in a network's predictions of the probe text."""
    return list(observed(network, None).found)


def observed(network: Network, text: str | None) -> Behaviour:
    """Run the network on a text, whole and without each part, and test what would suit it better."""
    with network.held():
        return _observed(network, text)


def _observed(network: Network, text: str | None) -> Behaviour:
    sweep = part_sweep(network, text or PROBE, most=_FIRST_TOKENS)
    suspects = [(one.layer, one.part) for one in sweep.variants if _gain(sweep, one) >= _SUSPECT_GAIN]
    ids, _ = network.tokens(text or EXTENDED)
    logits = network.run(ids, lambda *_: None)
    assert logits is not None
    losses = token_losses(logits, ids[0, 1:])
    guess = math.log(logits.shape[-1])
    if _monotonous(ids):
        return Behaviour(sweep, guess, False, ())
    informed = float(losses.mean()) < _INFORMED * guess
    found = [*_temperature(logits, ids[0, 1:], _final_norm(network.subject))]
    if suspects:
        suspects = sorted(suspects, key=lambda part: -_gain_of(sweep, part))[:_MOST_SUSPECTS]
        found += harmful_parts(part_sweep(network, text or PROBE, parts=suspects), most_loss=_INFORMED * guess)
    if informed or found:
        found += _rotary(network, ids, losses)
    return Behaviour(sweep, guess, informed, tuple(ranked(found)))


def _monotonous(ids: Tensor) -> bool:
    """Whether one token makes up a third of the text: a tokenizer that does not know the text's words."""
    return int(ids.flatten().bincount().max()) * 3 > ids.numel() if ids.numel() else True


def _gain(sweep: Sweep, one: Ablated) -> float:
    return float((sweep.whole - one.losses).mean())


def _gain_of(sweep: Sweep, part: tuple[int, str]) -> float:
    return next(_gain(sweep, one) for one in sweep.variants if (one.layer, one.part) == part)


def harmful_parts(sweep: Sweep, *, most_loss: float) -> Iterator[Anomaly]:
    """Yield the parts without which the text is predicted better, the worst first, down to half as harmful.

    Only where the text is then predicted at all, with a loss of `most_loss` or less: what helps a network that knows
    nothing helps by chance.
    """
    gains = [sweep.whole - one.losses for one in sweep.variants]
    means = [float(gain.mean()) for gain in gains]
    worst = max(means, default=0.0)
    order = sorted(range(len(means)), key=lambda index: -means[index])
    for index in order[:_SHOWN]:
        t = paired_t(gains[index])
        one = sweep.variants[index]
        if float(one.losses.mean()) <= most_loss and means[index] >= max(_LEAST_GAIN, worst / 2) and t >= _LEAST_T:
            where = f"loss falls by {means[index]:.2f} to {float(one.losses.mean()):.2f} without it"
            yield Anomaly(one.layer, one.part, "harmful part", where, means[index], 0.0, t)


def paired_t(differences: Tensor) -> float:
    """Return Student's t of the mean of paired differences."""
    spread = float(differences.std()) / math.sqrt(len(differences))
    return float(differences.mean()) / max(spread, 1e-9)


def _temperature(logits: Tensor, wanted: Tensor, final_norm: str) -> Iterator[Anomaly]:
    losses = {t: token_losses(logits / t, wanted) for t in _TEMPERATURES}
    best = min(losses, key=lambda t: float(losses[t].mean()))
    gain = losses[1.0] - losses[best]
    better = float(losses[best].mean())
    if max(best, 1 / best) < _ODD_TEMPERATURE or better > _INFORMED * math.log(logits.shape[-1]):
        return
    if paired_t(gain) >= _LEAST_T and float(gain.mean()) >= _LEAST_GAIN:
        size = f"{best:g} times too large" if best > 1 else f"{1 / best:.2g} times too small"
        where = f"logits are about {size}: the final norm or the output embedding is scaled"
        yield Anomaly(None, final_norm, "logit scale", where, best, 1.0, paired_t(gain))


def _final_norm(subject: Subject) -> str:
    """Return the module path of the norm after the last layer."""
    names = [info.place.module for info in subject.in_layer(None)]
    return next((name for name in names if name.rsplit(".", 1)[-1] in FINAL_NORMS), "final norm")


def _rotary(network: Network, ids: Tensor, losses: Tensor) -> Iterator[Anomaly]:
    stated = network.subject.rope_theta
    if stated is None:
        return
    tried = {factor: loss for factor in (0.1, 10.0) if (loss := _with_base(network, ids, stated * factor)) is not None}
    if not tried:
        return
    better = min(tried, key=lambda factor: float(tried[factor].mean()))
    if float(tried[better].mean()) < float(losses.mean()):
        further = _with_base(network, ids, stated * better**2)
        tried |= {better**2: further} if further is not None else {}
    best = min(tried, key=lambda factor: float(tried[factor].mean()))
    gain = losses - tried[best]
    if paired_t(gain) >= _LEAST_BASE_T and float(gain.mean()) >= _LEAST_GAIN:
        where = f"config.json states {stated:g}; {stated * best:g} predicts better, by {float(gain.mean()):.2f} nats"
        yield Anomaly(None, "rope_theta", "rotary base", where, stated, stated * best, paired_t(gain))


def _with_base(network: Network, ids: Tensor, theta: float) -> Tensor | None:
    """Return the token losses with another base of the rotary positions; None where it cannot be changed."""
    try:
        with network.rotary_base(max(theta, 10.0)):
            logits = network.run(ids, lambda *_: None)
    except NotRunnable:
        return None
    assert logits is not None
    return token_losses(logits, ids[0, 1:])
