"""A process that serves the web surface of a configuration until SIGTERM, as the daemon does.

`python -m tests.process.web.serving CONFIG` prints the address once it listens. The port of `web.listen`
decides; 8085 stands for any free one.
"""

import os
import signal
import sys
import threading
from pathlib import Path
from urllib.parse import urlsplit

from syncd.engine.setup import Silent
from syncd.service.context import Context
from syncd.service.web.rates import Rate, Rates
from syncd.service.web.surface import Place, WebSurface
from syncd.service.wiring import opened_for_work

GENEROUS = Rate(per_second=1e6, burst=1e6)


def main(config: str) -> None:
    """Serve."""
    context = Context(config=Path(config), verbose=False)
    web = context.settings.web
    assert web is not None
    port = urlsplit(f"//{web.listen}").port or 0
    rates = Rates(peer=GENEROUS, total=GENEROUS) if "WEB_NO_RATES" in os.environ else None
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    with opened_for_work(context.settings, context.clock, Silent()) as opened:
        surface = WebSurface(
            context.settings, opened.engine,
            Place(host="127.0.0.1", port=0 if port == 8085 else port), None, lambda _name: None,
            rates,
        )  # fmt: skip
        with surface.serving():
            print(surface.url, flush=True)  # noqa: T201 - how the test learns the address
            stopping.wait()


if __name__ == "__main__":
    main(sys.argv[1])
