"""`syncd alerts test`: whether every address takes a message."""

import os
import sys

from syncd.domain.errors import UsageError
from syncd.domain.report import ExitCode
from syncd.reporting.alerts import trial
from syncd.service.alerting import addresses_of, undelivered
from syncd.service.context import Context
from syncd.service.posting import post
from syncd.service.secrecy import WatchedCredentials
from syncd.settings.credentials import StoredCredentials


def try_addresses(context: Context) -> ExitCode:
    """Send one message to each address and say which took it; needs no ledger and no shop."""
    addresses = addresses_of(
        context.settings.alerts, WatchedCredentials(StoredCredentials(os.environ))
    )
    if not addresses:
        raise UsageError(
            f"{context.config_path} has no alerts.urls: nobody is told of anything; "
            "write urls: [{credential: NAME}] and put an Apprise address into the credential"
        )
    message = trial(context.settings.timezone, context.clock.now())
    failed = 0
    for address in addresses:
        if post(address.url.get_secret_value(), message):
            sys.stdout.write(f"ok   {address.name} ({address.service})\n")
        else:
            failed += 1
            sys.stdout.write(f"BAD  {undelivered(address)}\n")
    return ExitCode.UNAVAILABLE if failed else ExitCode.DONE
