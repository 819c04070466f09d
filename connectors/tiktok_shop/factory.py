"""What the entry point names: it knows the YAML keys, and loads the connector only when a shop is opened."""

from contextlib import AbstractContextManager
from pathlib import Path

from pydantic import BaseModel

from connectors.tiktok_shop.options import TikTokShopOptions
from syncd.domain.identity import ChannelName
from syncd.ports.channel import Channel, FactStore
from syncd.ports.clock import Clock
from syncd.ports.credentials import Credentials
from syncd.ports.tokens import TokenStore
from syncd.ports.wire import Wire


class TikTokShopFactory:
    """Opens TikTok Shop channels for the service."""

    options_model: type[BaseModel] = TikTokShopOptions

    def open(
        self, name: ChannelName, options: BaseModel, *, folder: Path, credentials: Credentials,
        tokens: TokenStore, facts: FactStore, clock: Clock, wire: Wire | None = None,
    ) -> AbstractContextManager[Channel]:  # fmt: skip
        """A channel; its connections are closed on leaving."""
        from connectors.tiktok_shop.channel import opened

        del folder
        if not isinstance(options, TikTokShopOptions):
            raise TypeError(f"{type(options).__name__} are no options of tiktok_shop")
        return opened(
            name, options, credentials=credentials, tokens=tokens, facts=facts, clock=clock,
            wire=wire,
        )  # fmt: skip


FACTORY = TikTokShopFactory()
