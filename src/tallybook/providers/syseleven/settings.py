"""Settings of a SysEleven Stack connection."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from tallybook.addresses import BaseUrl
from tallybook.credentials import SecretRef
from tallybook.settings import SampledSettings

Component = Literal["compute", "dns", "loadbalancer", "network", "network.lb", "network.vpn", "s3", "volume"]
Word = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]


class ProjectSettings(BaseModel):
    """A project and how its token comes: given, or issued by Keystone for an application credential or a user."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Word
    token: SecretRef | None = None
    application_credential_id: SecretRef | None = None
    application_credential_secret: SecretRef | None = None
    username: str | SecretRef | None = None
    password: SecretRef | None = None
    user_domain_name: str = "Default"

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        ways = {
            "token": (self.token,),
            "application_credential_id with application_credential_secret": (
                self.application_credential_id,
                self.application_credential_secret,
            ),
            "username with password": (self.username, self.password),
        }
        begun = [parts for parts in ways.values() if any(part is not None for part in parts)]
        if len(begun) != 1 or None in begun[0]:
            raise ValueError(f"give exactly one of: {'; '.join(ways)}")
        return self


class SyselevenSettings(SampledSettings):
    """`regions` and `filter` narrow what is asked; empty means all, and is slower for the provider.

    What is left out is unknown, not zero.
    """

    base_url: BaseUrl = "https://api.cloud.syseleven.net:5001"
    api_version: Literal["v1", "v2", "v3"] = "v3"
    regions: tuple[Word, ...] = ()
    filter: tuple[Component, ...] = ()
    keystone_url: BaseUrl = "https://keystone.cloud.syseleven.net:5000/v3"
    projects: Annotated[tuple[ProjectSettings, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        ids = [project.id for project in self.projects]
        repeated = sorted({one for one in ids if ids.count(one) > 1})
        if repeated:
            raise ValueError(f"project {repeated[0]} is listed twice in 'projects'")
        if self.api_version == "v1" and "loadbalancer" in self.filter:
            raise ValueError("the filter 'loadbalancer' needs api_version v2 or v3")
        return self
