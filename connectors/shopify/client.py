"""Knows ShopifyAPI, the package, so that nobody else has to; what is dangerous in it is turned off here.

Its GraphQL class waits for ever, prints error bodies to stdout, hides status and headers, and sends whatever
token is current to the address it was made with; its Session rewrites every host to myshopify.com and leaves
the session of a failed block active (fact sheet 1.3 and 1.5). It is deprecated: nothing else imports it.
"""

import json
from collections.abc import Mapping
from urllib.parse import urlsplit

import shopify
from pydantic import SecretStr

from connectors.transport.http_transport import HttpReply, HttpRequest, HttpTransport

API_VERSION = "2026-07"


class ShopSession(shopify.Session):  # type: ignore[misc] # the package has no types
    """A session whose site is the given address, whatever its host is called."""

    def __init__(self, address: str, version: str, token: SecretStr) -> None:
        super().__init__(urlsplit(address).hostname or "", version, token.get_secret_value())
        self._address = address.rstrip("/")

    @property
    def site(self) -> str:
        """The address below which this version of the API answers."""
        return str(self.version.api_path(self._address))


class ShopGraphQL(shopify.GraphQL):  # type: ignore[misc] # the package has no types
    """The package's GraphQL with our transport inside `execute`; address and token belong together."""

    def __init__(self, session: ShopSession, transport: HttpTransport) -> None:
        shopify.ShopifyResource.activate_session(session)
        try:
            super().__init__()
            self.headers: dict[str, str] = dict(shopify.ShopifyResource.get_headers())
        finally:
            shopify.ShopifyResource.clear_session()
        self._transport = transport
        self.reply: HttpReply | None = None

    def execute(
        self,
        query: str,
        variables: Mapping[str, object] | None = None,
        operation_name: str | None = None,
    ) -> str:
        """Send a document and answer the body's text; `reply` keeps status and headers.

        Raises NotSent or NoAnswer as the transport does; a reply of any status is a reply.
        """
        content = {"accept": "application/json", "content-type": "application/json"}
        body = {"query": query, "variables": variables, "operationName": operation_name}
        request = HttpRequest(
            method="POST",
            url=self.endpoint,
            headers=self.merge_headers(content, self.headers),
            body=json.dumps(body).encode(),
        )
        self.reply = self._transport.send(request)
        return self.reply.body.decode("utf-8", "replace")


class AdminApi:
    """The one GraphQL endpoint of a shop; threads may share it."""

    def __init__(self, address: str, transport: HttpTransport) -> None:
        self._address = address
        self._transport = transport

    def post(self, token: SecretStr, document: str, variables: Mapping[str, object]) -> HttpReply:
        """One request without repetition; raises NotSent or NoAnswer."""
        session = ShopSession(self._address, API_VERSION, token)
        graphql = ShopGraphQL(session, self._transport)
        graphql.execute(document, variables)
        if graphql.reply is None:
            raise TypeError("execute always keeps the reply")
        return graphql.reply
