"""Deliveries of TikTok Shop: the signature, what they hint at, and that no number of theirs is used."""

import json
import logging
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from connectors.tiktok_shop.signing import webhook_signature
from connectors.tiktok_shop.webhooks import EVERYTHING, MOST_UNITS, WebhookReader
from syncd.domain.drifting import Mover
from syncd.domain.errors import DeliveryRefused
from syncd.domain.identity import ChannelName
from syncd.ports.deliveries import About, Delivery, Hint, Moved

KEY, SECRET = "29a39d", "app-geheim"
W1 = (
    b'{"type":1,"tts_notification_id":"7380066284010030890","shop_id":"7495540735365777507",'
    b'"timestamp":1718305585,"data":{"is_on_hold_order":true,"order_id":"576653688135258178",'
    b'"order_status":"UNPAID","update_time":1718305585}}'
)
W1_SIGNATURE = "5dec0f11ec2f6783b8deee53c9ffbf8d024302f7c7e7fa55a35d17629031ac05"


def reader(key: str = KEY, secret: str = SECRET) -> WebhookReader:
    return WebhookReader(channel=ChannelName("shop"), app_key=key, secret=SecretStr(secret))


def read(body: bytes) -> Delivery:
    return reader().read({"authorization": webhook_signature(KEY, SECRET, body)}, body)


def told(number: object, data: object, **more: object) -> Delivery:
    return read(json.dumps({"type": number, "data": data, **more}).encode())


def test_the_official_vector_is_read() -> None:
    found = reader("abcdef", "123").read({"authorization": W1_SIGNATURE}, W1)

    assert found == Delivery(
        topic="ORDER_STATUS_CHANGE",
        notification="7380066284010030890",
        event="576653688135258178:UNPAID:1718305585",
        sent_at=datetime(2024, 6, 13, 19, 6, 25, tzinfo=UTC),
        hints=(Hint(about=About.ORDER, reference="576653688135258178"),),
    )


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": ""},
        {"authorization": W1_SIGNATURE.upper()},
        {"authorization": f"Bearer {W1_SIGNATURE}"},
        {"authorization": W1_SIGNATURE[:-1] + "6"},
        {"authorization": "dé" * 32},
        {"authorization": "\udcff"},
    ],
)
def test_any_other_signature_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(DeliveryRefused, match="signature"):
        reader("abcdef", "123").read(headers, W1)


@given(st.integers(0, len(W1) * 8 - 1))
def test_one_bit_of_the_body_breaks_the_signature(bit: int) -> None:
    body = bytearray(W1)
    body[bit // 8] ^= 1 << bit % 8

    with pytest.raises(DeliveryRefused):
        reader("abcdef", "123").read({"authorization": W1_SIGNATURE}, bytes(body))


@pytest.mark.parametrize("body", [b"", b"[]", b"7", b"{", b"[" * 100_000, b"\xff", b"9" * 9999])
def test_a_signed_body_that_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(DeliveryRefused, match="no JSON object"):
        read(body)


@given(
    st.dictionaries(
        st.sampled_from(["type", "tts_notification_id", "timestamp", "data", "shop_id"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        ),
    )
)
def test_every_signed_object_is_read_and_can_be_stored(envelope: dict[str, object]) -> None:
    found = read(json.dumps(envelope).encode())

    words = [found.topic, found.notification, found.event]
    words += [word for hint in found.hints for word in (hint.reference, hint.cause)]
    assert all(word.isascii() and len(word) <= 64 for word in words)
    assert found.notification


@pytest.mark.parametrize(
    ("number", "data", "hints"),
    [
        (11, {"order_id": 5}, [Hint(about=About.ORDER, reference="5")]),
        (
            4,
            {"package_list": [{"order_id_list": ["5", "6"]}, {"order_id_list": None}]},
            [Hint(about=About.ORDER, reference="5"), Hint(about=About.ORDER, reference="6")],
        ),
        (5, {"product_id": 1729}, [Hint(about=About.PRODUCT, reference="1729")]),
        (15, {"product_id": "1729"}, [Hint(about=About.PRODUCT, reference="1729")]),
        (50, {"skus": [{"sku_id": "8"}]}, [Hint(about=About.LISTING, reference="8")]),
        (6, {"message": "gone"}, [Hint(about=About.AUTHORIZATION)]),
        (7, {"expiration_time": "soon"}, [Hint(about=About.AUTHORIZATION)]),
        (14, {"content": "hello"}, []),
        (3, {"order_id": "5"}, []),
        (1, {"order_id": "'; drop table --"}, [Hint(about=About.ORDER)]),
        (1, None, [Hint(about=About.ORDER)]),
    ],
)
def test_a_topic_hints_at_what_it_names(number: int, data: object, hints: list[Hint]) -> None:
    assert tuple(hints) == told(number, data).hints


@pytest.mark.parametrize(
    ("sources", "causes"),
    [
        (["api_sync"], []),
        (["manual_adjustment"], ["manual_adjustment"]),
        (["api_sync", "order_created", "api_sync"], ["order_created"]),
        ([], [""]),
    ],
)
def test_an_app_s_write_of_no_named_sku_is_nothing_to_look_at(
    sources: list[str], causes: list[str]
) -> None:
    detail = [{"trigger_source": source} for source in sources]
    found = told(71, {"event_id": "e-1", "sku_id": "8", "change_detail": detail})

    assert "e-1" == found.event
    assert causes == [hint.cause for hint in found.hints]
    assert {"8"} >= {hint.reference for hint in found.hints}


def inventory(*sources: str, **data: object) -> list[Moved | None]:
    """What a telling of these sources says of who moved the stock."""
    detail = [{"trigger_source": name, "occurred_at": "2026-11-23T14:31:00Z"} for name in sources]
    snapshot = {"total_available_quantity": 7, "total_committed_quantity": 1}
    usual = {
        "product_id": "1729", "sku_id": "8", "change_detail": detail,
        "quantity_snapshot_after_change": snapshot,
    }  # fmt: skip
    return [hint.moved for hint in told(71, {**usual, **data}).hints]


def moved(mover: Mover, units: int | None = 7) -> Moved:
    at = datetime(2026, 11, 23, 14, 31, tzinfo=UTC)
    return Moved(product="1729", mover=mover, at=at, units=units)


@pytest.mark.parametrize(
    ("source", "mover"),
    [
        ("api_sync", Mover.APP),
        ("manual_adjustment", Mover.PERSON),
        ("system_auto_replenish", Mover.PLATFORM),
    ],
)
def test_who_set_the_stock_is_told_with_when_and_to_what(source: str, mover: Mover) -> None:
    assert [moved(mover)] == inventory(source)


@pytest.mark.parametrize("source", ["order_created", "order_canceled", "campaign_lock", "new"])
def test_orders_and_campaigns_set_nothing(source: str) -> None:
    assert [None] == inventory(source)


def test_the_number_after_several_causes_tells_none_of_them() -> None:
    assert [moved(Mover.APP, None), None] == inventory("api_sync", "order_created")


@pytest.mark.parametrize(
    ("snapshot", "units"),
    [
        (None, None),
        ({}, None),
        ({"total_available_quantity": 0}, 0),
        ({"total_available_quantity": -1}, None),
        ({"total_available_quantity": 10**30}, None),
    ],
)
def test_a_number_that_is_none_is_not_told(snapshot: object, units: int | None) -> None:
    (found,) = inventory("api_sync", quantity_snapshot_after_change=snapshot)

    assert found is not None
    assert units == found.units


@pytest.mark.parametrize(
    ("text", "hour"),
    [("2026-11-23T14:31:00", 14), ("2026-11-23T14:31:00+02:00", 12), ("soon", None),
     ("9999-12-31T23:59:59-23:00", None), (None, None)],
)  # fmt: skip
def test_the_time_may_lack_its_zone_or_be_nonsense(text: str | None, hour: int | None) -> None:
    detail = [{"trigger_source": "manual_adjustment"}]
    (found,) = inventory(change_detail=detail, occurred_at=text)

    assert found is not None
    assert hour == (None if found.at is None else found.at.hour)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text()
    | st.sampled_from(["api_sync", "manual_adjustment", "2026-11-23T14:31:00Z", "1729", 10**30]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["trigger_source", "occurred_at", "total_available_quantity"]), inner
    ),
    max_leaves=8,
)  # fmt: skip
FIELDS = ("product_id", "sku_id", "event_id", "occurred_at", "change_detail",
          "quantity_snapshot_after_change")  # fmt: skip


@given(st.sampled_from([27, 68, 71]), st.dictionaries(st.sampled_from(FIELDS), ANYTHING))
def test_no_telling_of_stock_is_too_strange_to_be_read(
    number: int, data: dict[str, object]
) -> None:
    for hint in told(number, data).hints:
        assert hint.reference == "" or hint.reference.isdecimal()
        if hint.moved is not None:
            assert hint.moved.product.isdecimal()
            assert hint.reference
            assert hint.moved.units is None or 0 <= hint.moved.units <= MOST_UNITS
            assert hint.moved.at is None or hint.moved.at.tzinfo is UTC


@pytest.mark.parametrize("number", [999, True, "1", None, 1.0, 10**30])
def test_a_type_that_is_not_known_makes_everything_be_looked_at_and_is_said_once(
    number: object, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    one = reader()
    body = json.dumps({"type": number}).encode()
    signed = {"authorization": webhook_signature(KEY, SECRET, body)}

    assert [EVERYTHING] * 3 == [one.read(signed, body).hints for _ in range(3)]
    assert 1 == len(caplog.records)


def test_a_known_type_of_a_new_shape_makes_everything_be_looked_at() -> None:
    assert EVERYTHING == told(1, {"order_id": {"value": "5"}}).hints


def test_without_a_notification_id_the_body_tells_deliveries_apart() -> None:
    one, same, other = told(1, {"order_id": 1}), told(1, {"order_id": 1}), told(1, {"order_id": 2})

    assert one.notification == same.notification
    assert one.notification != other.notification


@pytest.mark.parametrize(
    ("stamp", "year"),
    [(1718305585, 2024), (1718305585123, 2024), (0, None), (-1, None), ("x", None), (10**40, None)],
)
def test_the_time_may_be_in_seconds_or_milliseconds_or_nonsense(
    stamp: object, year: int | None
) -> None:
    sent = told(1, {}, timestamp=stamp).sent_at

    assert year == (None if sent is None else sent.year)
