"""deliver: a published revision by each configured delivery, once. The report stands whatever becomes of it."""

import hashlib
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from tallybook.delivery import sending
from tallybook.delivery.contract import MANIFEST, Means, Parcel, ParcelFile, Sent
from tallybook.delivery.notice import make_notice
from tallybook.delivery.receipts import Receipts
from tallybook.documents.values import Status
from tallybook.errors import ConfigurationError, StorageError, TallybookError, UsageError
from tallybook.pipeline.collect import Clock
from tallybook.pipeline.house import House
from tallybook.pipeline.revisions import Revision, latest_revision
from tallybook.settings import DeliverySettings

log = logging.getLogger(__name__)

Outcome = Literal["delivered", "tested", "delivered before", "not for it", "failed"]


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one delivery."""

    delivery: str
    kind: str
    outcome: Outcome
    message: str


@dataclass(frozen=True, slots=True)
class Wish:
    """How to deliver: once more though it was before, or as a test: whatever the status, and without a receipt."""

    again: bool = False
    is_test: bool = False
    run_id: str = ""


def deliver(
    house: House, month: str, *, clock: Clock, names: Sequence[str] = (), wish: Wish | None = None
) -> list[Delivery]:
    """Deliver the month's newest revision by each delivery, or those named. One that fails holds up no other.

    Raises ConfigurationError for an unknown name, UsageError when there is nothing to deliver or no delivery.
    """
    chosen = _chosen(house, names)
    revision = latest_revision(house.reports_dir, month)
    if revision is None:
        raise UsageError(f"{month} has no published report: run 'tallybook report --month {month}', then deliver it")
    return [_delivered(house, revision, settings, wish=wish or Wish(), clock=clock) for settings in chosen]


def deliver_published(house: House, month: str, *, clock: Clock, run_id: str = "") -> list[Delivery]:
    """The same after publishing, by all deliveries there are, and without an error."""
    if not house.settings.deliveries:
        return []
    try:
        return deliver(house, month, clock=clock, wish=Wish(run_id=run_id))
    except TallybookError as error:
        return [Delivery(one.name, one.kind, "failed", f"{one.name}: {error}") for one in house.settings.deliveries]


def failures(deliveries: Iterable[Delivery]) -> list[str]:
    """What failed, each as `delivery NAME`."""
    return [f"delivery {one.delivery}" for one in deliveries if one.outcome == "failed"]


def _chosen(house: House, names: Sequence[str]) -> list[DeliverySettings]:
    deliveries = {one.name: one for one in house.settings.deliveries}
    if not deliveries:
        raise UsageError(f"{house.settings.path} has no [[deliveries]]: add one (docs/delivery.md)")
    unknown = sorted(set(names) - set(deliveries))
    if unknown:
        known = ", ".join(sorted(deliveries))
        raise ConfigurationError(f"no delivery {unknown[0]!r} in {house.settings.path}; known: {known}")
    return [one for name, one in deliveries.items() if not names or name in names]


def _delivered(house: House, revision: Revision, settings: DeliverySettings, *, wish: Wish, clock: Clock) -> Delivery:
    try:
        outcome, message = _deliver_one(house, revision, settings, wish=wish, clock=clock)
    except TallybookError as error:
        said = str(error)
        outcome, message = "failed", said if said.startswith(f"{settings.name}: ") else f"{settings.name}: {said}"
    (log.warning if outcome == "failed" else log.info)("%s", message)
    return Delivery(settings.name, settings.kind, outcome, message)


def _deliver_one(
    house: House, revision: Revision, settings: DeliverySettings, *, wish: Wish, clock: Clock
) -> tuple[Outcome, str]:
    parcel = make_parcel(house, revision, settings.name, wish=wish, clock=clock)
    what = f"{parcel.month} r{parcel.revision:02d}"
    reason = "" if wish.is_test else _not_for_it(settings, parcel)
    if reason:
        return "not for it", f"{settings.name}: {what} is not for it: {reason}"
    if wish.is_test:
        sent = _send(house, settings, parcel)
        return _refused(sent, settings) or ("tested", f"{settings.name}: sent a test with {what} to {sent.target}")
    receipts = Receipts(house.settings.data_dir / "deliveries" / parcel.place)
    with receipts.alone(settings.name, wait_seconds=house.wait_seconds):
        before = receipts.last(settings.name)
        if before and before.manifest_sha256 == parcel.sha256 and not wish.again:
            when = f"{before.delivered_at:%Y-%m-%d %H:%M} UTC"
            return "delivered before", f"{settings.name}: {what} was delivered at {when}; --again delivers it once more"
        parcel = replace(parcel, copy=receipts.copies(settings.name) + 1)
        sent = _send(house, settings, parcel)
        _note(receipts, parcel, settings, sent, run_id=wish.run_id)
    return _refused(sent, settings) or ("delivered", f"{settings.name}: delivered {what} to {sent.target}")


def _send(house: House, settings: DeliverySettings, parcel: Parcel) -> Sent:
    means = Means(read_secret=house.settings.read_secret, base=house.settings.path.parent)
    return sending.send(settings, parcel, means)


def _note(receipts: Receipts, parcel: Parcel, settings: DeliverySettings, sent: Sent, *, run_id: str) -> None:
    try:
        receipts.write(parcel, settings.kind, sent, run_id=run_id)
    except StorageError as error:
        raise StorageError(f"was delivered, but without a receipt it will be once more: {error}") from error


def _refused(sent: Sent, settings: DeliverySettings) -> tuple[Outcome, str] | None:
    """A message that not all recipients got counts as delivered, and as failed now: somebody has to hear of it."""
    if not sent.refused:
        return None
    who = ", ".join(sent.refused)
    return "failed", f"{settings.name}: its server refused {who}, the others got it; mend their addresses"


def _not_for_it(settings: DeliverySettings, parcel: Parcel) -> str:
    """Why a revision is not for a delivery; "" when it is."""
    if parcel.status not in settings.statuses:
        return f"it is {parcel.status}, which its statuses are not: {', '.join(settings.statuses)}"
    return f"its first_month is {settings.first_month}" if parcel.month < settings.first_month else ""


def make_parcel(house: House, revision: Revision, delivery: str, *, wish: Wish, clock: Clock) -> Parcel:
    """A revision as its manifest lists it. Raises StorageError when manifest or report are not those of a revision."""
    folder, manifest = revision.folder, revision.manifest
    try:
        return Parcel(
            delivery=delivery,
            month=folder.parent.name,
            revision=revision.number,
            status=Status(manifest["status"]),
            notice=make_notice(
                revision.report, is_test=wish.is_test, language=revision.language, quoted=revision.quoted
            ),
            files=tuple(_file(folder, listed) for listed in manifest["files"]),
            manifest=_manifest(folder / MANIFEST),
            at=clock(),
            reports_url=house.settings.reports_url,
            is_test=wish.is_test,
        )
    except (AttributeError, KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise StorageError(f"{folder} is no whole revision ({error!r}); restore it from the backup") from error


def _file(folder: Path, listed: dict[str, Any]) -> ParcelFile:
    path = PurePosixPath(listed["path"])
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise ValueError(f"its manifest lists {str(path)!r}, which lies outside of it")
    return ParcelFile(str(path), folder / path, listed["sha256"], int(listed["bytes"]), listed["media_type"])


def _manifest(path: Path) -> ParcelFile:
    try:
        body = path.read_bytes()
    except OSError as error:
        raise StorageError(f"{path} cannot be read ({error.strerror}); restore it from the backup") from error
    return ParcelFile(path.name, path, hashlib.sha256(body).hexdigest(), len(body), "application/json")
