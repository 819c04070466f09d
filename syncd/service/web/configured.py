"""The web surface as the configuration wants it."""

from collections.abc import Callable, Mapping

from syncd.engine.setup import EngineSetup
from syncd.service.web.surface import Place, WebSurface
from syncd.settings.credentials import StoredCredentials
from syncd.settings.settings import Settings


def web_surface(
    settings: Settings, engine: EngineSetup, environ: Mapping[str, str], wake: Callable[[str], None]
) -> WebSurface | None:
    """The surface, not started; None where the configuration has no `web`.

    `wake` is told the name of a channel or source whose deliveries wait in the ledger, or that was
    connected anew. Raises CredentialError when the token cannot be had.
    """
    web = settings.web
    if web is None:
        return None
    token = None if web.token is None else StoredCredentials(environ).secret(web.token)
    return WebSurface(settings, engine, Place.of(web.listen, web.public_url), token, wake)
