import logging

import pytest

from connectors.shopify.source import ShopifySource
from syncd.domain.errors import SourceUnauthorized, SourceUnavailable
from tests.unit.shopify_source.conftest import Open
from tests.unit.shopify_source.world import MAIN, World, product, read, shop_of, variant

TOKEN_PATH = "/admin/oauth/access_token"
HOUR = 3600
EXPECTED = {("A", MAIN): 5}


@pytest.fixture
def world(opened: Open) -> World:
    return opened(shop_of(product(variant("A"))))


def granted(world: World, credential: str = "client_secret") -> ShopifySource:
    client_id = world.shop.identity.client_id
    return world.source(client_id=client_id, client_secret={"credential": credential})


def grants(world: World) -> int:
    return sum(entry["path"] == TOKEN_PATH for entry in world.requests())


def test_a_token_is_granted_once_and_renewed_before_its_end(world: World) -> None:
    source = granted(world)
    read(source)
    world.clock.advance(20 * HOUR)
    assert EXPECTED == read(source).known
    assert 1 == grants(world)

    world.clock.advance(2 * HOUR)

    assert EXPECTED == read(source).known
    assert 2 == grants(world)
    assert [] == [entry for entry in world.requests() if entry["status"] == 401]


def test_a_token_that_ended_early_is_replaced_and_the_request_repeated(world: World) -> None:
    source = granted(world)
    read(source)
    world.control("tokens/expire")

    assert EXPECTED == read(source).known
    assert 2 == grants(world)
    assert 1 == sum(entry["status"] == 401 for entry in world.requests())


def test_a_new_token_that_is_refused_as_well_is_not_replaced_for_ever(world: World) -> None:
    world.fault("http_401", "graphql", times=0)

    with pytest.raises(SourceUnavailable, match="a token that it has just given"):
        read(granted(world))

    assert 2 == grants(world)


def test_a_permanent_token_that_is_refused_needs_an_operator(world: World) -> None:
    with pytest.raises(SourceUnauthorized, match="does not accept the token"):
        world.read(token={"credential": "wrong"})


def test_an_app_that_was_removed_needs_an_operator(world: World) -> None:
    world.control("uninstall")

    with pytest.raises(SourceUnauthorized, match="the app is not installed in this shop"):
        world.read()
    with pytest.raises(SourceUnauthorized, match="shop_not_permitted"):
        read(granted(world))


def test_a_wrong_secret_is_said_so_without_telling_it(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    with pytest.raises(SourceUnauthorized, match="invalid_client") as caught:
        read(granted(world, "wrong"))

    assert "shpat_wrong" not in str(caught.value) + caplog.text


def test_an_app_of_another_organisation_learns_what_it_may_do(world: World) -> None:
    world.settings(own_shop=False)

    with pytest.raises(SourceUnauthorized, match="else give a `token`"):
        read(granted(world))


@pytest.mark.parametrize("kind", ["http_503", "http_429", "html", "no_answer"])
def test_no_token_now_is_a_matter_of_the_next_time(world: World, kind: str) -> None:
    world.fault(kind, TOKEN_PATH)
    source = granted(world)

    with pytest.raises(SourceUnavailable, match="no token from Shopify"):
        read(source)

    assert EXPECTED == read(source).known


def test_a_granted_token_reads_by_bulk_too(world: World) -> None:
    identity = world.shop.identity

    taken = world.read(
        client_id=identity.client_id,
        client_secret={"credential": "client_secret"},
        bulk_from="0",
    )

    assert EXPECTED == taken.known


def test_neither_source_nor_options_show_a_secret(world: World) -> None:
    source = granted(world)

    assert world.shop.identity.client_secret not in repr(vars(source))
