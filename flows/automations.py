"""Sets up the automations that notify somebody; run by `tallybook automations`, and safe to run again.

python flows/automations.py BLOCK      BLOCK is a notification block, as slack-webhook/finance
"""

import sys
from collections.abc import Iterator
from datetime import timedelta

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ChangeFlowRunState, SendNotification
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.exceptions import ObjectNotFound

from _signals import COVERAGE_LOW, DELIVERY_FAILED, REPORT_FAILED, REPORT_LATE, TIE_OUT_FAILED

_TOLD = {
    "report failed": REPORT_FAILED,
    "report late": REPORT_LATE,
    "coverage low": COVERAGE_LOW,
    "tie-out failed": TIE_OUT_FAILED,
    "delivery failed": DELIVERY_FAILED,
}
_HEARTBEAT = "prefect.flow-run.heartbeat"
_ENDS = ("Completed", "Failed", "Cancelled", "Crashed")
_SILENCE = timedelta(minutes=10)  # three heartbeats


def automations(notify: SendNotification) -> Iterator[AutomationCore]:
    """What Tallybook has of automations, by name; `notify` gets its subject and body here."""
    for what, event in _TOLD.items():
        yield AutomationCore(
            name=f"tallybook: {what}",
            description=f"Tells of the event {event}.",
            trigger=EventTrigger(expect={event}, match={"prefect.resource.id": "tallybook.report.*"}),
            actions=[_saying(notify, f"Tallybook: {what}", "{{ event.payload.message }}")],
        )
    yield AutomationCore(
        name="tallybook: run did not start",
        description="Tells that a report was due and no worker took it.",
        trigger=EventTrigger(
            expect={"prefect.flow-run.Late"},
            match_related={"prefect.resource.role": "tag", "prefect.resource.id": "prefect.tag.report"},
        ),
        actions=[_saying(notify, "Tallybook: run did not start", "{{ flow_run.name }} is late: is the worker up?")],
    )
    yield AutomationCore(
        name="tallybook: end runs that died",
        description="A run without a heartbeat for ten minutes is marked as crashed.",
        trigger=EventTrigger(
            posture=Posture.Proactive,
            after={_HEARTBEAT},
            expect={_HEARTBEAT, *(f"prefect.flow-run.{end}" for end in _ENDS)},
            match={"prefect.resource.id": "prefect.flow-run.*"},
            for_each={"prefect.resource.id"},
            threshold=1,
            within=_SILENCE,
        ),
        actions=[ChangeFlowRunState(state=StateType.CRASHED, name="Crashed", message="no sign of life", force=True)],
    )


def _saying(notify: SendNotification, subject: str, body: str) -> SendNotification:
    return notify.model_copy(update={"subject": subject, "body": body})


def set_up(client: SyncPrefectClient, block: str) -> list[str]:
    """Make the automations, or bring those that are there up to date; returns their names."""
    kind, _, name = block.partition("/")
    document = client.read_block_document_by_name(name, block_type_slug=kind)
    notify = SendNotification(block_document_id=document.id, subject="", body="")
    there = {one["name"]: one["id"] for one in client.request("POST", "/automations/filter", json={}).json()}
    names = []
    for automation in automations(notify):
        body = automation.model_dump(mode="json", exclude={"owner_resource"})
        if automation.name in there:
            client.request("PUT", "/automations/{id}", path_params={"id": there[automation.name]}, json=body)
        else:
            client.request("POST", "/automations/", json=body)
        names.append(automation.name)
    return names


if __name__ == "__main__":
    with get_client(sync_client=True) as prefect:
        try:
            made = set_up(prefect, sys.argv[1])
        except ObjectNotFound:
            sys.exit(
                f"there is no notification block {sys.argv[1]!r}: make one in the UI (Blocks) or with "
                "'prefect block create', and name it as slack-webhook/finance"
            )
    sys.stdout.write("".join(f"{one}\n" for one in made))
