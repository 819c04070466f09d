"""`syncd sandbox`: serves every simulated shop on loopback until stopped."""

import json
import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace

from syncd.domain.errors import UsageError
from syncd.domain.report import ExitCode
from syncd.ports import SandboxFactory, SandboxOptions
from syncd.service.connectors import sandbox_factories


def serve(options: SandboxOptions) -> ExitCode:
    """Print one line of JSON once all listen, then serve until SIGTERM or SIGINT."""
    stopping = threading.Event()
    factories = sorted(sandbox_factories().items(), key=lambda each: each[1].place)
    _check_faults(options, [kind for kind, _ in factories])
    with ExitStack() as stack:
        shops = {kind: _open(stack, factory, options) for kind, factory in factories}
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        sys.stdout.write(json.dumps(shops) + "\n")
        sys.stdout.flush()
        stopping.wait()
    return ExitCode.DONE


def _open(stack: ExitStack, factory: SandboxFactory, options: SandboxOptions) -> dict[str, str]:
    """Open one shop on its own port; what a user needs to connect to it."""
    port = options.port + factory.place if options.port else 0
    try:
        return dict(stack.enter_context(factory.open(replace(options, port=port))).description())
    except ValueError as error:
        raise UsageError(str(error)) from error
    except (OSError, OverflowError) as error:
        place = options.seed if isinstance(error, FileNotFoundError) else port
        raise UsageError(f"the sandbox cannot start ({place}): {error}") from error


def _check_faults(options: SandboxOptions, kinds: Sequence[str]) -> None:
    """A fault for a shop that is not there would never strike."""
    for fault in options.faults:
        name, dot, _ = fault.partition(":")[0].partition("=")[0].partition(".")
        if dot and name not in kinds:
            raise UsageError(
                f"fault {fault!r}: there is no simulated shop {name!r} (there is {', '.join(kinds)})"
            )
