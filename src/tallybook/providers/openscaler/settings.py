"""Settings of an OpenScaler connection."""

from tallybook.settings import BaseUrl, SampledSettings, SecretRef


class OpenscalerSettings(SampledSettings):
    """`token` is the OAuth access token of the web platform."""

    base_url: BaseUrl = "https://api.alpha.openscaler.net"
    token: SecretRef
