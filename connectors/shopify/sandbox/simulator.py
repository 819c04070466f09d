"""The simulated platform as one object without sockets: request in, answer out, on a clock one may give."""

from collections.abc import Callable, Mapping
from email.utils import formatdate

from connectors.shopify.sandbox.api import Api, Sent
from connectors.shopify.sandbox.behaviour import Behaviour
from connectors.shopify.sandbox.bucket import Bucket
from connectors.shopify.sandbox.bulk import BulkJobs
from connectors.shopify.sandbox.calls import World
from connectors.shopify.sandbox.control import Control
from connectors.shopify.sandbox.executing import Executor, schema
from connectors.shopify.sandbox.faults import Faults
from connectors.shopify.sandbox.root_fields import Backstage
from connectors.shopify.sandbox.sample import sample_seed
from connectors.shopify.sandbox.seed import build_shop, read_seed
from connectors.shopify.sandbox.state import Shop
from connectors.shopify.sandbox.stock_writing import StockWriting
from connectors.shopify.sandbox.subscriptions import Subscriptions
from connectors.shopify.sandbox.tokens import Tokens
from connectors.transport.simulation.clock import ShopClock, machine_time
from connectors.transport.simulation.journal import Journal
from connectors.transport.simulation.replies import Body, encode
from syncd.ports.sandbox import SandboxOptions

CONTROL = "/control"
JSON_TYPE = "application/json; charset=utf-8"


class Simulator:
    """One simulated Shopify shop; `now` and `sleep` may be those of a simulation."""

    def __init__(
        self,
        options: SandboxOptions,
        *,
        now: Callable[[], float] = machine_time,
        sleep: Callable[[float], object] = lambda _seconds: None,
    ) -> None:
        self._options = options
        self._sleep = sleep
        raw = read_seed(options.seed) if options.seed else None
        self._where = str(options.seed) if raw is not None else "sample data"
        self._raw = sample_seed() if raw is None else raw
        self._behaviour = Behaviour.of(options)
        self._clock = ShopClock(now, self._behaviour)
        self._url = ""
        self._begin()

    @property
    def shop(self) -> Shop:
        """The state, for tests in the same process."""
        return self.world.shop

    def serve_at(self, url: str) -> None:
        """Where the simulated shop can be reached: the files of bulk operations are linked there."""
        self._url = url
        self._bulk.serve_at(url)

    def reset(self) -> None:
        """Back to the seed and the start options: tokens, subscriptions and bulk operations are gone."""
        self.close()
        self._behaviour.update(Behaviour.of(self._options).as_dict())
        self._begin()
        self._bulk.serve_at(self._url)

    def close(self) -> None:
        """Deliver nothing more and drop the files."""
        self._subscriptions.close()
        self._bulk.close()

    def handle(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, dict[str, str], Body]:
        """Answer one request; header names may have any case. ConnectionDropped stands for no answer.

        A `Content-Length` that says more than the body holds stands for an answer cut off.
        """
        path, _, query = target.partition("?")
        lowered = {name.lower(): value for name, value in headers.items()}
        if path == CONTROL or path.startswith(CONTROL + "/"):
            status, answer = self._control.answer(method, path.removeprefix(CONTROL), query, body)
            sent = Sent(status, encode(answer), {})
        else:
            sent = self._api.answer(method, path, query, lowered, body)
        usual = {
            "Content-Type": JSON_TYPE,
            "Date": formatdate(self.world.now(), usegmt=True),
        }
        if isinstance(sent.body, bytes):
            usual["Content-Length"] = str(len(sent.body))
        return sent.status, {**usual, **sent.headers}, sent.body

    def _begin(self) -> None:
        """Everything that a reset makes anew."""
        shop = build_shop(self._raw, self._where, int(self._clock.now()))
        faults, journal = Faults(self._options.faults), Journal()
        self._subscriptions = Subscriptions(shop.identity, self._behaviour, faults, journal)
        self.world = World(
            shop=shop,
            behaviour=self._behaviour,
            clock=self._clock,
            journal=journal,
            faults=faults,
            announce=self._subscriptions.announce,
        )
        self._bulk = BulkJobs(schema())
        tokens = Tokens(shop, self._behaviour, self._clock.now)
        backstage = Backstage(self._bulk, self._subscriptions)
        executor = Executor(backstage, StockWriting(), Bucket(self._behaviour))
        self._api = Api(self.world, tokens, executor, self._bulk, self._sleep)
        self._control = Control(self.world, tokens, self.reset)
