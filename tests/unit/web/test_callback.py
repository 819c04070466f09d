"""The way back from an authorize page: a state is ours, young and unused, or nothing happens."""

import re

import pytest

from syncd.domain.errors import ChannelUnauthorized, UsageError
from syncd.service.authorizing import Returned, check_state, digest_of, new_state, pasted
from tests.fakes.web import Reply, Stage


def come_back(stage: Stage, state: str, code: str = "code-1") -> Reply:
    return stage.web.get(f"/oauth/callback?code={code}&state={state}&app_key=x&locale=en")


@pytest.fixture
def state(stage: Stage) -> str:
    made = new_state()
    stage.floor.ledger.begin_authorization(stage.floor.shop.name, digest_of(made))
    return made


def test_a_seller_who_comes_back_in_time_is_connected(stage: Stage, state: str) -> None:
    reply = come_back(stage, state)
    outcome = stage.floor.ledger.authorization_outcome(digest_of(state))

    assert 200 == reply.status
    assert "shop is connected" in reply.text()
    assert outcome is not None
    assert (True, "connected with code-1") == (outcome.connected, outcome.message)
    assert ["shop"] == stage.woken


@pytest.mark.parametrize("forged", ["", "x", "x" * 3000, "%ff%fe", "%00"])
def test_a_state_that_was_not_given_out_connects_nothing(stage: Stage, forged: str) -> None:
    reply = come_back(stage, forged)
    assert 400 == reply.status
    assert "syncd connect CHANNEL" in reply.text()
    assert [] == stage.woken


def test_a_code_without_a_state_connects_nothing(stage: Stage) -> None:
    assert 400 == stage.web.get("/oauth/callback?code=code-1").status


def test_a_state_is_good_once(stage: Stage, state: str) -> None:
    assert [200, 400] == [come_back(stage, state).status for _ in range(2)]


def test_a_state_is_good_for_ten_minutes(stage: Stage, state: str) -> None:
    stage.floor.clock.advance(601)
    assert 400 == come_back(stage, state).status


@pytest.mark.parametrize("code", ["", "x" * 2001, "%0a"])
def test_what_is_no_code_is_not_sent_to_anyone(stage: Stage, state: str, code: str) -> None:
    assert 400 == come_back(stage, state, code).status
    outcome = stage.floor.ledger.authorization_outcome(digest_of(state))
    assert outcome is not None
    assert outcome.connected is False


def test_a_refusal_is_shown_escaped_and_told_to_whoever_waits(
    stage: Stage, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_code: str) -> str:
        raise ChannelUnauthorized("the code <script>alert(1)</script> is wrong")

    monkeypatch.setattr(stage.floor.shop, "connect", refuse)
    reply = come_back(stage, state)

    assert 400 == reply.status
    assert "&lt;script&gt;" in reply.text()
    assert not re.search("<script", reply.text())
    outcome = stage.floor.ledger.authorization_outcome(digest_of(state))
    assert outcome is not None
    assert (False, True) == (outcome.connected, "is wrong" in outcome.message)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (" GCP_code \n", Returned("GCP_code", None)),
        ("https://x.example/cb?code=a%2Fb&state=s&x=1", Returned("a/b", "s")),
        ("https://x.example/cb?code=a", Returned("a", None)),
    ],
)
def test_a_code_or_the_whole_address_may_be_pasted(text: str, found: Returned) -> None:
    assert found == pasted(text)


def test_an_address_without_a_code_says_so() -> None:
    with pytest.raises(UsageError, match="no code"):
        pasted("https://services.tiktokshop.com/open/authorize?service_id=1&state=s")


def test_a_pasted_address_of_another_link_is_refused() -> None:
    check_state(Returned("code", "mine"), "mine")
    check_state(Returned("code", None), "mine")
    with pytest.raises(UsageError, match="another authorize link"):
        check_state(Returned("code", "other"), "mine")
