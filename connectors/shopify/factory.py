"""What the entry point names: it knows the YAML keys and looks the secrets up."""

from pathlib import Path

from pydantic import BaseModel, SecretStr

from connectors.shopify.options import ShopifyOptions
from syncd.domain.identity import SourceName
from syncd.ports.clock import Clock
from syncd.ports.credentials import Credentials, Secret
from syncd.ports.source import Source


class ShopifyFactory:
    """Opens Shopify shops for the service."""

    options_model: type[BaseModel] = ShopifyOptions

    def refuses_write_back(self, options: BaseModel) -> str | None:
        """None: every shop can be written to; the doctor tells what the app may do."""
        del options
        return None

    def open(
        self, name: SourceName, options: BaseModel, *, folder: Path, credentials: Credentials,
        clock: Clock,
    ) -> Source:  # fmt: skip
        """A source; the shop is not asked yet. ConfigError for a credential that is not there."""
        from connectors.shopify.source import ShopifySource, ShopSecrets

        del folder
        if not isinstance(options, ShopifyOptions):
            raise TypeError(f"{type(options).__name__} are no options of shopify")

        def found(reference: Secret | None) -> SecretStr | None:
            return None if reference is None else credentials.secret(reference)

        client_secret = found(options.client_secret)
        secrets = ShopSecrets(
            token=found(options.token),
            client_secret=client_secret,
            webhook=found(options.webhook_secret) or client_secret,
        )
        return ShopifySource(name, options, secrets, clock)


FACTORY = ShopifyFactory()
