"""Credentials that a test makes up."""

from pydantic import SecretStr

from syncd.ports.credentials import Secret


class Named:
    """Secrets by name."""

    def __init__(self, **secrets: str) -> None:
        self._secrets = secrets

    def secret(self, reference: Secret) -> SecretStr:
        return SecretStr(self._secrets[reference.credential])
