"""One delivery, tried as often as it makes sense; what it says when it fails holds no secret."""

import logging
from collections.abc import Collection
from dataclasses import dataclass

import stamina

from tallybook.credentials import SecretRef
from tallybook.delivery.contract import Means, Parcel, Sent, TryAgainError
from tallybook.delivery.kinds import KINDS
from tallybook.errors import ConfigurationError, DeliveryError, TallybookError
from tallybook.settings import DeliverySettings
from tallybook.wire import SHORTEST_SECRET, masked

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how long a delivery is tried."""

    attempts: int = 6
    timeout_seconds: float = 180.0
    wait_initial_seconds: float = 1.0
    wait_max_seconds: float = 60.0


def send(settings: DeliverySettings, parcel: Parcel, means: Means, *, retry: RetryPolicy | None = None) -> Sent:
    """Send a parcel. Raises DeliveryError, whatever went wrong: a report that is published never fails by it."""
    seen: set[str] = set()
    policy = retry or RetryPolicy()
    remembering = Means(lambda ref: _remembered(means.read_secret(ref), ref, seen), means.base)
    try:
        for attempt in stamina.retry_context(
            on=lambda error: _backoff(settings.name, error),
            attempts=policy.attempts,
            timeout=policy.timeout_seconds,
            wait_initial=policy.wait_initial_seconds,
            wait_max=policy.wait_max_seconds,
        ):
            with attempt:
                return _once(settings, parcel, remembering, seen)
    except TryAgainError as error:
        raise DeliveryError(f"{settings.name}: {error}; it failed too often, deliver it again later") from None
    raise AssertionError("a retry loop ends by returning or raising")


def _once(settings: DeliverySettings, parcel: Parcel, means: Means, seen: Collection[str]) -> Sent:
    try:
        return KINDS[settings.kind].send(settings, parcel, means)
    except TryAgainError as error:
        raise TryAgainError(masked(str(error), seen), error.wait_seconds) from None
    except TallybookError as error:
        raise DeliveryError(f"{settings.name}: {masked(str(error), seen)}") from None
    except Exception as error:  # noqa: BLE001 - each store's library has errors of its own
        what = masked(f"{type(error).__name__}: {error}", seen)
        raise DeliveryError(f"{settings.name}: {what}; check the delivery's settings") from None


def _remembered(secret: str, ref: SecretRef, seen: set[str]) -> str:
    """A secret, noted so that no message holds it; of an address each part that could be told alone."""
    if len(secret) < SHORTEST_SECRET:
        where = ref.env or ref.file or ref.prefect
        raise ConfigurationError(f"the secret {where} has fewer than {SHORTEST_SECRET} characters; give it whole")
    seen.add(secret)
    if "://" in secret:
        path = "/" + secret.partition("://")[2].partition("/")[2]
        seen.update(part for part in (path, *path.split("/")) if len(part) >= 2 * SHORTEST_SECRET)
    return secret


def _backoff(name: str, error: Exception) -> bool | float:
    if not isinstance(error, TryAgainError):
        return False
    log.warning("%s: %s; tried again unless it failed too often", name, error)
    return True if error.wait_seconds is None else error.wait_seconds
