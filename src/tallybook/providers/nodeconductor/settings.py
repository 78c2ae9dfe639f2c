"""Settings of a NodeConductor connection."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from tallybook.credentials import SecretRef
from tallybook.settings import ConnectionSettings

Aggregate = Literal["customer", "project_group", "project"]
Path = Annotated[str, StringConstraints(pattern=r"^/[^\s?#]*/$")]
AuthUrl = Annotated[str, StringConstraints(min_length=1)]


class NodeconductorSettings(ConnectionSettings):
    """`auth_urls` are the clouds whose capacity is asked, written exactly as the server knows them.

    `alert_path` lies below `api_prefix`; where it answers 404 the plural form of later releases is asked.
    `creation_clock_offset_seconds` is added to the times of creation counts on a server whose clock zone is not UTC.
    """

    token: SecretRef
    auth_urls: tuple[AuthUrl, ...] = ()
    api_prefix: Annotated[str, StringConstraints(pattern=r"^(/[^\s/?#]+)*$")] = "/api"
    alert_path: Path = "/stats/alert/"
    aggregates: tuple[Aggregate, ...] = ("customer", "project_group", "project")
    page_size: Annotated[int, Field(ge=1, le=100)] = 100
    creation_clock_offset_seconds: Annotated[int, Field(ge=-86400, le=86400)] = 0

    @field_validator("base_url")
    @classmethod
    def _without_slash(cls, value: str) -> str:
        return value.rstrip("/")

    @field_validator("aggregates")
    @classmethod
    def _with_projects(cls, value: tuple[Aggregate, ...]) -> tuple[Aggregate, ...]:
        if "project" not in value:
            raise ValueError("'project' must be among them: usage is counted per project")
        return tuple(dict.fromkeys(value))

    @model_validator(mode="after")
    def _prefix_once(self) -> Self:
        if self.api_prefix and self.base_url.endswith(self.api_prefix):
            raise ValueError(f"base_url must not end in {self.api_prefix}: api_prefix adds it")
        return self
