"""What loaded settings say: defaults, origins, fingerprints, places."""

import tempfile
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict

from syncd.domain.errors import AccessDenied, ConfigError, UsageError
from syncd.domain.identity import ChannelName, LocationName, Place, Sku, SourceName
from syncd.domain.orders import OrdersMode, OrdersPolicy
from syncd.domain.rules import Adjustment, Allocation, Draw, Rounding
from syncd.domain.stock import After, Duplicates, Expectations, MissingPolicy, Trust
from syncd.settings import loading
from syncd.settings.kinds import Kinds
from syncd.settings.loading import find_config, load_settings
from syncd.settings.models import Mode
from syncd.settings.settings import Settings
from tests.fakes.users import another_user
from tests.unit.settings.standins import STANDINS

MINIMAL = """\
sources:
  stock: {kind: csv_file, path: stock.csv, basis: on_hand, committed: none, orders: on_shipment}
channels:
  shop: {kind: tiktok_shop, app_key: 29a39d, app_secret: {credential: tiktok_app_secret}}
"""
STOCK, SHOP = SourceName("stock"), ChannelName("shop")


def loaded(folder: Path, text: str, **environ: str) -> Settings:
    path = folder / "syncd.yaml"
    path.write_text(text, encoding="utf-8")
    return load_settings(path, STANDINS, environ)


def source(folder: Path, keys: str) -> Settings:
    return loaded(folder, MINIMAL.replace("orders: on_shipment", f"orders: on_shipment, {keys}"))


def channel(folder: Path, keys: str) -> Settings:
    return loaded(folder, MINIMAL.replace("app_key: 29a39d", f"app_key: 29a39d, {keys}"))


def test_the_minimal_file_has_the_defaults_of_the_design(tmp_path: Path) -> None:
    settings = loaded(tmp_path, MINIMAL, STATE_DIRECTORY="/var/lib/syncd:/x")

    stock, shop = settings.sources[STOCK], settings.channels[SHOP]
    minutes, hours = timedelta(minutes=1), timedelta(hours=1)
    assert Mode.OBSERVE is settings.mode
    assert "default" == settings.mode_origin
    assert "sqlite:////var/lib/syncd/ledger.db" == settings.ledger_url
    assert 15 * minutes == stock.every
    assert Trust(stale_after=45 * minutes, dead_after=48 * hours) == stock.trust()
    assert Expectations() == stock.expectations()
    assert OrdersPolicy(mode=OrdersMode.ON_SHIPMENT) == stock.orders_policy()
    assert (Draw(source=STOCK),) == shop.rules().stock.draws
    assert 99_999 == shop.rules().stock.cap
    assert shop.rules().price is None
    assert hours == shop.reconcile_every
    assert tmp_path == settings.folder


def test_common_keys_that_the_kind_declares_reach_it_too(tmp_path: Path) -> None:
    options = loaded(tmp_path, MINIMAL).sources[STOCK].options

    assert "on_hand" == getattr(options, "basis", None)
    assert "none" == getattr(options, "committed", None)


def test_the_ledger_falls_back_to_the_home_and_is_relative_to_the_file(tmp_path: Path) -> None:
    at_home = loaded(tmp_path, MINIMAL, HOME="/home/syncd")
    relative = loaded(tmp_path, f"ledger: sqlite:///my.db\n{MINIMAL}")

    assert "sqlite:////home/syncd/.local/state/syncd/ledger.db" == at_home.ledger_url
    assert f"sqlite:///{tmp_path}/my.db" == relative.ledger_url


def test_the_environment_wins_for_the_ledger_and_for_nothing_else(tmp_path: Path) -> None:
    text = f"mode: apply\nledger: sqlite:////yaml.db\n{MINIMAL}"
    settings = loaded(
        tmp_path, text, SYNCD_LEDGER_URL="sqlite:////env.db", MODE="observe", SYNCD_MODE="observe"
    )

    assert "sqlite:////env.db" == settings.ledger_url
    assert Mode.APPLY is settings.mode
    assert "syncd.yaml:1" == settings.mode_origin


def test_a_wrong_ledger_in_the_environment_is_blamed_on_the_environment(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        loaded(tmp_path, MINIMAL, SYNCD_LEDGER_URL="mysql://root:geheim@x")

    assert str(refused.value).startswith("$SYNCD_LEDGER_URL:1:1: ledger: a ledger in 'mysql'")
    assert "geheim" not in str(refused.value)


def test_stale_after_counts_for_the_content_only_where_it_was_written(tmp_path: Path) -> None:
    trust = (
        source(tmp_path, "stale_after: 30m, then: zero, missing: {hold: 2h, then: keep}")
        .sources[STOCK]
        .trust()
    )

    expected = Trust(
        stale_after=timedelta(minutes=30),
        dead_after=timedelta(hours=48),
        content_stale_after=timedelta(minutes=30),
        then=After.ZERO,
        missing=MissingPolicy(hold=timedelta(hours=2), then=After.KEEP),
    )
    assert expected == trust


def test_a_source_by_the_clock_is_stale_an_hour_after_its_longest_pause(tmp_path: Path) -> None:
    stock = source(tmp_path, 'cron: "*/10 6-22 * * mon-sat"').sources[STOCK]

    pause = timedelta(hours=31, minutes=10)
    assert "*/10 6-22 * * mon-sat" == stock.cron
    assert pause == stock.every
    assert pause + timedelta(hours=1) == stock.trust().stale_after


def test_expectations_take_duplicates_from_the_kind(tmp_path: Path) -> None:
    keys = "expect: {min_rows: 5, max_shrink: 12.5%, sentinels: [NO, 00123]}, duplicates: sum"
    expected = Expectations(
        min_rows=5,
        max_shrink=Decimal("0.125"),
        sentinels=(Sku("NO"), Sku("00123")),
        duplicates=Duplicates.SUM,
    )

    assert expected == source(tmp_path, keys).sources[STOCK].expectations()


@pytest.mark.parametrize(
    ("basis", "orders", "expected"),
    [
        (
            "available",
            "within 15m",
            OrdersPolicy(mode=OrdersMode.WITHIN, delay=timedelta(minutes=15)),
        ),
        (
            "on_hand",
            "on_shipment within 4h",
            OrdersPolicy(mode=OrdersMode.ON_SHIPMENT, delay=timedelta(hours=4)),
        ),
        (
            "on_hand",
            "never, left_when: packed",
            OrdersPolicy(mode=OrdersMode.NEVER, left_when_packed=True),
        ),
    ],
)
def test_orders_are_read_as_written(
    tmp_path: Path, basis: str, orders: str, expected: OrdersPolicy
) -> None:
    text = MINIMAL.replace(
        "basis: on_hand, committed: none, orders: on_shipment", f"basis: {basis}, orders: {orders}"
    )

    assert expected == loaded(tmp_path, text).sources[STOCK].orders_policy()


def test_a_source_of_prices_has_no_orders_policy(tmp_path: Path) -> None:
    text = MINIMAL.replace(
        "channels:", "  list: {kind: csv_file, path: p.csv, stock: none}\nchannels:"
    )

    prices = loaded(tmp_path, text).sources[SourceName("list")]
    assert prices.orders_policy() is None
    assert not prices.feeds_stock


def test_prices_are_read_in_order_and_exactly(tmp_path: Path) -> None:
    keys = (
        'price: {currency: USD, adjust: "+12% -0.50", round: {to: .99, direction: up}, '
        "floor: 1.10, ceiling: 900, max_move: 20%}"
    )
    price = channel(tmp_path, keys).channels[SHOP].rules().price

    assert price is not None
    assert STOCK == price.source
    assert (Adjustment(factor=Decimal("1.12")), Adjustment(amount=Decimal("-0.50"))) == price.adjust
    assert price.rounding is not None
    assert Decimal("0.99") == price.rounding.ending
    assert (Decimal("1.10"), None, Decimal(900)) == (
        price.floor,
        price.floor_of_cost,
        price.ceiling,
    )


def test_a_rule_replaces_one_kind_of_floor_by_the_other_and_keeps_the_rest(tmp_path: Path) -> None:
    keys = (
        "price: {floor: 1.00, ceiling: 9, round: {to: 0.05}}, "
        "rules: [{match: A, price: {floor: {cost: 115%}}}]"
    )
    rule = channel(tmp_path, keys).channels[SHOP].rules().rule_for(Sku("A"))

    assert rule.price is not None
    assert (None, Decimal("1.15")) == (rule.price.floor, rule.price.floor_of_cost)
    assert (Decimal(9), Rounding(step=Decimal("0.05"))) == (rule.price.ceiling, rule.price.rounding)


LINES = """\
sources:
  stock: {kind: csv_file, path: stock.csv, basis: on_hand, orders: on_shipment}
channels:
  shop:
    kind: tiktok_shop
    app_key: 29a39d
    app_secret: {credential: c}
    stock: {safety: 2, cap: 50}
    rules:
      - {match: "SALE-*", stock: {safety: 5}}
      - match: SALE-1
        publish: stock
"""


def test_later_rules_win_key_by_key_and_name_their_line(tmp_path: Path) -> None:
    rules = loaded(tmp_path, LINES).channels[SHOP].rules()

    rule = rules.rule_for(Sku("SALE-1"))
    assert (5, 50, "stock") == (rule.stock.safety, rule.stock.cap, rule.publish)
    told = {
        key: rule.origins[key] for key in ("stock.safety", "stock.cap", "publish", "stock.share")
    }
    expected = {
        "stock.safety": "syncd.yaml:10",
        "stock.cap": "syncd.yaml:8",
        "publish": "syncd.yaml:12",
        "stock.share": "default",
    }
    assert expected == told
    assert ["syncd.yaml:10", "syncd.yaml:11"] == [override.origin for override in rules.overrides]


def test_a_kit_after_a_pack_does_not_inherit_its_units(tmp_path: Path) -> None:
    keys = 'rules: [{match: "K*", of: S, units: 6}, {match: K1, kit: {A: 1, B: 2}}]'
    rules = channel(tmp_path, keys).channels[SHOP].rules()

    assert ((Sku("A"), 1), (Sku("B"), 2)) == rules.rule_for(Sku("K1")).needs()
    assert ((Sku("S"), 6),) == rules.rule_for(Sku("K2")).needs()


def test_warehouses_and_the_booking_place_keep_their_words(tmp_path: Path) -> None:
    keys = 'stock: {from: {stock: [Main, 007]}}, warehouses: {Main: "1", 007: 0123}, orders_go_to: stock/007'
    rules = channel(tmp_path, keys).channels[SHOP].rules()

    assert {"Main": "1", "007": "0123"} == rules.warehouses
    assert Place(STOCK, LocationName("007")) == rules.orders_go_to


def fingerprint(folder: Path, keys: str) -> str:
    return channel(folder, keys).channels[SHOP].rules().fingerprint


def test_the_fingerprint_ignores_layout_and_limits(tmp_path: Path) -> None:
    plain = fingerprint(tmp_path, "stock: {safety: 2}")

    assert plain == fingerprint(tmp_path, "\n    # a remark\n    stock: {safety: '2'}")
    assert plain == fingerprint(tmp_path, "stock: {safety: 2}, limits: {changed: 5%}")


@pytest.mark.parametrize(
    "keys",
    [
        "stock: {safety: 3}",
        "stock: {safety: 2}, zero: deactivate",
        "stock: {safety: 2}, price: {floor: 1}",
        "stock: {safety: 2}, rules: [{match: A, publish: none}]",
        'stock: {safety: 2}, warehouses: {default: "1"}',
        "stock: {safety: 2}, aliases: a.csv",
    ],
)
def test_the_fingerprint_changes_with_everything_that_decides_offers(
    tmp_path: Path, keys: str
) -> None:
    (tmp_path / "a.csv").write_text("seller_sku,sku\nX,Y\n", encoding="utf-8")

    assert fingerprint(tmp_path, "stock: {safety: 2}") != fingerprint(tmp_path, keys)


def test_the_fingerprint_changes_with_the_orders_policy_of_a_source_that_is_drawn(
    tmp_path: Path,
) -> None:
    before = loaded(tmp_path, MINIMAL).channels[SHOP].rules().fingerprint
    after = loaded(tmp_path, MINIMAL.replace("on_shipment", "never")).channels[SHOP].rules()

    assert before != after.fingerprint


def test_the_order_of_sources_counts_in_a_rule(tmp_path: Path) -> None:
    two = MINIMAL.replace(
        "channels:", MINIMAL.splitlines()[1].replace("stock:", "two:") + "\nchannels:"
    )
    keys = (
        "orders_go_to: stock/A, stock: {{from: {{stock: all}}}}, "
        "rules: [{{match: A, stock: {{combine: first, from: {{{}}}}}}}]"
    )
    one, other = (
        loaded(tmp_path, two.replace("app_key: 29a39d", f"app_key: 29a39d, {keys.format(order)}"))
        for order in ("stock: all, two: all", "two: all, stock: all")
    )

    assert one.channels[SHOP].rules().fingerprint != other.channels[SHOP].rules().fingerprint


def test_aliases_bind_other_seller_skus(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"\xef\xbb\xbfseller_sku,note,sku\r\n007,x,NO\r\n")
    rules = channel(tmp_path, "aliases: a.csv").channels[SHOP].rules()

    assert (Sku("NO"), Sku("1")) == (rules.bound_sku("007"), rules.bound_sku("1"))


def test_aliases_that_are_no_text_are_refused_at_their_key(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"seller_sku,sku\n\xff,1\n")

    with pytest.raises(ConfigError, match=r"aliases: a\.csv cannot be used: it is not UTF-8"):
        channel(tmp_path, "aliases: a.csv")


def test_a_file_that_cannot_be_read_is_a_config_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the file cannot be read: Is a directory"):
        load_settings(tmp_path, STANDINS, {})


@pytest.mark.parametrize("hidden", ["syncd.yaml", "."])
def test_a_file_this_user_may_not_read_says_so(hidden: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "syncd.yaml"
        path.touch()
        folder.chmod(0o755)
        (folder / hidden).chmod(0)

        with another_user(), pytest.raises(AccessDenied):
            load_settings(find_config(path, {}, Path("/")), STANDINS, {})
        folder.chmod(0o700)


def test_the_first_place_with_a_configuration_is_used(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    for name in ("a.yaml", "b.yaml", "config/syncd.yaml"):
        (tmp_path / name).touch()
    environ = {"SYNCD_CONFIG": "b.yaml"}

    assert Path("a.yaml") == find_config(Path("a.yaml"), environ, tmp_path)
    assert Path("b.yaml") == find_config(None, environ, tmp_path)
    assert Path("config/syncd.yaml") == find_config(None, {}, tmp_path)


def test_no_configuration_names_every_place_and_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"SYNCD_CONFIG.*config/syncd\.yaml.*/etc/.*syncd init"):
        find_config(None, {}, tmp_path)
    with pytest.raises(UsageError, match=r"--config names x\.yaml, which is no file"):
        find_config(Path("x.yaml"), {}, tmp_path)


class _Odd(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    app_key: int
    timeout: str = ""


def test_a_kind_may_declare_a_key_that_is_otherwise_for_later(tmp_path: Path) -> None:
    path = tmp_path / "syncd.yaml"
    path.write_text(
        MINIMAL.partition("channels:")[0]
        + "channels:\n  shop: {kind: odd, app_key: 7, timeout: 5s}\n"
    )

    settings = load_settings(path, Kinds(sources=STANDINS.sources, channels={"odd": _Odd}), {})
    assert _Odd(app_key=7, timeout="5s") == settings.channels[SHOP].options


def test_a_source_that_can_be_written_may_be_written_back(tmp_path: Path) -> None:
    path = tmp_path / "syncd.yaml"
    written = MINIMAL.replace("on_hand, committed: none", "available")
    path.write_text(written.replace("on_shipment", "write_back"))
    kinds = replace(STANDINS, writing={"csv_file": lambda _: None})

    settings = load_settings(path, kinds, {})
    written_back = OrdersPolicy(mode=OrdersMode.WRITE_BACK)
    assert written_back == settings.sources[STOCK].orders_policy()


def test_a_kind_that_does_not_say_that_it_can_be_written_cannot(tmp_path: Path) -> None:
    path = tmp_path / "syncd.yaml"
    written = MINIMAL.replace("on_hand, committed: none", "available")
    path.write_text(written.replace("on_shipment", "write_back"))

    with pytest.raises(ConfigError, match="not possible here: csv_file cannot be written back"):
        load_settings(path, replace(STANDINS, writing={}), {})


def test_commands_beside_an_installed_service_find_its_ledger() -> None:
    folder = Path("/etc/syncd")

    assert "sqlite:////var/lib/syncd/ledger.db" == loading._ledger(None, folder, {"HOME": "/x"})
    assert "sqlite:////state/ledger.db" == loading._ledger(
        None, folder, {"STATE_DIRECTORY": "/state", "HOME": "/x"}
    )
    assert "sqlite:////x/.local/state/syncd/ledger.db" == loading._ledger(
        None, Path("/srv"), {"HOME": "/x"}
    )


WRITTEN_BACK = """\
sources:
  web: {kind: csv_file, path: written.csv, basis: available, orders: write_back}
channels:
"""
ONE = "  {name}: {{kind: tiktok_shop, app_key: {name}, app_secret: {{credential: c}}, {keys}}}\n"


@pytest.mark.parametrize(
    ("others", "keys", "share"),
    [
        ([], "allocation: escrow", "0.5"),
        (["allocation: escrow"], "allocation: escrow", "0.3334"),
        (["allocation: pool"], "allocation: escrow", "0.5"),
        ([], "allocation: escrow, stock: {share: 80%}", "0.8"),
        ([], "allocation: pool", "1"),
    ],
)
def test_a_channel_in_escrow_owns_an_equal_part_unless_it_says_otherwise(
    tmp_path: Path, others: list[str], keys: str, share: str
) -> None:
    rows = [ONE.format(name=f"other{at}", keys=other) for at, other in enumerate(others)]
    settings = loaded(tmp_path, WRITTEN_BACK + ONE.format(name="shop", keys=keys) + "".join(rows))
    assert Decimal(share) == settings.channels[SHOP].rules().stock.share


def test_a_channel_that_sells_alone_owns_all_in_escrow(tmp_path: Path) -> None:
    text = MINIMAL.replace("orders: on_shipment", "orders: on_shipment, sold_only_here: true")
    settings = loaded(tmp_path, text.replace("app_key: 29a39d", "app_key: k, allocation: escrow"))
    rules = settings.channels[SHOP].rules()
    assert (Allocation.ESCROW, Decimal(1)) == (rules.allocation, rules.stock.share)
