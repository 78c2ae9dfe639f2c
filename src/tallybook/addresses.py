"""Addresses of APIs in the configuration: what no request could be sent to is refused when it is read."""

import ipaddress
import re
from typing import Annotated
from urllib.parse import urlsplit

import idna
from pydantic import AfterValidator

_LONGEST_HOST = 253  # RFC 1035, without the dot at the end
_PLAIN_LABEL = re.compile(r"(?!xn--)[a-z0-9_-]{1,63}", re.ASCII)


def is_host(name: str) -> bool:
    """Whether a host of an address, in lower case, can be asked: an IP address, or labels that DNS can hold.

    Internal names with an underscore are left alone; what is not plain ASCII must be an internationalised name (IDNA
    2008), since the HTTP library ends with an error of its own for any other.
    """
    if ":" in name or re.fullmatch(r"[0-9.]+", name):
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True
    try:
        labels = [
            label if _PLAIN_LABEL.fullmatch(label) else idna.encode(idna.decode(label)).decode()
            for label in name.removesuffix(".").split(".")
        ]
    except UnicodeError:
        return False
    return len(".".join(labels)) <= _LONGEST_HOST


def _base_url(text: str) -> str:
    """Refuse what is no address of an API. A user or password in it would be a literal secret."""
    try:
        parts = urlsplit(text)
        is_address = parts.scheme in ("http", "https") and is_host(parts.hostname or "") and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address or not text.isprintable() or any(mark in text for mark in " @?#\\"):
        raise ValueError("write an address such as https://host or https://host/path, without user, query and fragment")
    return text


BaseUrl = Annotated[str, AfterValidator(_base_url)]
