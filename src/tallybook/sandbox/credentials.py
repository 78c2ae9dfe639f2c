"""What the sandbox accepts. These open nothing but the sandbox, hence they may stand in the source."""

from types import MappingProxyType

OPENSCALER_TOKEN = "sandbox-openscaler-access-token"  # noqa: S105
NODECONDUCTOR_TOKEN = "5a4db0c5a4db0c5a4db0c5a4db0c5a4db0c5a4db"  # noqa: S105
OCORE_TOKEN = "ocore_k_sandbox_6f1d2c"  # noqa: S105
OCORE_ORG_SLUG = "acme"
SCALEOPS_TOKEN = "sandbox+scaleops/token=="  # noqa: S105

USERNAME = "sandbox"
PASSWORD = "sandbox-password"  # noqa: S105
USER_DOMAIN = "Default"

SYSELEVEN_TOKENS = MappingProxyType({"1" * 32: "gAAAAAB-sandbox-preset-production"})
"""Project id -> token that needs no Keystone and never ends."""

APPLICATION_CREDENTIALS = MappingProxyType({"sandbox-application-credential": ("sandbox-application-secret", "2" * 32)})
"""Application credential id -> its secret and the one project that it is good for."""

SECRETS = MappingProxyType(
    {
        "OPENSCALER_TOKEN": OPENSCALER_TOKEN,
        "NODECONDUCTOR_TOKEN": NODECONDUCTOR_TOKEN,
        "S11_TOKEN": SYSELEVEN_TOKENS["1" * 32],
        "S11_ID": "sandbox-application-credential",
        "S11_SECRET": "sandbox-application-secret",
        "OCORE_TOKEN": OCORE_TOKEN,
        "SCALEOPS_TOKEN": SCALEOPS_TOKEN,
    }
)
"""Names of environment variables -> tokens, for a process that uses the sandbox's configuration."""
