"""The simulated platform as one object without sockets: request in, answer out, on a clock one may give."""

from collections.abc import Callable, Mapping
from email.utils import formatdate

from connectors.tiktok_shop.sandbox.api import Api
from connectors.tiktok_shop.sandbox.authorization import Grants
from connectors.tiktok_shop.sandbox.authorize_page import AUTHORIZE, authorize
from connectors.tiktok_shop.sandbox.behaviour import Behaviour
from connectors.tiktok_shop.sandbox.calls import World
from connectors.tiktok_shop.sandbox.control import Control
from connectors.tiktok_shop.sandbox.faults import Faults
from connectors.tiktok_shop.sandbox.options import SandboxOptions
from connectors.tiktok_shop.sandbox.ordering import Conflict, place
from connectors.tiktok_shop.sandbox.post import PostRoom
from connectors.tiktok_shop.sandbox.rivals import Rivals
from connectors.tiktok_shop.sandbox.sample import sample_seed
from connectors.tiktok_shop.sandbox.seed import build_shop, read_seed
from connectors.tiktok_shop.sandbox.seed_csv import SeedError
from connectors.tiktok_shop.sandbox.state import Shop
from connectors.tiktok_shop.sandbox.stats import Stats
from connectors.tiktok_shop.sandbox.webhooks import Crier
from connectors.tiktok_shop.sandbox.wishes import read_wish
from connectors.transport.simulation.clock import ShopClock, machine_time
from connectors.transport.simulation.fields import FieldError
from connectors.transport.simulation.journal import Journal
from connectors.transport.simulation.replies import Reply, encode

CONTROL = "/control"
JSON_TYPE = "application/json; charset=utf-8"


class Simulator:
    """One simulated TikTok Shop; `now` and `sleep` may be those of a simulation."""

    def __init__(
        self,
        options: SandboxOptions,
        *,
        now: Callable[[], float] = machine_time,
        sleep: Callable[[float], object] = lambda _seconds: None,
    ) -> None:
        self._options = options
        self._sleep = sleep
        self._where = str(options.seed) if options.seed else "sample data"
        self._raw = read_seed(options.seed) if options.seed else sample_seed()
        shop = build_shop(self._raw, self._where)
        behaviour = Behaviour.of(options)
        clock = ShopClock(now, behaviour)
        grants = Grants(shop.identity, behaviour, clock.now)
        self.world = World(
            shop=shop, grants=grants, behaviour=behaviour, clock=clock, journal=Journal(self._told),
            post=PostRoom(behaviour),
        )  # fmt: skip
        self._crier = Crier(self.world)
        self._begin()

    @property
    def shop(self) -> Shop:
        """The state, for tests in the same process."""
        return self.world.shop

    def reset(self) -> None:
        """Back to the seed and the start options; authorizations stay."""
        self.world.behaviour.update(Behaviour.of(self._options).as_dict())
        self.world.shop = build_shop(self._raw, self._where)
        self.world.journal = Journal(self._told)
        self.world.post = PostRoom(self.world.behaviour)
        self._begin()

    def handle(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        """Answer one request; header names may have any case. ConnectionDropped stands for no answer.

        A `Content-Length` that says more than the body holds stands for an answer cut off.
        """
        self.pass_time()
        path, _, query = target.partition("?")
        lowered = {name.lower(): value for name, value in headers.items()}
        if path == CONTROL or path.startswith(CONTROL + "/"):
            status, answer = self._control.answer(method, path.removeprefix(CONTROL), query, body)
            reply = Reply(status, encode(answer))
        elif path == AUTHORIZE and method == "GET":
            reply = authorize(self.world, query)
        else:
            reply = self._api.answer(method, path, query, lowered, body)
        usual = {
            "Content-Type": JSON_TYPE,
            "Date": formatdate(self.world.now(), usegmt=True),
            "Content-Length": str(len(reply.body)),
        }
        return reply.status, {**usual, **reply.headers}, reply.body

    def pass_time(self) -> None:
        """What happens in the shop by the clock happens, up to now."""
        with self.world.shop.lock:
            self._rivals.act()

    def _told(self, entry: Mapping[str, object]) -> None:
        """The journal has a new entry."""
        self._crier.noticed(entry)

    def _begin(self) -> None:
        """Everything that a reset makes anew."""
        stats = Stats()
        faults = Faults(self._options.faults)
        self._api = Api(self.world, faults, stats, self._sleep)
        self._rivals = Rivals(self.world)
        self._control = Control(self.world, faults, stats, self.reset, self._crier, self._rivals)
        rows = self._raw.get("orders") or []
        if not isinstance(rows, list):
            raise SeedError(f"{self._where}: orders: expected a list")
        for n, value in enumerate(rows):
            self._place(value, f"orders[{n}]")

    def _place(self, value: object, where: str) -> None:
        """Seeded stock is what is available now, so a seeded order only commits units."""
        try:
            place(self.world, read_wish(self.shop, value, where, self.world.now(), taking=False))
        except (FieldError, Conflict) as error:
            raise SeedError(f"{self._where}: {error}") from None
