"""Knows in which disguises a secret may turn up in a text, and takes all of them out."""

import json
import re
from collections.abc import Iterator
from threading import Lock
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

HIDDEN = "[secret]"
SHORTEST = 6
"""A shorter secret is left alone: taking it out would shred every text without protecting anything."""
_TOKEN = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z])[A-Za-z0-9_.:~+=-]{8,}", re.ASCII)
"""A part of an address that looks like a token rather than like the name of something."""


class Redaction:
    """The secrets of this process. It is the second line of defence: nothing should ever log one."""

    def __init__(self) -> None:
        self._known: frozenset[str] = frozenset()
        self._pattern: re.Pattern[str] | None = None
        self._lock = Lock()

    def learn(self, secret: str) -> None:
        """From now on take this secret out, and what it consists of if it is an address or several lines."""
        forms = {form for part in _parts(secret) for form in _forms(part)}
        with self._lock:
            if forms <= self._known:
                return
            self._known |= forms
            longest_first = sorted(self._known, key=len, reverse=True)
            self._pattern = re.compile("|".join(map(re.escape, longest_first)))

    def hide(self, text: str) -> str:
        """The text with every known secret replaced."""
        pattern = self._pattern
        return text if pattern is None else pattern.sub(HIDDEN, text)


def _parts(secret: str) -> Iterator[str]:
    """The secret itself, the lines of a key file, and what is secret in an address."""
    yield secret
    lines = secret.splitlines()
    if len(lines) > 1:
        yield from lines
    if "://" in secret:
        yield from _of_address(secret)


def _of_address(address: str) -> Iterator[str]:
    try:
        split = urlsplit(address)
        host = split.hostname or ""
    except ValueError:
        return
    if split.password is not None:
        yield split.password
        yield unquote(split.password)
    texts = [*split.path.split("/"), *(value for _, value in parse_qsl(split.query))]
    texts += [split.username or "", split.netloc.rpartition("@")[2] if "." not in host else ""]
    yield from (text for text in texts if _TOKEN.fullmatch(text))


def _forms(part: str) -> Iterator[str]:
    """A text as it is, in a query, in JSON, and in the representation of a Python value."""
    text = part.strip()
    if len(text) < SHORTEST:
        return
    yield text
    yield quote(text, safe="")
    yield quote_plus(text)
    yield json.dumps(text)[1:-1]
    yield repr(text)[1:-1]
