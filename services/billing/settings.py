"""What billing reads from its environment, besides what every service reads."""

from pydantic import Field, SecretStr

from shared import settings


class Settings(settings.Settings):
    """The secret of each tenant's webhooks is made from a key, which has to be the same in every process and is kept
    nowhere else. While a new key is brought in, what was signed with the one before is believed as well."""

    payment_webhook_key: SecretStr | None = Field(default=None, min_length=32)
    payment_webhook_key_before: SecretStr | None = Field(default=None, min_length=32)
