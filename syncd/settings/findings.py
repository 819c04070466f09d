"""What a check finds and how it becomes a problem with a place in the file."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

from syncd.domain.errors import Problem
from syncd.settings.yaml_marks import Document, Mark, Trail, dotted, problem_at

Seen = TypeVar("Seen")


class Severity(Enum):
    """Whether the configuration can be used all the same."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong with the value at `trail`."""

    trail: Trail
    message: str
    hint: str = ""
    severity: Severity = Severity.ERROR

    def below(self, prefix: Trail) -> "Finding":
        """The same finding, seen from further out."""
        return Finding((*prefix, *self.trail), self.message, self.hint, self.severity)

    def problem(self, document: Document, place: Callable[[Trail], Mark] | None = None) -> Problem:
        """The finding with its place: where the value is, unless told otherwise."""
        mark = (place or document.mark)(self.trail)
        return problem_at(document.file, mark, self.message, self.hint, dotted(self.trail))


def warning(trail: Trail, message: str, hint: str = "") -> Finding:
    """A finding that does not keep the configuration from being used."""
    return Finding(trail, message, hint, Severity.WARNING)


@dataclass(frozen=True, slots=True)
class Rule(Generic[Seen]):
    """A check across keys; it is left out when a key it reads (`stock.from`) is wrong already."""

    reads: tuple[str, ...]
    check: Callable[[Seen], Iterable[Finding]]


def applied(
    rules: Iterable[Rule[Seen]], seen: Seen, prefix: Trail, broken: frozenset[Trail]
) -> Iterator[Finding]:
    """What the rules find in the part of the file below `prefix`."""
    for rule in rules:
        trails = [(*prefix, *key.split(".")) for key in rule.reads]
        if not any(_touches(trail, wrong) for trail in trails for wrong in broken):
            for finding in rule.check(seen):
                yield finding.below(prefix)


def _touches(trail: Trail, wrong: Trail) -> bool:
    """Whether one is at or inside the other."""
    common = min(len(trail), len(wrong))
    return trail[:common] == wrong[:common]
