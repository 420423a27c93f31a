"""A GitHub App, its installations, and the deliveries of its webhook. Pure."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from pydantic import AliasPath, BeforeValidator, Field

_Text = Annotated[str, BeforeValidator(lambda value: "" if value is None else value)]
_Number = Annotated[int, BeforeValidator(lambda value: 0 if value is None else value)]


@dataclass(frozen=True, slots=True, kw_only=True)
class AppIdentity:
    """An App as GitHub knows it; `permissions` has the right for each kind of data, for example `issues: write`."""

    id: int
    slug: str
    name: str
    html_url: str
    events: tuple[str, ...] = ()
    permissions: dict[str, str] = field(default_factory=dict)

    @property
    def login(self) -> str:
        """The author of its comments."""
        return f"{self.slug}[bot]"


@dataclass(frozen=True, slots=True, kw_only=True)
class AppCredentials:
    """A new App with its secrets, which GitHub shows only once."""

    id: int
    slug: str
    name: str
    html_url: str
    pem: str = field(repr=False)
    webhook_secret: _Text = field(repr=False)
    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """An installation; `account` is the login of the organisation or person that has it."""

    id: int
    account: Annotated[_Text, Field(validation_alias=AliasPath("account", "login"))] = ""
    is_suspended: Annotated[
        bool, BeforeValidator(lambda value: value is not None), Field(validation_alias="suspended_at")
    ] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AppRepository:
    """A repository of an installation; `name` is owner/name."""

    id: int
    name: Annotated[str, Field(validation_alias="full_name")]
    default_branch: str
    is_archived: Annotated[bool, Field(validation_alias="archived")] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt of GitHub to deliver an event to the App; further attempts have the same `guid`.

    `status` is `OK`, or what went wrong; `status_code` is the server's answer, 0 without one. `installation` and
    `repository_id` are 0 for an event without them.
    """

    id: int
    guid: str
    event: str
    action: _Text = ""
    status: str
    status_code: _Number = 0
    delivered_at: datetime
    is_redelivery: Annotated[bool, Field(validation_alias="redelivery")] = False
    installation: Annotated[_Number, Field(validation_alias="installation_id")] = 0
    repository_id: _Number = 0
