"""Finds seller SKUs that almost equal one of ours: the same but for case, spaces, zeros or notation."""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation

from syncd.domain.identity import ChannelName, Sku
from syncd.domain.views import NearMiss

_SCIENTIFIC = re.compile(r"[0-9](\.[0-9]+)?E\+?[0-9]{1,2}", re.ASCII | re.IGNORECASE)


def near_misses(
    channel: ChannelName, seller_skus: Iterable[str], ours: Iterable[Sku]
) -> Iterator[NearMiss]:
    """Pairs that differ only in what people and spreadsheets change; never merged by themselves."""
    by_form: dict[str, list[Sku]] = {}
    for sku in ours:
        by_form.setdefault(_bare(sku), []).append(sku)
    for seller_sku in seller_skus:
        for sku in by_form.get(_bare(seller_sku), ()):
            yield NearMiss(
                channel=channel,
                seller_sku=seller_sku,
                sku=sku,
                difference=difference(seller_sku, sku),
                alias=_alias_line(seller_sku, sku),
            )


def _bare(sku: str) -> str:
    """What is left when case, separators, leading zeros and scientific notation are taken away."""
    text = sku.strip().strip("'").casefold()
    if _SCIENTIFIC.fullmatch(text):
        try:
            text = str(int(Decimal(text)))
        except (InvalidOperation, ValueError, OverflowError):
            return text
    return re.sub(r"[\s_\-./]+", "", text).lstrip("0")


def difference(seller_sku: str, sku: str) -> str:
    """What tells the two apart, in words."""
    if seller_sku.strip() == sku.strip():
        return "spaces around it"
    if seller_sku.casefold() == sku.casefold():
        return "upper and lower case"
    if seller_sku.lstrip("0") == sku.lstrip("0"):
        return "leading zeros"
    if _SCIENTIFIC.fullmatch(seller_sku) or _SCIENTIFIC.fullmatch(sku):
        return "scientific notation"
    return "separators, case or zeros"


def _alias_line(seller_sku: str, sku: str) -> str:
    """The line to paste into the aliases file."""
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow([seller_sku, sku])
    return out.getvalue()
