"""The kinds of delivery by the name that `kind` has in the configuration. A new one is a module and a line here."""

from collections.abc import Mapping

from tallybook.delivery import folder, mail, webhook
from tallybook.delivery.contract import Kind
from tallybook.settings import DeliverySettings

KINDS: Mapping[str, Kind] = {
    "folder": folder.KIND,
    "email": mail.KIND,
    "webhook": webhook.KIND,
}


def settings_models() -> dict[str, type[DeliverySettings]]:
    """The settings model of each kind."""
    return {name: kind.settings for name, kind in KINDS.items()}
