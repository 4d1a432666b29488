"""Configuration from the environment, checked at start."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from app.shared.redis_url import read_redis_url
from app.shared.shop_keys import ShopKeys

_MIN_SECRET = 32
_MONGODB_HOST = re.compile(r"([^\s:/\[\]]+|\[[0-9a-fA-F:.]+\])(:[0-9]{1,5})?")
_SOURCE = re.compile(r"https:(//[a-z0-9*][a-z0-9.-]*(:[0-9]{1,5})?)?")
_DEVELOPMENT_SECRET = "development-only-secret-do-not-use-in-production"  # noqa: S105 - and so it is


class Environment(StrEnum):
    """Where the shop runs."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class ConfigurationError(Exception):
    """The environment is not fit to run a shop; the message names each variable at fault."""


class Settings(BaseModel):
    """Everything the environment says. Field names are the variables' names in lower case."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    mossx_env: Environment = Environment.DEVELOPMENT
    mongodb_uri: str = "mongodb://127.0.0.1:27017/mossx"
    redis_url: str = "redis://127.0.0.1:6379/0"
    secret_key: str = ""
    secret_key_fallbacks: str = ""  # separated by commas
    jwt_secret_key: str = ""
    base_url: str = "http://127.0.0.1:8000"
    port: int = Field(default=8000, ge=1, le=65535)
    stripe_secret_key: str = ""
    stripe_webhook_secret: str = ""
    stripe_api_base: str = "https://api.stripe.com"
    razorpay_key_id: str = ""
    razorpay_key_secret: str = ""
    razorpay_webhook_secret: str = ""
    razorpay_api_base: str = "https://api.razorpay.com"
    backup_key: str = ""  # the one that encrypts, then older ones, separated by commas
    cloudinary_url: str = ""
    mail_url: str = ""
    mossx_data_dir: Path = Path("var")
    mossx_page_cache_mb: int = Field(default=192, ge=1, le=65_536)  # in each process
    mossx_web_threads: int = Field(default=12, ge=1)  # of each web process; serve.py starts them
    mossx_stop_seconds: int = Field(default=20, ge=0, le=65_535)  # of the worker; serve.py's too
    mossx_proxies: int = Field(default=0, ge=0, le=5)  # proxies in front, whose headers count
    mossx_picture_origins: str = "https:"  # from where pictures of other sites may come
    mossx_gateway_pages: str = ""  # origins of payment pages at addresses of the shop's own
    mossx_cancel_minutes: int = Field(default=30, ge=0, le=10_080)  # after paying
    mossx_return_days: int = Field(default=30, ge=0, le=3_650)  # after delivery
    mossx_grace_days: int = Field(default=7, ge=0, le=30)  # to stay after all
    mossx_keep_unpaid_days: int = Field(default=90, ge=30, le=3_650)
    mossx_keep_papers_years: int = Field(default=10, ge=1, le=100)  # paid orders, as the law asks
    mossx_keep_log_days: int = Field(default=730, ge=30, le=36_500)
    mossx_keep_traces_days: int = Field(default=90, ge=30, le=3_650)
    mossx_seller: str = "MossX"  # on papers; lines are separated by |
    mossx_tax_id: str = ""
    worker_metrics_port: int | None = Field(default=None, ge=1, le=65535)  # None: not served
    otel_exporter_otlp_endpoint: str = ""  # "": no traces
    otel_service_name: str = "mossx"

    @field_validator("mongodb_uri")
    @classmethod
    def _is_mongodb(cls, value: str) -> str:
        scheme, _, rest = value.partition("://")
        hosts = re.split(r"[/?]", rest.rpartition("@")[2])[0].split(",")
        known = scheme in {"mongodb", "mongodb+srv"}
        if not known or not all(_MONGODB_HOST.fullmatch(each) for each in hosts):
            raise ValueError(
                "must look like mongodb://host:27017/mossx or mongodb+srv://host/mossx, "
                "with / @ : and % in a password percent-encoded"
            )
        return value

    @field_validator("base_url", "stripe_api_base", "razorpay_api_base")
    @classmethod
    def _is_an_origin(cls, value: str) -> str:
        if urlsplit(value).scheme not in {"http", "https"} or not _names_a_host(value):
            raise ValueError("must be an absolute http(s) URL")
        return value.rstrip("/")

    @field_validator("base_url")
    @classmethod
    def _has_no_path(cls, value: str) -> str:
        # Links put a path behind it, and the shop answers at the root of its host alone.
        if urlsplit(value).path or re.search(r"[?#@]", value):
            raise ValueError("must be no more than https://host or https://host:port")
        return value

    @field_validator(
        "stripe_secret_key", "stripe_webhook_secret",
        "razorpay_key_id", "razorpay_key_secret", "razorpay_webhook_secret",
    )  # fmt: skip
    @classmethod
    def _has_no_space_around(cls, value: str) -> str:
        if value != value.strip():
            raise ValueError("must have no space around it; leave it empty for no such gateway")
        return value

    @field_validator("mossx_picture_origins", "mossx_gateway_pages")
    @classmethod
    def _are_sources(cls, value: str) -> str:
        if not all(_SOURCE.fullmatch(each) for each in value.split()):
            raise ValueError("must be origins such as https://cdn.example, separated by spaces")
        return value

    @field_validator("otel_exporter_otlp_endpoint")
    @classmethod
    def _is_a_collector(cls, value: str) -> str:
        if value and urlsplit(value).scheme not in {"http", "https"}:
            raise ValueError("must be an absolute http(s) URL: traces go by OTLP over HTTP")
        return value

    @field_validator("mossx_seller")
    @classmethod
    def _names_somebody(cls, value: str) -> str:
        if not value.replace("|", "").strip():
            raise ValueError("must name the seller, such as MossX GmbH|Moosweg 1|20095 Hamburg")
        return value

    @field_validator("redis_url")
    @classmethod
    def _is_redis(cls, value: str) -> str:
        read_redis_url(value)
        return value

    @field_validator("mail_url")
    @classmethod
    def _is_smtp(cls, value: str) -> str:
        if value and (urlsplit(value).scheme not in {"smtp", "smtps"} or not _names_a_host(value)):
            raise ValueError("must look like smtp://host:587 or smtps://host")
        return value

    @field_validator("cloudinary_url")
    @classmethod
    def _is_cloudinary(cls, value: str) -> str:
        parts = urlsplit(value)
        whole = (
            parts.scheme == "cloudinary" and parts.username and parts.password and parts.hostname
        )
        if value and not whole:
            raise ValueError("must look like cloudinary://key:secret@cloud")
        return value

    @model_validator(mode="after")
    def _is_fit(self) -> Self:
        problems = [*self._half_gateways(), *self._unsafe_production()]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _half_gateways(self) -> Iterator[str]:
        groups = (
            ("stripe_secret_key", "stripe_webhook_secret"),
            ("razorpay_key_id", "razorpay_key_secret", "razorpay_webhook_secret"),
        )
        for names in groups:
            given = [name for name in names if getattr(self, name)]
            if given and len(given) < len(names):
                missing = ", ".join(name.upper() for name in names if name not in given)
                yield f"{missing} is missing although {given[0].upper()} is set"

    def _unsafe_production(self) -> Iterator[str]:
        if not self.is_production:
            return
        secrets = {
            "secret_key": (self.secret_key,),
            "secret_key_fallbacks": self.shop_keys.older,
            "jwt_secret_key": self.token_keys,
            "backup_key": self.backup_keys,
        }
        for name, values in secrets.items():
            if any(_weak(value) for value in values):
                yield f"{name.upper()} must be at least {_MIN_SECRET} random characters"
        if self.secret_key and set(self.shop_keys) & set(self.token_keys):
            yield "JWT_SECRET_KEY must differ from SECRET_KEY"
        if set(self.backup_keys) & {*self.shop_keys, *self.token_keys}:
            yield (
                "BACKUP_KEY must differ from SECRET_KEY and JWT_SECRET_KEY: it outlives them, and "
                "opens what they seal"
            )
        if not self.base_url.startswith("https://"):
            yield "BASE_URL must start with https://"

    @property
    def seller_lines(self) -> tuple[str, ...]:
        """Who sells, as papers name them: a name and an address."""
        return tuple(line.strip() for line in self.mossx_seller.split("|") if line.strip())

    @property
    def is_production(self) -> bool:
        """Whether real shoppers use this shop."""
        return self.mossx_env is Environment.PRODUCTION

    @property
    def shop_keys(self) -> ShopKeys:
        """The keys of cookies, form tokens, links and whatever is sealed in the database."""
        newest = self.secret_key or _DEVELOPMENT_SECRET
        older = dict.fromkeys(_listed(self.secret_key_fallbacks))
        return ShopKeys(newest, tuple(key for key in older if key != newest))

    @property
    def backup_keys(self) -> tuple[str, ...]:
        """What backups are encrypted with, the newest first; perhaps none."""
        return _listed(self.backup_key)

    @property
    def token_keys(self) -> tuple[str, ...]:
        """The keys of access and refresh tokens: the newest, then older ones that are still
        accepted while they are being rotated out (separated by commas)."""
        keys = _listed(self.jwt_secret_key)
        return keys or (f"tokens-{_DEVELOPMENT_SECRET}",)


def _names_a_host(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0 and not re.search(r"\s", url)
    except ValueError:  # a port that is no number
        return False


def _listed(keys: str) -> tuple[str, ...]:
    return tuple(key.strip() for key in keys.split(",") if key.strip())


def _weak(secret: str) -> bool:
    return len(secret) < _MIN_SECRET or len(set(secret)) < 8 or _DEVELOPMENT_SECRET in secret


def load_settings(environment: Mapping[str, str]) -> Settings:
    """Read and check the configuration.

    Raises ``ConfigurationError`` naming every variable at fault. An empty variable counts
    as absent, as compose files leave them.
    """
    known = {
        name: value
        for name in Settings.model_fields
        if (value := environment.get(name.upper(), "")) != ""
    }
    required = ("MONGODB_URI", "REDIS_URL") if known.get("mossx_env") == "production" else ()
    missing = [f"production needs {name}" for name in required if not environment.get(name)]
    problems = [*missing, *_problems(known)]
    if problems:
        raise ConfigurationError("; ".join(problems))
    return Settings.model_validate(known)


def _problems(known: Mapping[str, str]) -> list[str]:
    """Whatever is wrong with the values; what a bad one keeps from being looked at, too."""
    try:
        Settings.model_validate(known)
    except ValidationError as error:
        bad = {each["loc"][0] for each in error.errors() if each["loc"]}
        others = {name: value for name, value in known.items() if name not in bad}
        return [*map(_explain, error.errors()), *(_problems(others) if bad else [])]
    return []


def _explain(problem: Mapping[str, object]) -> str:
    location = problem["loc"]
    name = str(location[0]).upper() if isinstance(location, tuple) and location else ""
    message = str(problem["msg"]).removeprefix("Value error, ")
    return f"{name}: {message}" if name else message
