"""A day of everything at once: what goes wrong and when, who repairs it, and what must be true after it."""

import json
import math
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, Literal

from syncd.domain.errors import ChannelError
from syncd.domain.report import ChannelState
from syncd.ledger.store import open_ledger_for_writing
from syncd.service.authorizing import connect
from syncd.settings.surroundings import Retention
from syncd.simulation.demand import DAY, HOUR, Article, Buyer, Demand, Side
from syncd.simulation.designs import DESIGNS
from syncd.simulation.laws import Broken, Law
from syncd.simulation.machine import FragileMachine
from syncd.simulation.misfortune import CALM, Fate, Misfortune
from syncd.simulation.process import KEY, SHOP, Connection, OneSecret
from syncd.simulation.run import MEMORY
from syncd.simulation.stage import Cast, Plot, Stage
from tests.process.simulation.holdings import Holdings, holdings
from tests.process.simulation.world import PARTS

EVERY_TWENTIETH = Misfortune(
    lost_request=0.01, lost_answer=0.01, throttled=0.01, broken_gateway=0.01, garbled=0.01,
    refused_booking=0.01, lost_read=0.025, cut_read=0.025, late=0.05, dropped=0.05, doubled=0.05,
    crash_every=0.0,
)  # fmt: skip
"""A call of any kind fails with a chance of 5 %, in one of the ways it can."""
DESIGN = replace(DESIGNS["GA"], name="soak", prices=True)
MINUTE = 60.0
TOKEN_LIFE = 30 * MINUTE
FAST, SLOW = (2 * HOUR, 3 * HOUR), (3.5 * HOUR, 4.5 * HOUR)
SKEW = 600.0
"""The clock of syncd's machine is so many seconds ahead, then behind; in between and after it is right."""
DEAUTHORIZED = (5 * HOUR, 6 * HOUR)
SHUT = (8 * HOUR, 10 * HOUR)
QUIET = 23 * HOUR
"""The last hour of every day: nobody buys, and nothing more goes wrong."""
PERSON_LOOKS = 15 * MINUTE
REPRICED_EVERY = 20 * MINUTE
PLENTY = 2.0
"""The merchant orders so many times what buyers want, so that some SKUs sell out and most do not."""
CRASH_WITHIN = 200
"""A cycle looks at the clock about as often."""


Way = Literal["syncd connect", "the page of the daemon"]
"""How a person connects the shop anew: by another process, or in the daemon itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Soak:
    """How long and how large; `crash_every` in seconds, 0 for never; `buyers` a day on both sides.

    It is judged at the end of every day.
    """

    seed: int
    skus: int
    buyers: int
    crash_every: float
    way: Way = "syncd connect"
    hours: float = 24.0
    retention: timedelta = timedelta(hours=4)
    misfortune: Misfortune = EVERY_TWENTIETH

    @property
    def days(self) -> int:
        """Whole days and what is begun of the last."""
        return math.ceil(self.hours * HOUR / DAY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Soaked:
    """What a soak came to: samples by the hour since its beginning, calls struck by kind and misfortune."""

    samples: Mapping[float, Holdings]
    struck: Counter[tuple[str, str]]
    crashes: int
    connected: int
    booked: int


def soak(wanted: Soak, at: Sequence[float]) -> Soaked:
    """Live it to its end, with samples at these hours; Broken for the first law that is broken."""
    folder = Path(tempfile.mkdtemp(prefix="syncd-soak-", dir=MEMORY if MEMORY.is_dir() else None))
    try:
        return _Soak(wanted, folder).lived(at)
    finally:
        shutil.rmtree(folder)


class _Soak:
    """One world and those who look after it."""

    def __init__(self, wanted: Soak, folder: Path) -> None:
        self._wanted = wanted
        self._folder = folder
        self._misfortune = replace(wanted.misfortune, crash_every=wanted.crash_every)
        self._fate = Fate(wanted.seed, self._misfortune)
        self._dice = Random(f"soak/{wanted.seed}")
        demand = self._demand()
        plot = Plot(
            design=DESIGN, demand=demand, seed=wanted.seed, fate=self._fate,
            machine=FragileMachine, crash_within=CRASH_WITHIN,
        )  # fmt: skip
        self._stage = Stage(plot, PARTS, folder)
        self._skus = [article.sku for article in demand.articles]
        self._connected = 1

    def lived(self, at: Sequence[float]) -> Soaked:
        """From the first connect to the last look."""
        self._told("settings", {"token_life": TOKEN_LIFE})
        self._schedule()
        samples: dict[float, Holdings] = {}
        with self._stage.syncd() as cast:
            kept = self._wanted.retention
            cast.keeper.retention = Retention.model_construct(movements=kept, runs=kept)
            self._let(CALM)
            cast.keeper.begin()
            self._let(self._misfortune)
            for day in range(self._wanted.days):
                for end in _steps(day, at, self._wanted.hours * HOUR):
                    cast.keeper.serve(end)
                    self._person_looks(cast)
                    self._forget_deliveries(cast)
                    if end / HOUR in at:
                        samples[end / HOUR] = holdings(cast.keeper.process, self._folder)
                if self._stage.timeline.time >= (day + 1) * DAY:
                    self._judge(cast)
            return Soaked(
                samples=samples, struck=self._fate.struck, crashes=self._stage.crashes.count,
                connected=self._connected, booked=len(self._stage.world.merchant.answered),
            )  # fmt: skip

    def _demand(self) -> Demand:
        """Buyers who come evenly, so that what grows grows with time alone."""
        wanted, dice = self._wanted, self._dice
        rate = PLENTY * wanted.buyers / wanted.skus
        articles = [Article(sku=f"S{n:03}", rate=rate, share=0.5) for n in range(wanted.skus)]
        moments = sorted(
            day * DAY + dice.uniform(0.0, QUIET)
            for day in range(wanted.days)
            for _ in range(wanted.buyers)
        )
        numbers = count()
        buyers = [
            Buyer(at, next(numbers), dice.choice(articles).sku, dice.choice(list(Side)))
            for at in moments
        ]
        return Demand(articles=articles, buyers=buyers, end=wanted.days * DAY)

    def _schedule(self) -> None:
        """What happens by the clock, day by day."""
        at = self._stage.timeline.at
        for day in range(self._wanted.days):
            start = day * DAY
            for (begin, end), ahead in ((FAST, SKEW), (SLOW, -SKEW)):
                at(start + begin, partial(self._set_clock, ahead))
                at(start + end, partial(self._set_clock, 0.0))
            at(start + DEAUTHORIZED[0], self._deauthorize)
            at(start + SHUT[0], partial(self._shut, start + SHUT[1]))
            at(start + QUIET, partial(self._let, CALM))
            at(start + DAY, partial(self._let, self._misfortune))
            for number in range(int(QUIET / REPRICED_EVERY)):
                at(start + (number + 0.5) * REPRICED_EVERY, self._reprice)
        for sku in self._skus:
            self._stage.world.merchant.prices[sku] = "10.00"

    def _set_clock(self, ahead: float) -> None:
        self._stage.machine.ahead = ahead

    def _deauthorize(self) -> None:
        self._told("deauthorize", {})

    def _shut(self, until: float) -> None:
        self._stage.world.merchant.shut_until = until

    def _let(self, misfortune: Misfortune) -> None:
        self._fate.misfortune = misfortune

    def _reprice(self) -> None:
        """A price moves by less than the rules let it move."""
        merchant, sku = self._stage.world.merchant, self._dice.choice(self._skus)
        cents = round(float(merchant.prices[sku]) * self._dice.uniform(95, 105))
        merchant.reprice(sku, f"{cents / 100:.2f}", self._stage.timeline.time)

    def _person_looks(self, cast: Cast) -> None:
        """Who is told that the shop must be connected again does it, once the seller is willing."""
        within = self._stage.timeline.time % DAY
        if DEAUTHORIZED[0] <= within < DEAUTHORIZED[1]:
            return
        trouble = cast.keeper.process.ledger.channel_troubles().get(SHOP)
        if trouble is None or trouble.state is not ChannelState.UNAUTHORIZED:
            return
        code = str(self._told("auth_code", {})["auth_code"])
        if self._wanted.way == "syncd connect":
            self._connect_beside(cast.connection, code)
        else:
            with suppress(ChannelError):  # a failure is shown, and a later look tries again
                connect(cast.keeper.process.channel, code, self._stage.machine.now())
        self._connected += 1

    def _forget_deliveries(self, cast: Cast) -> None:
        """As the web server does now and then."""
        before = self._stage.machine.now() - self._wanted.retention
        cast.keeper.process.ledger.forget_deliveries(before)

    def _connect_beside(self, connection: Connection, code: str) -> None:
        """Another process exchanges the code; the daemon finds the new tokens in the ledger."""
        machine = self._stage.machine
        with open_ledger_for_writing(f"sqlite:///{self._folder / 'ledger.db'}", machine) as ledger:
            opened = connection.factory.open(
                SHOP, connection.options, folder=self._folder,
                credentials=OneSecret(connection.secret), tokens=ledger.tokens(lambda: [KEY]),
                facts=ledger.facts(), clock=machine, wire=self._stage.shop.wire,
            )  # fmt: skip
            with opened as channel:
                connect(channel, code, machine.now())

    def _judge(self, cast: Cast) -> None:
        """After the quiet hour."""
        broken = cast.checks.at_rest()
        if broken is not None:
            raise broken
        shown, wanted = self._shown_prices(), dict(self._stage.world.merchant.prices)
        if shown != wanted:
            wrong = [f"{sku} costs {shown[sku]}" for sku in wanted if shown[sku] != wanted[sku]]
            raise Broken(Law.AT_REST, ", ".join(wrong), self._stage.timeline.time)
        cast.checks.at_the_end()

    def _shown_prices(self) -> dict[str, str]:
        state = self._told("state", None)
        return {
            sku["seller_sku"]: sku["price"]
            for product in state["products"]
            for sku in product["skus"]
        }

    def _told(self, what: str, body: object) -> dict[str, Any]:
        """A word with the platform itself."""
        method, sent = ("GET", b"") if body is None else ("POST", json.dumps(body).encode())
        status, _, answer = self._stage.shop.wire(method, f"/control/{what}", {}, sent)
        assert 200 == status, answer
        found: dict[str, Any] = json.loads(answer)
        return found


def _steps(day: int, at: Sequence[float], until: float) -> Iterator[float]:
    """When a person looks, and when samples are taken, in simulated seconds."""
    begin, end = day * DAY, min((day + 1) * DAY, until)
    looks = {begin + number * PERSON_LOOKS for number in range(1, int(DAY / PERSON_LOOKS) + 1)}
    yield from sorted(
        moment for moment in looks | {hour * HOUR for hour in at} if begin < moment <= end
    )
