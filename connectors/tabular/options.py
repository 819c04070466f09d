"""The YAML keys that every kind of table has."""

from typing import Annotated

from pydantic import Field

from connectors.tabular.form import SkuRule
from syncd.ports.options import OptionsPart, Truth

_LONGEST_PAD = 64


class SkuForm(OptionsPart):
    """How SKUs are brought into form; nothing is changed unless it is asked for here."""

    trim: Truth = Field(default=False, description="Take spaces around the SKU away")
    upper: Truth = Field(default=False, description="Write the SKU in upper case")
    pad: Annotated[int, Field(ge=0, le=_LONGEST_PAD)] = Field(
        default=0, description="Fill a SKU of digits up with zeros to this length"
    )

    def rule(self) -> SkuRule:
        """What the rows are read by."""
        return SkuRule(trim=self.trim, upper=self.upper, pad=self.pad)
