"""A new token key comes into force without a moment in which nothing opens, also when it is killed."""

import base64
import stat
from collections.abc import Sequence
from pathlib import Path

import pytest

from syncd.domain.errors import ChannelUnauthorized, LedgerUnusable, UsageError
from syncd.domain.identity import ChannelName
from syncd.ledger.store import SqlLedger
from syncd.ledger.tokens import SqlTokenStore
from syncd.settings.token_keys import TokenKeys

SHOP, OTHER = ChannelName("shop"), ChannelName("other")
GIVEN, FORMER = bytes(range(32)), bytes(range(1, 33))


def credential(**keys: bytes) -> dict[str, str]:
    return {
        f"SYNCD_{name.upper()}": base64.urlsafe_b64encode(key).decode()
        for name, key in keys.items()
    }


def tokens(ledger: SqlLedger, keys: TokenKeys) -> SqlTokenStore:
    store = ledger.tokens(keys)
    assert isinstance(store, SqlTokenStore)
    return store


@pytest.fixture
def keys(path: Path) -> TokenKeys:
    return TokenKeys({}, path)


def test_a_new_key_file_takes_the_place_of_the_old_one(
    ledger: SqlLedger, keys: TokenKeys, path: Path
) -> None:
    store = tokens(ledger, keys)
    store.save(SHOP, b"one")
    store.save(OTHER, b"two")
    (before,) = keys()

    assert 2 == keys.rotate(store.reseal)
    (after,) = keys()
    assert before != after
    assert (b"one", b"two") == (store.load(SHOP), store.load(OTHER))
    with pytest.raises(ChannelUnauthorized):
        ledger.tokens(lambda: [before]).load(SHOP)
    assert 0o600 == stat.S_IMODE(path.with_name(f"{path.name}.key").stat().st_mode)


class Killed(Exception):  # noqa: N818 - what a test does to a process
    pass


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_rotation_that_is_killed_loses_nothing_and_can_be_repeated(
    ledger: SqlLedger, keys: TokenKeys, when: str
) -> None:
    store = tokens(ledger, keys)
    store.save(SHOP, b"one")

    def killed(present: Sequence[bytes]) -> int:
        if when == "after":
            store.reseal(present)
        raise Killed

    with pytest.raises(Killed):
        keys.rotate(killed)
    assert b"one" == store.load(SHOP)
    store.save(OTHER, b"two")
    assert 2 == keys.rotate(store.reseal)
    assert 1 == len(keys())
    assert (b"one", b"two") == (store.load(SHOP), store.load(OTHER))


def test_what_is_stored_during_a_rotation_is_stored_with_the_new_key(
    ledger: SqlLedger, keys: TokenKeys
) -> None:
    store = tokens(ledger, keys)
    store.save(SHOP, b"one")

    def interrupted(present: Sequence[bytes]) -> int:
        count = store.reseal(present)
        store.save(OTHER, b"two")
        return count

    keys.rotate(interrupted)
    assert b"two" == store.load(OTHER)


def test_a_new_credential_opens_what_the_old_one_closed(ledger: SqlLedger, path: Path) -> None:
    tokens(ledger, TokenKeys(credential(syncd_token_key=FORMER), path)).save(SHOP, b"one")
    both = TokenKeys(credential(syncd_token_key=GIVEN, syncd_token_key_old=FORMER), path)
    store = tokens(ledger, both)
    assert b"one" == store.load(SHOP)

    assert 1 == both.rotate(store.reseal)
    assert b"one" == tokens(ledger, TokenKeys(credential(syncd_token_key=GIVEN), path)).load(SHOP)


def test_a_credential_takes_over_from_the_key_file(
    ledger: SqlLedger, keys: TokenKeys, path: Path
) -> None:
    tokens(ledger, keys).save(SHOP, b"one")
    given = TokenKeys(credential(syncd_token_key=GIVEN), path)
    store = tokens(ledger, given)
    assert b"one" == store.load(SHOP)

    assert 1 == given.rotate(store.reseal)
    assert (GIVEN,) == given()
    assert b"one" == store.load(SHOP)


def test_a_credential_without_a_former_key_says_what_to_do(ledger: SqlLedger, path: Path) -> None:
    given = TokenKeys(credential(syncd_token_key=GIVEN), path)
    with pytest.raises(UsageError, match="syncd_token_key_old"):
        given.rotate(tokens(ledger, given).reseal)


def test_nothing_is_changed_when_one_blob_does_not_open(ledger: SqlLedger, path: Path) -> None:
    ledger.tokens(lambda: [FORMER]).save(SHOP, b"one")
    ledger.tokens(lambda: [bytes(32)]).save(OTHER, b"two")
    both = TokenKeys(credential(syncd_token_key=GIVEN, syncd_token_key_old=FORMER), path)

    with pytest.raises(LedgerUnusable, match="other"):
        both.rotate(tokens(ledger, both).reseal)
    assert b"one" == ledger.tokens(lambda: [FORMER]).load(SHOP)
