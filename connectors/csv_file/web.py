"""A stock file on a web server: what its headers say of its age, and how a credential is written there."""

import base64
from datetime import datetime, timedelta
from typing import IO

from pydantic import SecretStr

from connectors.csv_file.options import CsvFileOptions
from connectors.csv_file.places import age_check
from connectors.csv_file.reaching import Auth
from connectors.csv_file.remote import RemotePlace, Stand
from connectors.transport.downloading import Downloader
from connectors.transport.transfer import Answer, Validators, Wanted
from connectors.transport.web_address import WebAddress
from syncd.ports.clock import Clock
from syncd.ports.credentials import Credentials
from syncd.ports.probe import Check, Verdict


def web_place(options: CsvFileOptions, credentials: Credentials, clock: Clock) -> RemotePlace:
    """The file an address names; ConfigError for a credential that there is not."""
    address = WebAddress.parsed(options.path)
    wanted = Wanted(
        address=address,
        authorization=None if options.auth is None else _authorization(options.auth, credentials),
        allow_private=options.allow_private,
        silence=options.timeout.total_seconds(),
        largest=options.max_size,
        packed=address.path.lower().endswith(".gz"),
    )
    return RemotePlace(WebFile(wanted, Downloader(clock), clock))


def _authorization(auth: Auth, credentials: Credentials) -> SecretStr:
    """The value of the header (RFC 7617 and RFC 6750)."""
    secret = credentials.secret(auth.secret).get_secret_value()
    if auth.bearer is not None:
        return SecretStr(f"Bearer {secret}")
    pair = f"{auth.user}:{secret}"
    return SecretStr(f"Basic {base64.b64encode(pair.encode()).decode('ascii')}")


class WebFile:
    """One address."""

    def __init__(self, wanted: Wanted, downloader: Downloader, clock: Clock) -> None:
        self._wanted = wanted
        self._downloader = downloader
        self._clock = clock

    def fetch(self, into: IO[bytes], known: Stand | None) -> Stand | None:
        """Download it, unless the server says that it is what it was."""
        etag, modified = ("", "") if known is None else known.mark
        validators = Validators(etag=etag, modified=modified)
        answer = self._downloader.download(self._wanted, into, validators)
        if answer is None:
            return None
        told = answer.validators
        return Stand(
            name=self._wanted.address.name,
            modified=self._written(answer),
            mark=(told.etag, told.modified) if told.conditions() else (),
        )

    def _written(self, answer: Answer) -> datetime:
        """When the content was made: what the server says of the file, else when it answered.

        An unchanged file keeps the time of its first answer: it has said nothing new since.
        """
        if answer.modified is not None:
            return answer.modified
        now = self._clock.now()
        return now if answer.date is None else min(answer.date, now)

    def probe(self, every: timedelta) -> tuple[Check, ...]:
        """Ask for the file and leave its body on the way."""
        answer = self._downloader.look(self._wanted)
        size = "of unknown size" if answer.length is None else f"{answer.length:,} bytes"
        text = f"{answer.address.shown} answers: {size}"
        if answer.modified is None:
            aged = Check(text=f"{text}; it does not say when it was written")
        else:
            aged = age_check(f"{text};", self._clock.now() - answer.modified, every)
        return (aged, _economy(answer.validators))


def _economy(validators: Validators) -> Check:
    """Whether an unchanged file must be downloaded again."""
    if validators.strong:
        return Check(text="a strong ETag: unchanged costs no download, a cut download is resumed")
    if validators.conditions():
        which = "weak ETag" if validators.etag else "Last-Modified"
        return Check(text=f"{which}: unchanged costs no download, a cut one begins anew")
    return Check(
        text="neither ETag nor Last-Modified: every reading downloads the whole file",
        verdict=Verdict.WARN,
        help="let the server send an ETag",
    )
