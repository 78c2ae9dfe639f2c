"""Settings of an OpenScaler connection."""

from tallybook.addresses import BaseUrl
from tallybook.credentials import SecretRef
from tallybook.settings import SampledSettings


class OpenscalerSettings(SampledSettings):
    """`token` is the OAuth access token of the web platform."""

    base_url: BaseUrl = "https://api.alpha.openscaler.net"
    token: SecretRef
