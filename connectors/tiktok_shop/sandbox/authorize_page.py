"""The authorize page of the simulated platform: the seller grants access at once and comes back with a code."""

from urllib.parse import parse_qs, urlencode

from connectors.tiktok_shop.sandbox.calls import World
from connectors.transport.simulation.replies import Reply, encode

AUTHORIZE = "/open/authorize"
FOUND, BAD_REQUEST = 302, 400


def authorize(world: World, query: str) -> Reply:
    """Answer `GET /open/authorize?service_id=…&state=…` (fact sheet 1.1).

    The redirect address belongs to the app: `POST /control/redirect` sets it. Without one the code is shown.
    """
    given = parse_qs(query)
    if not given.get("service_id"):
        return Reply(BAD_REQUEST, encode({"message": "This service does not exist"}))
    back = {"code": world.grants.issue_code(), "locale": "en-US", "shop_region": "US"}
    if "state" in given:
        back["state"] = given["state"][0]
    if not world.grants.redirect:
        return Reply(200, encode(back))
    place = f"{world.grants.redirect}?{urlencode(back)}"
    return Reply(FOUND, b"", {"Location": place})
