"""The addresses of webhooks: who they are for, as the path names it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Receiver:
    """A channel or a source that webhooks are for."""

    kind: str
    name: str

    @classmethod
    def of(cls, kind: str, name: str) -> "Receiver":
        """The first word of the kind names the platform: `tiktok` for tiktok_shop."""
        return cls(kind.partition("_")[0], name)

    @property
    def path(self) -> str:
        """Where its webhooks are sent."""
        return f"/webhooks/{self.kind}/{self.name}"
