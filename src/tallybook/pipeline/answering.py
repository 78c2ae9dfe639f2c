"""Which connection answers a document: one of its own provider, or one of another whose facts hold what it needs."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from tallybook.contract import Across, Document, Provider, Reader, Source
from tallybook.errors import UsageError
from tallybook.periods import BillingPeriod
from tallybook.pipeline.house import Connection, House


@dataclass(frozen=True, slots=True)
class Asked:
    """A document, and the connection that it is answered from."""

    provider: Provider
    document: Document
    connection: Connection

    @property
    def name(self) -> str:
        """The document as provider/name."""
        return f"{self.provider.name}/{self.document.name}"

    @property
    def across(self) -> Across | None:
        """How facts answer it; None for a connection of the document's own provider."""
        return None if self.connection[1].name == self.provider.name else self.document.across

    def build(self, reader: Reader, period: BillingPeriod, given: Mapping[str, Any]) -> object:
        """The document. Raises UsageError for what it refuses."""
        settings, provider = self.connection
        if self.across is None:
            return self.document.build(reader, period, given)
        assert self.across.build is not None  # noqa: S101 - `choose` saw to it
        return self.across.build(reader, period, given, Source(settings.name, provider.facts))


def choose(house: House, provider: Provider, document: Document, name: str | None) -> Asked:
    """The connection called `name`, else the only one of the document's provider.

    Raises UsageError when there is none, or several, and when the facts of a chosen one cannot answer.
    """
    asked = partial(Asked, provider, document)
    own = [pair for pair in house.connections if pair[1].name == provider.name]
    others = [pair for pair in house.connections if pair not in own and document.across.is_answered_by(pair[1].facts)]
    if name is None:
        if len(own) == 1:
            return asked(own[0])
        raise UsageError(_unclear(provider, document, own, others))
    chosen = next(pair for pair in house.connections if pair[0] is house.settings.connection(name))
    if chosen in own or chosen in others:
        return asked(chosen)
    raise UsageError(
        f"{provider.name}/{document.name} needs {document.across.needs}, which the facts of connection {name} do not "
        f"hold ({chosen[1].facts.told}); {_choice(provider, own, others)}"
    )


def _unclear(provider: Provider, document: Document, own: list[Connection], others: list[Connection]) -> str:
    name = f"{provider.name}/{document.name}"
    if own:
        return f"{name} can be answered by several connections; {_choice(provider, own, others)}"
    return f"{name}: no connection of {provider.label} is configured; {_choice(provider, own, others)}"


def _choice(provider: Provider, own: list[Connection], others: list[Connection]) -> str:
    """What --connection may name."""
    kinds = ((f"of {provider.label}", own), ("of others with such facts", others))
    named = [f"{words}: {', '.join(settings.name for settings, _ in pairs)}" for words, pairs in kinds if pairs]
    if named:
        return f"choose one with --connection NAME, {'; '.join(named)}"
    return f"add one of {provider.label} to tallybook.toml: no configured connection can answer it"
