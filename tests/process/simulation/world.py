"""How tests run the simulated world: the connector for TikTok Shop against its simulated shop."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event

from connectors.tiktok_shop.factory import FACTORY
from connectors.tiktok_shop.sandbox.factory import FACTORY as SANDBOX
from connectors.transport.simulation.server import SandboxServer
from syncd.ports.wire import Wire
from syncd.simulation.stage import Parts

PROOF = "SYNCD_PROOF" in os.environ
PARTS = Parts(channels=FACTORY, shops=SANDBOX)


@contextmanager
def served(wire: Wire) -> Iterator[str]:
    """The wire behind real HTTP on loopback."""
    server = SandboxServer(0, wire, Event())
    server.begin()
    try:
        yield server.url
    finally:
        server.end()


OVER_HTTP = Parts(channels=FACTORY, shops=SANDBOX, serving=served)


@contextmanager
def silence() -> Iterator[None]:
    """What goes wrong on purpose is not logged."""
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
