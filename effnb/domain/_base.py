"""What every noun shares: frozen, strict about unknown fields, UTC times, one line of description per field."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict


class Noun(BaseModel):
    """A frozen value; the string under each field is its description, in tool schemas and in the JSON contract."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, ser_json_inf_nan="null")

    def to_json(self) -> Any:
        """The value as plain JSON types; times are ISO-8601 UTC."""
        return self.model_dump(mode="json")


def to_utc(when: datetime) -> datetime:
    """The same instant in UTC."""
    return when.astimezone(UTC)


Utc = Annotated[AwareDatetime, AfterValidator(to_utc)]
"""An instant, always held in UTC; naive times are refused."""
