"""`syncd connect` from the link to the tokens, by page and by paste; keys and subscriptions by command."""

import base64
import json
import os
import pty
import re
import secrets
import signal
import stat
import subprocess
import urllib.error
import urllib.request
from urllib.parse import parse_qs, urlsplit

from tests.process.conftest import SYNCD, Shopkeeper
from tests.process.daemons import until
from tests.process.web.conftest import serving


def link_in(text: str) -> str:
    found = re.search(r"http://\S+/open/authorize\S+", text)
    assert found is not None, text
    return found[0]


def visit(link: str) -> str:
    """Open the link as the seller's browser does; the page it ends at."""
    try:
        with urllib.request.urlopen(link, timeout=20) as reply:  # noqa: S310 - loopback
            return str(reply.read().decode())
    except urllib.error.HTTPError as error:
        return error.read().decode()


def test_the_page_connects_and_the_waiting_command_tells_what_was_granted(
    web_keeper: Shopkeeper,
) -> None:
    with serving(web_keeper) as (_, url):
        web_keeper.control.post("redirect", address=f"{url}/oauth/callback")
        command = web_keeper.start("connect", "shop")
        assert command.stdout is not None
        lines = [command.stdout.readline() for _ in range(3)]
        link = link_in("".join(lines))
        page = visit(link)
        out, err = command.communicate(timeout=30)
        again = visit(link)

    assert "shop is connected" in page
    assert 0 == command.returncode, err
    assert "connected to Sandbox Shop" in out
    assert "1 shop covered" in out
    assert "granted but not needed: seller.finance.info" in err
    assert f"{url}/oauth/callback" in err
    assert "Not connected" in again


def test_a_whole_address_may_be_pasted_and_its_state_is_checked(web_keeper: Shopkeeper) -> None:
    for forged, code in ((False, 0), (True, 2)):
        master, slave = pty.openpty()
        command = subprocess.Popen(
            [SYNCD, "--config", "syncd.yaml", "connect", "shop"], cwd=web_keeper.folder, text=True,
            stdin=slave, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=web_keeper.environment,
        )  # fmt: skip
        assert command.stdout is not None
        link = link_in("".join(command.stdout.readline() for _ in range(3)))
        state = parse_qs(urlsplit(link).query)["state"][0]
        made = web_keeper.control.post("auth_code")["auth_code"]
        back = f"https://sync.acme.com/cb?code={made}&state={'x' if forged else state}\n"
        os.write(master, back.encode())
        out, err = command.communicate(timeout=30)
        os.close(master)
        os.close(slave)

        assert code == command.returncode, out + err
        assert forged == ("another authorize link" in err)


def test_an_address_given_as_an_option_must_belong_to_a_link_of_ours(
    web_keeper: Shopkeeper,
) -> None:
    link = link_in(web_keeper.syncd("connect", "shop").stdout)
    state = parse_qs(urlsplit(link).query)["state"][0]
    made = web_keeper.control.post("auth_code")["auth_code"]

    def given(state: str) -> subprocess.CompletedProcess[str]:
        address = f"https://sync.acme.com/cb?code={made}&state={state}"
        return web_keeper.syncd("connect", "shop", "--auth-code", address)

    forged, ours, again = given("x" * 43), given(state), given(state)

    assert (2, 0, 2) == (forged.returncode, ours.returncode, again.returncode), ours.stderr
    assert "that address belongs to a link" in forged.stderr


def test_a_daemon_goes_on_at_once_when_its_channel_is_connected_again(
    web_keeper: Shopkeeper,
) -> None:
    def state() -> object:
        return json.loads(web_keeper.syncd("status", "--json").stdout)["channels"][0]["state"]

    web_keeper.control.post("deauthorize")
    web_keeper.stock({f"S{number:03}": 10 for number in range(3)} | {"S001": 4})
    daemon = web_keeper.start("run")  # polls each five minutes, so it was told or it would not know
    try:
        until(lambda: state() == "unauthorized", "the daemon is refused")
        code = web_keeper.control.post("auth_code")["auth_code"]
        done = web_keeper.syncd("connect", "shop", "--auth-code", str(code))
        until(lambda: web_keeper.shown()["S001"] == 4, "the daemon goes on")
    finally:
        daemon.send_signal(signal.SIGTERM)
        daemon.communicate(timeout=30)

    assert 0 == done.returncode, done.stderr


def test_without_anybody_to_take_the_code_it_says_how_to_give_it(web_keeper: Shopkeeper) -> None:
    done = web_keeper.syncd("connect", "shop")

    assert 2 == done.returncode
    assert "--auth-code CODE" in done.stderr
    assert "/open/authorize?service_id=7&state=" in done.stdout


def test_the_tokens_get_a_new_key_and_go_on_working(web_keeper: Shopkeeper) -> None:
    key = web_keeper.folder / "ledger.db.key"
    before = key.read_text()
    done = web_keeper.syncd("connect", "--rotate-key")

    assert 0 == done.returncode, done.stderr
    assert "the tokens of 1 channel are encrypted with the new key" in done.stdout
    assert before != key.read_text()
    assert 0o600 == stat.S_IMODE(key.stat().st_mode)
    after = web_keeper.syncd("doctor", "shop")
    assert 0 == after.returncode
    assert "the tokens are encrypted with" in after.stdout


def test_a_key_becomes_a_credential(web_keeper: Shopkeeper) -> None:
    credential = web_keeper.folder / "credentials" / "syncd_token_key"
    credential.write_text(base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())
    credential.chmod(0o600)
    before = web_keeper.syncd("doctor", "shop")
    assert 0 == before.returncode
    assert "token key" not in before.stdout
    assert 0 == web_keeper.syncd("connect", "--rotate-key").returncode
    assert not (web_keeper.folder / "ledger.db.key").exists()
    assert 0 == web_keeper.syncd("doctor", "shop").returncode


def test_webhooks_are_shown_asked_for_and_given_up(web_keeper: Shopkeeper) -> None:
    def states(*arguments: str) -> tuple[int, set[str], str]:
        done = web_keeper.syncd("webhooks", *arguments, "--json")
        rows = json.loads(done.stdout)["topics"]
        return done.returncode, {row["state"] for row in rows}, done.stderr

    code, missing, told = states("status")
    assert (4, {"missing"}) == (code, missing)
    assert "shop: 8 topics not sent here" in told
    assert "syncd webhooks subscribe shop asks for them" in told
    assert (0, {"here"}, "") == states("subscribe", "shop")
    addresses = web_keeper.control.get("webhooks")["addresses"]
    assert isinstance(addresses, dict)
    assert {"/webhooks/tiktok/shop"} == {urlsplit(each).path for each in addresses.values()}
    assert (0, {"missing"}, "") == states("unsubscribe")


def test_a_shop_that_orders_is_heard_of(web_keeper: Shopkeeper) -> None:
    with serving(web_keeper):
        web_keeper.report("webhooks", "subscribe")
        web_keeper.control.post("orders", seller_sku="S000", units=1, status="AWAITING_SHIPMENT")
        until(lambda: web_keeper.control.get("webhooks")["taken"] == 1, "the webhook is taken")
    counted = web_keeper.control.get("webhooks")
    assert (1, 0) == (counted["taken"], counted["refused"])


def test_a_seller_who_leaves_and_comes_back_needs_no_restart(web_keeper: Shopkeeper) -> None:
    daemon = web_keeper.start("run")
    try:
        web_keeper.control.post("deauthorize")
        web_keeper.control.post("tokens/expire")
        gone = web_keeper.syncd("doctor", "shop")
        assert 5 == gone.returncode
        assert "syncd connect shop" in gone.stdout
        code = str(web_keeper.control.post("auth_code")["auth_code"])
        assert 0 == web_keeper.syncd("connect", "shop", "--auth-code", code).returncode
        assert 0 == web_keeper.syncd("doctor", "shop").returncode
        assert daemon.poll() is None
    finally:
        daemon.terminate()
        daemon.communicate(timeout=30)
