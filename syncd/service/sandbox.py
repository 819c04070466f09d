"""`syncd sandbox`: serves every simulated shop on loopback until stopped."""

import json
import signal
import sys
import threading
from contextlib import ExitStack

from syncd.domain.errors import UsageError
from syncd.domain.report import ExitCode
from syncd.ports import SandboxOptions
from syncd.service.wiring import sandbox_factories


def serve(options: SandboxOptions) -> ExitCode:
    """Print one line of JSON once it listens, then serve until SIGTERM or SIGINT."""
    stopping = threading.Event()
    with ExitStack() as stack:
        shops = {}
        for kind, factory in sandbox_factories().items():
            try:
                shops[kind] = stack.enter_context(factory.open(options)).description()
            except ValueError as error:
                raise UsageError(str(error)) from error
            except OSError as error:
                place = options.seed if isinstance(error, FileNotFoundError) else options.port
                raise UsageError(f"the sandbox cannot start ({place}): {error}") from error
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        sys.stdout.write(json.dumps({kind: dict(shop) for kind, shop in shops.items()}) + "\n")
        sys.stdout.flush()
        stopping.wait()
    return ExitCode.DONE
