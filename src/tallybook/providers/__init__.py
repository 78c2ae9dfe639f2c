"""The providers: one folder each, found by listing, imported when used."""

import importlib
import pkgutil

from tallybook.contract import Provider
from tallybook.errors import ConfigurationError
from tallybook.settings import ConnectionSettings


def names() -> list[str]:
    """The names of all providers, sorted."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if module.ispkg)


def load(name: str) -> Provider:
    """The provider called `name`; ConfigurationError naming the known ones."""
    if name not in names():
        raise ConfigurationError(f"unknown provider {name!r}; known: {', '.join(names())}")
    provider: Provider = importlib.import_module(f"{__name__}.{name}").PROVIDER
    return provider


def settings_models() -> dict[str, type[ConnectionSettings]]:
    """Each provider's settings model, by provider name."""
    return {name: load(name).settings for name in names()}
