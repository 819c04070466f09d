"""What the entry point names: it knows the YAML keys and looks the secrets up."""

from pathlib import Path

from pydantic import BaseModel

from connectors.shopify.options import ShopifyOptions
from syncd.domain.identity import SourceName
from syncd.ports.clock import Clock
from syncd.ports.credentials import Credentials
from syncd.ports.source import Source


class ShopifyFactory:
    """Opens Shopify shops for the service."""

    options_model: type[BaseModel] = ShopifyOptions

    def open(
        self, name: SourceName, options: BaseModel, *, folder: Path, credentials: Credentials,
        clock: Clock,
    ) -> Source:  # fmt: skip
        """A source; the shop is not asked yet. ConfigError for a credential that is not there."""
        from connectors.shopify.source import ShopifySource
        from connectors.shopify.tokens import GrantedToken, PermanentToken, TokenKeeper

        del folder
        if not isinstance(options, ShopifyOptions):
            raise TypeError(f"{type(options).__name__} are no options of shopify")
        tokens: TokenKeeper
        secret = (
            None if options.client_secret is None else credentials.secret(options.client_secret)
        )
        if options.token is not None:
            tokens = PermanentToken(credentials.secret(options.token))
        elif options.client_id is not None and secret is not None:
            tokens = GrantedToken(
                address=options.address,
                client_id=options.client_id,
                client_secret=secret,
                clock=clock,
            )
        else:
            raise TypeError("the options model lets no shop through without a token")
        if options.webhook_secret is not None:
            secret = credentials.secret(options.webhook_secret)
        return ShopifySource(name, options, tokens=tokens, webhook_secret=secret, clock=clock)


FACTORY = ShopifyFactory()
