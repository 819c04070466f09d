"""The frame of a control endpoint: what every simulated shop can be told, and how a request finds its act."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Generic, Protocol
from urllib.parse import parse_qs

from connectors.transport.simulation.faults import F, Script
from connectors.transport.simulation.fields import FieldError, Fields
from connectors.transport.simulation.journal import Journal

Answer = tuple[int, object]
OK, BAD_REQUEST, NOT_FOUND, WRONG_METHOD = 200, 400, 404, 405
GAP = "{id}"
"""Stands in a path for any one name."""
_HINTS = {"GET journal": "?since=N"}


class Knobs(Protocol):
    """What may be turned while the shop runs."""

    def update(self, changes: object) -> None:
        """Turn the named ones, all or none; FieldError names what is wrong."""
        ...

    def as_dict(self) -> dict[str, object]:
        """All of them by name."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage(Generic[F]):
    """What every simulated shop has for a hand to move; `lock` keeps everybody else off meanwhile."""

    lock: AbstractContextManager[object]
    knobs: Knobs
    script: Script[F]
    fault: Callable[[object, str], F]
    kinds: Sequence[str]
    journal: Journal
    reset: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Asked:
    """One control request: its body, its query, and the names that stand in the gaps of its path."""

    body: object
    query: str
    named: Sequence[str]


Act = Callable[[Asked], object]


class ControlFrame(Generic[F]):
    """Answers everything under `/control`; JSON in, JSON out, no token and no signature.

    `acts` are what one kind of shop alone can be told, by method and path (`POST orders/{id}/status`).
    """

    def __init__(self, stage: Stage[F], acts: Mapping[str, Act]) -> None:
        self._stage = stage
        usual: dict[str, Act] = {
            "GET ": lambda _: self._help(),
            "GET settings": lambda _: stage.knobs.as_dict(),
            "POST settings": self._turn,
            "GET faults": lambda _: self._faults(),
            "POST faults": self._add_faults,
            "DELETE faults": lambda _: self._clear_faults(),
            "GET journal": lambda asked: {"entries": stage.journal.since(_since(asked.query))},
            "POST reset": lambda _: done(stage.reset),
        }
        self._acts = {**usual, **acts}

    def answer(self, method: str, path: str, query: str, body: bytes) -> Answer:
        """Answer one control request; `path` is what follows `/control`."""
        try:
            value = json.loads(body) if body.strip() else {}
        except ValueError as error:
            return BAD_REQUEST, {"error": f"the body is no JSON: {error}"}
        try:
            with self._stage.lock:
                return self._dispatch(method, path.strip("/"), query, value)
        except FieldError as error:
            return BAD_REQUEST, {"error": str(error)}

    def _dispatch(self, method: str, name: str, query: str, body: object) -> Answer:
        known: list[str] = []
        for written, act in self._acts.items():
            verb, _, pattern = written.partition(" ")
            named = _fits(pattern, name)
            if named is None:
                continue
            if verb == method:
                return OK, act(Asked(body, query, named))
            known.append(verb)
        if known:
            return WRONG_METHOD, {"error": f"use {' or '.join(known)} for /control/{name}"}
        return NOT_FOUND, {"error": f"no /control/{name}", **self._help()}

    def _help(self) -> dict[str, object]:
        known = [
            f"{written.replace(' ', ' /control/')}{_HINTS.get(written, '')}"
            for written in self._acts
        ]
        return {"known": known, "faults": list(self._stage.kinds)}

    def _turn(self, asked: Asked) -> object:
        self._stage.knobs.update(asked.body)
        return self._stage.knobs.as_dict()

    def _faults(self) -> dict[str, object]:
        return {"faults": self._stage.script.as_list()}

    def _add_faults(self, asked: Asked) -> object:
        body = asked.body
        if isinstance(body, dict) and "faults" in body:
            rows = Fields(body, "request", ("faults",)).rows("faults")
        else:
            rows = body if isinstance(body, list) else [body]
        read = self._stage.fault
        self._stage.script.add([read(row, f"faults[{n}]") for n, row in enumerate(rows)])
        return self._faults()

    def _clear_faults(self) -> object:
        self._stage.script.clear()
        return self._faults()


def done(act: Callable[[], object]) -> object:
    """Do something that has nothing to tell."""
    act()
    return {"done": True}


def _fits(pattern: str, name: str) -> list[str] | None:
    """The names in the pattern's gaps; None when the path is another one."""
    wanted, given = pattern.split("/"), name.split("/")
    if len(wanted) != len(given):
        return None
    pairs = list(zip(wanted, given, strict=True))
    if any(left not in {GAP, right} for left, right in pairs):
        return None
    return [right for left, right in pairs if left == GAP]


def _since(query: str) -> int:
    values = parse_qs(query)
    text = values.get("since", ["0"])[-1]
    unknown = set(values) - {"since"}
    if unknown:
        raise FieldError(f"unknown parameter {min(unknown)!r} (known: since)")
    if not text.isdecimal():
        raise FieldError(f"since: {text!r} is no number of an entry")
    return int(text)
