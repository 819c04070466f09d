"""How a connector gets a secret: by the name the YAML gives, never by value."""

from typing import Protocol

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class Secret(BaseModel):
    """`{credential: NAME}` in the YAML."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    credential: str = Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")


class Credentials(Protocol):
    """Looks secrets up in the credential directories and the environment."""

    def secret(self, reference: Secret) -> SecretStr:
        """The secret; ConfigError naming every place looked at when there is none."""
        ...
