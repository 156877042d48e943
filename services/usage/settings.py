"""What usage reads from its environment; nothing besides what every service reads."""

from shared.settings import Settings

__all__ = ["Settings"]
