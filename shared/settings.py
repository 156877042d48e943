"""What every process reads from its environment, once, at start."""

from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """`DATABASE_URL` carries the role of the process: owner for migrations, api, or worker."""

    model_config = SettingsConfigDict(frozen=True, secrets_dir=None, extra="ignore")

    database_url: SecretStr
    kafka_bootstrap_servers: str
    kafka_profile: Literal["local", "apache"] = "apache"
    auth_issuer: str
    auth_audience: str = "quittance"
    auth_jwks_url: str
    log_level: str = "INFO"
    pool_size: int = Field(default=8, ge=1, le=100)
    rate_limit_requests: int = Field(default=6_000, ge=1, description="Of one tenant in a window and process.")
    rate_limit_bytes: int = Field(default=640_000_000, ge=10, description="The same, of usage that is sent in.")
    rate_limit_seconds: int = Field(default=10, ge=1, description="How long a window is.")
    startup_timeout_seconds: float = 60
    republish_on_new_broker: bool = False
    consumer_group_suffix: str = ""
    body_timeout_seconds: float = Field(default=60, gt=0)
    metrics_port: int | None = Field(default=None, description="Where the worker shows its metrics, on loopback.")

    @property
    def database(self) -> str:
        return self.database_url.get_secret_value()
