"""Settings of an OpenScaler connection."""

from tallybook.addresses import BaseUrl
from tallybook.settings import SampledSettings, SecretRef


class OpenscalerSettings(SampledSettings):
    """`token` is the OAuth access token of the web platform."""

    base_url: BaseUrl = "https://api.alpha.openscaler.net"
    token: SecretRef
