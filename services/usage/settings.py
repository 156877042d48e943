"""What usage reads from its environment: what every service reads, and how long events stay where they can be counted."""

from pydantic import Field

from shared.settings import Settings

__all__ = ["Retention", "Settings"]


class Retention(Settings):
    """Read by who archives; months younger than this stay."""

    usage_kept_months: int = Field(default=13, ge=1)
