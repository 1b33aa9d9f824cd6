"""The strict, frozen pydantic model that every configuration table derives from."""

from pydantic import BaseModel, ConfigDict


class Table(BaseModel):
    """A table of a TOML file: immutable, no unknown keys, no silent conversion of types."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
