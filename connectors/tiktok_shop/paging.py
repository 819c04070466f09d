"""Reads a search page by page to its end, and knows whether the shop told all that it says it found."""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

from syncd.domain.errors import ChannelUnavailable


class Named(Protocol):
    """A row of a search."""

    @property
    def id(self) -> str:
        """What tells it from the others."""
        ...


Row_co = TypeVar("Row_co", bound=Named, covariant=True)


class Page(Protocol[Row_co]):
    """One page of a search."""

    @property
    def rows(self) -> Sequence[Row_co] | None:
        """What is on it; None where the answer has no list."""
        ...

    @property
    def next_page_token(self) -> str:
        """Which page follows; empty on the last."""
        ...

    @property
    def total_count(self) -> int | None:
        """How many rows all pages have together, if the shop says so."""
        ...


def whole(ask: Callable[[str], Page[Row_co]], what: str) -> Iterator[Sequence[Row_co]]:
    """The rows of every page; `ask` gets a page by its token.

    Complete only when it ends without ChannelUnavailable: an answer that was cut on its way reads like one
    that found less, and what is not told is not what is not there. A list may be missing where nothing was
    found. More rows than were counted are fine, they came while the pages were read.
    """
    seen: set[str] = set()
    token = ""
    while True:
        page = ask(token)
        rows = page.rows
        if rows is None:
            if page.total_count != 0:
                raise ChannelUnavailable(f"the {what} search was answered without its {what}s")
            rows = ()
        seen.update(row.id for row in rows)
        yield rows
        if not page.next_page_token:
            break
        if page.next_page_token == token:
            raise ChannelUnavailable(f"the {what} search repeats a page")
        token = page.next_page_token
    if page.total_count is not None and len(seen) < page.total_count:
        raise ChannelUnavailable(
            f"the {what} search found {page.total_count} and told {len(seen)}: the answer was cut"
        )
