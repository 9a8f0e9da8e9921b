"""Shapes of what is sent to the public API: for its OpenAPI document, and to be checked against.

A field that is not known is refused: a misspelled one must not be taken for one left out.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError


class Sent(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class SecretIn(Sent):
    """A secret's value, and how it reaches the runtime where the blueprint does not say."""

    value: str
    as_: Literal["env", "file"] | None = Field(default=None, alias="as")


class TenantIn(Sent):
    """secrets: NAME -> value, or NAME -> {value, as}. restore_volume: id of a kept volume."""

    slug: str
    blueprint: str
    name: str | None = None
    values: dict[str, Any] = Field(default_factory=dict)
    limits: dict[str, Any] = Field(default_factory=dict)
    variables: dict[str, Any] = Field(default_factory=dict)
    secrets: dict[str, Any] = Field(default_factory=dict)
    restore_volume: str | None = None


class TenantPatch(Sent):
    """A JSON Merge Patch: null puts one value, limit or variable back to what it inherits."""

    name: str | None = None
    values: dict[str, Any] = Field(default_factory=dict)
    limits: dict[str, Any] = Field(default_factory=dict)
    variables: dict[str, Any] = Field(default_factory=dict)
    blueprint: str = ""
    suspended: bool = False


class RestartIn(Sent):
    safe_mode: bool = False


class NothingIn(Sent):
    """An empty object."""


def _one_of_both(given: object) -> object:
    """Before the library tells each type that it is not, at a place that nobody sent."""
    if given is not None and (isinstance(given, bool) or not isinstance(given, str | int)):
        told = 'should be a share such as "10%", or a number of tenants'
        raise PydanticCustomError("share_type", told)
    return given


class DeployIn(Sent):
    """revision: the newest unless said. tenants: slugs; all of the blueprint unless said."""

    revision: int | None = Field(default=None, ge=1)
    tenants: list[str] | None = Field(default=None, max_length=10_000)
    canary: Annotated[str | int | None, BeforeValidator(_one_of_both)] = None


class PriceIn(Sent):
    """USD for a million tokens."""

    input: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    output: float = Field(default=0.0, ge=0, allow_inf_nan=False)


class ProviderIn(Sent):
    """key: write-only; left out it stays, "" removes it. prices: by model."""

    kind: Literal["openai", "anthropic", "demo"]
    base_url: str = Field(default="", max_length=2048)
    key: str | None = Field(default=None, max_length=8192)
    prices: dict[str, PriceIn] = Field(default_factory=dict, max_length=1000)


class SessionIn(Sent):
    """code: of a one-time link. key: the admin key. One of the two."""

    code: str | None = Field(default=None, max_length=200)
    key: str | None = Field(default=None, max_length=200)


class BulkIn(Sent):
    """data: what happens to the disks, with `delete` only; there is no default."""

    action: Literal["restart", "suspend", "resume", "delete"]
    slugs: list[str] = Field(min_length=1, max_length=500)
    data: Literal["keep", "erase"] | None = None


class WebhookIn(Sent):
    """rotate: makes a new secret; the former one signs beside it for a day."""

    url: str = Field(max_length=2048)
    events: list[Literal["tenant.ready", "tenant.failed"]] = Field(min_length=1, max_length=2)
    rotate: bool = False
