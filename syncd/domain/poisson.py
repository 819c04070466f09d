"""How many arrivals of a Poisson process a share of all windows does not exceed, exactly, in integers."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

_FIRST_BITS = 64


@dataclass(frozen=True, slots=True)
class _Weight:
    """A weight proportional to the probability of one count, between two integers."""

    low: int
    high: int


@lru_cache(4_096)
def quantile(mean: Fraction, share: Decimal) -> int:
    """The smallest count that a Poisson variable of this mean exceeds in less than 1 - `share` of all cases.

    Exact: weights are integers that only ever err to a known side, and are computed with more digits
    until the answer is sure. That ends, because no partial sum of e^mean is a rational part of it.
    ValueError for a negative mean, or a share that is not between 0 and 1.
    """
    if mean < 0 or not 0 < share < 1:
        raise ValueError(f"no quantile of a Poisson mean {mean} at {share}")
    if mean == 0:
        return 0
    bits = _FIRST_BITS
    while True:
        found = _search(mean, Fraction(share), bits)
        if found is not None:
            return found
        bits *= 2


def _search(mean: Fraction, share: Fraction, bits: int) -> int | None:
    """The answer when so many bits are enough to be sure of it."""
    first, weights, below, above = _weights(mean, bits)
    low_head, high_head = 0, below
    low_tail = sum(weight.low for weight in weights)
    high_tail = above + sum(weight.high for weight in weights)
    odds = share / (1 - share)
    count = first
    while True:  # until the last weight at the latest, after which nothing is known to be left
        weight = weights[count - first]
        low_head, high_head = low_head + weight.low, high_head + weight.high
        low_tail, high_tail = low_tail - weight.low, high_tail - weight.high
        if low_head >= odds * high_tail:
            return count
        if high_head >= odds * low_tail:
            return None  # enough or not: these digits cannot tell
        count += 1


def _weights(mean: Fraction, bits: int) -> tuple[int, list[_Weight], int, int]:
    """The first count, the weights from there on, and at most how much lies below and above them.

    They begin at the most probable count with 2^bits and are followed both ways until they vanish.
    """
    p, q = mean.numerator, mean.denominator
    mode = p // q
    up = [_Weight(1 << bits, 1 << bits)]
    count = mode
    while up[-1].low:
        count += 1
        up.append(_scaled(up[-1], p, q * count))
    above = -(-up[-1].high * p // (q * (count + 1) - p))
    down: list[_Weight] = []
    weight, count = up[0], mode
    while count and weight.low:
        weight = _scaled(weight, q * count, p)
        count -= 1
        down.append(weight)
    below = count * weight.high
    return count, [*reversed(down), *up], below, above


def _scaled(weight: _Weight, numerator: int, denominator: int) -> _Weight:
    """The neighbour's weight: the lower bound rounded down, the upper one up."""
    return _Weight(
        weight.low * numerator // denominator, -(-weight.high * numerator // denominator)
    )
