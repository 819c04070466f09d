"""`POST /webhooks/{kind}/{name}`: verified on the raw bytes, stored, then answered; worked on later."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from syncd.domain.errors import DeliveryRefused, LedgerError
from syncd.ports.clock import Clock
from syncd.ports.deliveries import Deliveries, Delivery, Receipt
from syncd.service.web.bodies import read_body
from syncd.service.web.gate import CHARGE, Charge
from syncd.service.web.inbox import Inbox, InboxFull
from syncd.service.web.metrics import WebhookCounters
from syncd.service.web.receiver import Receiver

STORED_WITHIN = 2.5
"""TikTok Shop waits 3 s for an answer, Shopify 5 s (reliability sheet, 1b)."""
OLD = timedelta(hours=24)
"""A delivery says nothing signed about its age that could be trusted, so an old one is counted, not refused."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEndpoint:
    """Takes the deliveries of every receiver."""

    receivers: Mapping[Receiver, Deliveries]
    inbox: Inbox
    clock: Clock
    counters: WebhookCounters

    async def take(self, request: Request) -> Response:
        """Answer 200 with an empty body for what is stored, and for what was stored before."""
        receiver = Receiver(request.path_params["kind"], request.path_params["name"])
        known = self.receivers.get(receiver)
        if known is None:
            return PlainTextResponse("nobody receives webhooks at this address\n", 404)
        body = await read_body(request)
        headers = {name.lower(): value for name, value in request.headers.items()}
        try:
            delivery = _storable(known.parse_delivery(headers, body))
        except DeliveryRefused as error:
            self.counters.count(receiver.name, "refused")
            logger.info(
                "webhook refused: %s", error,
                extra={"action": "webhook_refused", "state": "refused", "job": receiver.name},
            )  # fmt: skip
            return PlainTextResponse("the signature is not good\n", 401)
        return await self._stored(request, receiver, delivery)

    async def _stored(self, request: Request, receiver: Receiver, delivery: Delivery) -> Response:
        try:
            future = self.inbox.post(receiver.name, delivery)
            async with asyncio.timeout(STORED_WITHIN):
                receipt = await asyncio.wrap_future(future)
        except (InboxFull, LedgerError, TimeoutError):
            self.counters.count(receiver.name, "not_stored")
            text = "it could not be stored now; send it again\n"
            return PlainTextResponse(text, 503, headers={"retry-after": "10"})
        if receipt is Receipt.STORED:
            charge: Charge = request.scope[CHARGE]
            charge.give_back()
        self.counters.count(receiver.name, self._kind(delivery, receipt))
        logger.info(
            "webhooks of %s: taken", receiver.name,
            extra={"action": "webhook_taken", "state": "ok", "job": receiver.name},
        )  # fmt: skip
        return Response(status_code=200)

    def _kind(self, delivery: Delivery, receipt: Receipt) -> str:
        if receipt is Receipt.DUPLICATE:
            return "duplicate"
        sent = delivery.sent_at
        return "old" if sent is not None and self.clock.now() - sent > OLD else "stored"


def _storable(delivery: Delivery) -> Delivery:
    """The delivery, unless it has text that no database takes (half of a surrogate pair)."""
    words = [delivery.topic, delivery.notification, delivery.event]
    words += [word for hint in delivery.hints for word in (hint.reference, hint.cause)]
    try:
        "".join(words).encode()
    except UnicodeEncodeError:
        raise DeliveryRefused("the delivery has text that is no Unicode") from None
    return delivery
