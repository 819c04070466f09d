"""Reports and views as JSON: one document, stable keys, times in UTC with Z."""

import dataclasses
import json
from datetime import UTC, datetime
from enum import Enum

from syncd.domain.advice import AdviceView
from syncd.domain.report import Report
from syncd.domain.views import BookingsView, Explanation, HistoryView, ListingsView, StatusView
from syncd.reporting.document import SCHEMA, from_report

View = Explanation | StatusView | ListingsView | HistoryView | BookingsView | AdviceView


def report_document(report: Report) -> str:
    """The report as its stored JSON document."""
    return from_report(report).model_dump_json(by_alias=True, indent=2)


def to_json(view: View) -> str:
    """What a looking command shows, as one document."""
    return json.dumps({"schema": SCHEMA, **_plain_fields(view)}, indent=2, ensure_ascii=False)


def _plain_fields(value: object) -> dict[str, object]:
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        raise TypeError(f"{type(value).__name__} is no view")
    return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, Enum):
        return value.value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _plain_fields(value)
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    return value
