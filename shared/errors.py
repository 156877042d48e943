"""What can go wrong on purpose. `shared.http.problems` turns each kind into a status code."""


class DomainError(Exception):
    """A rule said no. `code` is stable and machine-readable; the message is for people and names the fix.

    `field` is the JSON pointer of the input that has to change, where there is one.
    """

    code: str

    def __init__(self, message: str, *, field: str | None = None):
        super().__init__(message)
        self.field = field

    def __init_subclass__(cls) -> None:
        if "code" not in cls.__dict__:
            cls.code = "".join("_" + c.lower() if c.isupper() else c for c in cls.__name__).lstrip("_")


class NotFound(DomainError):
    """There is no such thing, or it belongs to somebody else."""


class Conflict(DomainError):
    """It cannot be done now; the caller may look again and retry."""


class Refused(DomainError):
    """This caller may not do it."""


class Unavailable(DomainError):
    """A server we need is away; the same request may succeed later."""
