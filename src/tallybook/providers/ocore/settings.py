"""Settings of an oCore connection."""

from typing import Annotated, Literal

from pydantic import StringConstraints

from tallybook.credentials import SecretRef
from tallybook.settings import ConnectionSettings


class OcoreSettings(ConnectionSettings):
    """`token` is an API key or JWT with view permission on usage.

    `projects` asks for these projects one by one, for a key that may not see the whole organisation.
    `gb` says what the GB of ramGbHours and diskGbHours is; the document does not.
    """

    token: SecretRef
    projects: tuple[Annotated[str, StringConstraints(pattern=r"^[^/?#\s]+$")], ...] = ()
    org_slug: Annotated[str, StringConstraints(pattern=r"^([a-z0-9-]{3,50})?$")] = ""
    gb: Literal["GiB", "GB"] = "GiB"
