"""The mail room of the simulated platform: which webhook goes where, signed, late, twice, lost or shuffled."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from itertools import count
from random import Random
from threading import Condition

from connectors.tiktok_shop.sandbox.behaviour import Behaviour

GIVEN_UP_AFTER = 5
"""One try and four more, after about 2 min, 30 min, 3 h and 12 h (fact sheet 6)."""
STRETCH = (1, 15, 90, 360)
FIRST_NOTIFICATION = 7_380_066_284_010_030_000


@dataclass(frozen=True, slots=True)
class Address:
    """Where a topic is sent."""

    address: str
    created: int
    updated: int


@dataclass(frozen=True, slots=True)
class Letter:
    """One webhook on its way; `tries` counts those made."""

    topic: str
    address: str
    body: bytes
    tries: int = 0


class PostRoom:
    """Letters wait here until they are due; whoever has sockets takes them out."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.addresses: dict[str, Address] = {}
        self._behaviour = behaviour
        self._numbers = count(FIRST_NOTIFICATION)
        self._order = count()
        self._random = Random(20)  # noqa: S311 - a repeatable shuffle of a simulation
        self._due: list[tuple[float, int, Letter]] = []
        self._held: list[Letter] = []
        self._counts: Counter[str] = Counter()
        self._changed = Condition()

    def subscribe(self, topic: str, address: str, now: float) -> None:
        """Send a topic to this address from now on."""
        known = self.addresses.get(topic)
        created = int(now) if known is None else known.created
        self.addresses[topic] = Address(address, created, int(now))

    def unsubscribe(self, topic: str) -> None:
        """Send a topic no longer."""
        self.addresses.pop(topic, None)

    def announce(
        self, topic: str, number: int, data: Mapping[str, object], *, whose: Mapping[str, str],
        now: float, raw_now: float,
    ) -> None:  # fmt: skip
        """Something happened: write the letter, if anybody wants it."""
        wanted = self.addresses.get(topic)
        if wanted is None:
            return
        notification = next(self._numbers)
        envelope = {
            "type": number,
            "tts_notification_id": str(notification),
            **whose,
            "timestamp": int(now),
            "data": dict(data),
        }
        body = json.dumps(envelope, separators=(",", ":")).encode()
        with self._changed:
            self._counts["written"] += 1
            every = self._behaviour.webhook_lose
            if every and self._counts["written"] % every == 0:
                self._counts["lost"] += 1
                return
            letters = [Letter(topic, wanted.address, body)] * (1 + self._behaviour.webhook_copies)
            self._post(letters, raw_now + self._behaviour.webhook_delay)

    def _post(self, letters: list[Letter], due: float) -> None:
        self._held += letters
        if len(self._held) < self._behaviour.webhook_shuffle:
            return
        if self._behaviour.webhook_shuffle:
            self._random.shuffle(self._held)
        for letter in self._held:
            heappush(self._due, (due, next(self._order), letter))
        self._held.clear()
        self._changed.notify_all()

    def flush(self, raw_now: float) -> None:
        """Everything that waits is due at once."""
        with self._changed:
            waiting = [letter for _, _, letter in self._due] + self._held
            self._due.clear()
            self._held.clear()
            for letter in waiting:
                heappush(self._due, (raw_now, next(self._order), letter))
            self._changed.notify_all()

    def take(self, raw_now: float, patience: float) -> Letter | None:
        """The next letter that is due; waits at most that many seconds for one."""
        with self._changed:
            if not self._due or self._due[0][0] > raw_now:
                soonest = self._due[0][0] - raw_now if self._due else patience
                self._changed.wait(min(patience, soonest))
                return None
            self._counts["under way"] += 1
            return heappop(self._due)[2]

    def returned(self, letter: Letter, status: int | None, raw_now: float) -> None:
        """What came of a letter; None: no answer. A refused one is sent again, four times at most."""
        with self._changed:
            self._counts["under way"] -= 1
            self._counts["sent"] += 1
            if status is not None and 200 <= status < 300:  # noqa: PLR2004 - the good ones
                self._counts["taken"] += 1
                return
            self._counts["refused"] += 1
            tried = replace(letter, tries=letter.tries + 1)
            if tried.tries >= GIVEN_UP_AFTER:
                self._counts["given up"] += 1
                return
            due = raw_now + self._behaviour.webhook_retry * STRETCH[letter.tries]
            heappush(self._due, (due, next(self._order), tried))

    def as_dict(self) -> dict[str, object]:
        """Where what goes, and how much of it went."""
        with self._changed:
            return {
                "addresses": {topic: each.address for topic, each in self.addresses.items()},
                "waiting": len(self._due) + len(self._held),
                **{
                    name.replace(" ", "_"): self._counts[name]
                    for name in (
                        "written", "under way", "sent", "taken", "refused", "lost", "given up"
                    )
                },
            }  # fmt: skip
