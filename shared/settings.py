"""What every process reads from its environment, once, at start."""

from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """`DATABASE_URL` carries the role of the process: owner for migrations, api, or worker."""

    model_config = SettingsConfigDict(frozen=True, secrets_dir=None, extra="ignore")

    database_url: SecretStr
    kafka_bootstrap_servers: str
    kafka_profile: Literal["local", "apache"] = "apache"
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    kafka_ssl_cafile: str | None = Field(default=None, description="Who signed the brokers' certificates.")
    kafka_sasl_mechanism: Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"] = "SCRAM-SHA-512"
    kafka_sasl_username: str | None = None
    kafka_sasl_password: SecretStr | None = None
    auth_issuer: str
    auth_audience: str = "quittance"
    auth_jwks_url: str
    log_level: str = "INFO"
    pool_size: int = Field(default=8, ge=1, le=100)
    rate_limit_requests: int = Field(default=6_000, ge=1, description="Of one tenant in a window and process.")
    rate_limit_bytes: int = Field(default=640_000_000, ge=10, description="The same, of usage that is sent in.")
    rate_limit_seconds: int = Field(default=10, ge=1, description="How long a window is.")
    parked_quota: int = Field(default=10_000, ge=1, description="Beyond it a worker stops reading messages.")
    outbox_quota: int = Field(default=1_000_000, ge=1, description="Beyond it an API takes no commands.")
    startup_timeout_seconds: float = 60
    republish_on_new_broker: bool = False
    consumer_group_suffix: str = ""
    body_timeout_seconds: float = Field(default=60, gt=0)
    metrics_port: int | None = Field(default=None, description="Where the worker shows its metrics, on loopback.")

    @model_validator(mode="after")
    def _says_who_it_is(self) -> Self:
        has_both = self.kafka_sasl_username and self.kafka_sasl_password
        if self.kafka_security_protocol.startswith("SASL") and not has_both:
            raise ValueError("SASL needs KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD")
        return self

    @property
    def database(self) -> str:
        return self.database_url.get_secret_value()
