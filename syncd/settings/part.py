"""What every block of the YAML has in common: frozen, and a key that is not known is refused."""

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """One block of keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False)
