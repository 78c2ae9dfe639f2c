"""Settings of a ScaleOps connection."""

from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, StringConstraints, field_validator, model_validator

from tallybook.credentials import SecretRef
from tallybook.settings import ConnectionSettings

Path = Annotated[str, StringConstraints(pattern=r"^/[^\s?#]*$")]
Label = Annotated[str, StringConstraints(min_length=1)]
HeaderValue = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]*$")]
HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]+$")]


class ScaleopsSettings(ConnectionSettings):
    """Give `token`, or `username` and `password` for an installation with its own login.

    `currency` is required because the API names none. The settings below `login_path` decide what the
    document leaves open; README.md lists them.
    """

    token: SecretRef | None = None
    username: SecretRef | None = None
    password: SecretRef | None = None
    login_path: Path = "/auth/callback"
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    aggregated_path: Path = "/detailedCostReport/getAggregated"
    workloads_path: Path = "/detailedCostReport/getWorkloads"
    method: Literal["POST", "GET"] = "POST"
    multi_cluster: bool = True
    cluster: HeaderValue = ""
    cluster_header: HeaderName = "X-Scaleops-Cluster"
    group_by_labels: tuple[Label, ...] = ()
    group_by_annotations: tuple[Label, ...] = ()
    window_zone: str = "UTC"
    window_tolerance_seconds: Annotated[int, Field(ge=0, le=3600)] = 0
    savings_scale: Literal["window", "month"] = "window"

    @field_validator("window_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"no time zone {value!r}; give an IANA name like 'UTC' or 'Europe/Berlin'") from None
        return value

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        login = (self.username is not None, self.password is not None)
        if any(login) != all(login) or (self.token is None) != all(login):
            raise ValueError("give either token, or both username and password")
        return self

    @model_validator(mode="after")
    def _groups_need_a_body(self) -> Self:
        if self.method == "GET" and (self.group_by_labels or self.group_by_annotations):
            raise ValueError(
                "group_by_labels and group_by_annotations are documented for the JSON body only: use method POST"
            )
        return self
