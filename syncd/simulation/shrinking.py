"""Finds the smallest run that still breaks a law: fewer SKUs, less time, fewer buyers, fewer misfortunes."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields, replace
from typing import TypeVar

from syncd.simulation.misfortune import Misfortune
from syncd.simulation.run import Outcome, Trial, run
from syncd.simulation.stage import Parts

MOST_RUNS = 300
"""Runs after which the smallest one so far will do."""
T = TypeVar("T")


class Shrinking:
    """Runs smaller and smaller trials; keeps the smallest that fails in the same way."""

    def __init__(self, failed: Outcome, parts: Parts) -> None:
        self.best = failed
        self._parts = parts
        self._law = failed.failure.law if failed.failure else ""
        self._left = MOST_RUNS

    def smallest(self) -> Outcome:
        """Shrink, and run the result once more with every line of its trace."""
        failure = self.best.failure
        if failure is None:
            raise ValueError("only a run that broke a law can be shrunk")
        self._fails(replace(self.best.trial, until=failure.at))
        self._shrink_skus()
        self._shrink_time()
        self._shrink_buyers()
        self._shrink_misfortune()
        return run(replace(self.best.trial, lines=True), self._parts)

    def _fails(self, trial: Trial) -> bool:
        """Whether it breaks the same law; the smallest one that does is kept."""
        if self._left <= 0:
            return False
        self._left -= 1
        outcome = run(trial, self._parts)
        same = outcome.failure is not None and outcome.failure.law == self._law
        if same:
            self.best = outcome
        return same

    def _shrink_skus(self) -> None:
        failure, trial = self.best.failure, self.best.trial
        skus = [article.sku for article in trial.demand().articles]
        named = [sku for sku in skus if failure is not None and sku in failure.how.split()]
        if named and self._fails(replace(trial, only_skus=frozenset(named))):
            return
        minimal(skus, lambda some: self._fails(replace(trial, only_skus=frozenset(some))))

    def _shrink_time(self) -> None:
        failure = self.best.failure
        if failure is not None:
            self._fails(replace(self.best.trial, until=failure.at))

    def _shrink_buyers(self) -> None:
        trial = self.best.trial
        numbers = [buyer.number for buyer in trial.demand().buyers]
        minimal(numbers, lambda some: self._fails(replace(trial, only_buyers=frozenset(some))))

    def _shrink_misfortune(self) -> None:
        for each in fields(Misfortune):
            trial = self.best.trial
            if getattr(trial.misfortune, each.name):
                calmer = replace(trial.misfortune, **{each.name: 0.0})
                self._fails(replace(trial, misfortune=calmer))


def minimal(items: Sequence[T], fails: Callable[[Sequence[T]], bool]) -> Sequence[T]:
    """A part of the items that still fails and of which nothing can be left out (Zeller's ddmin).

    The items as a whole are taken to fail.
    """
    parts = 2
    while len(items) > 1:
        for smaller in _without_each(items, parts):
            if fails(smaller):
                items, parts = smaller, max(parts - 1, 2)
                break
        else:
            if parts >= len(items):
                break
            parts = min(2 * parts, len(items))
    return items


def _without_each(items: Sequence[T], parts: int) -> Iterable[Sequence[T]]:
    """The items cut into so many parts: each half alone first, then all without each part."""
    size = -(-len(items) // parts)
    starts = range(0, len(items), size)
    if parts == 2:  # noqa: PLR2004 - the complement of a half is the other half
        yield from (items[start : start + size] for start in starts)
        return
    for start in starts:
        yield [*items[:start], *items[start + size :]]
