"""The live sample: one snapshot of every connection that can only be asked about now."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from _scheduled import is_superseded, skipped
from _tasks import FAILED, clock, configured_house, told
from tallybook.pipeline.collect import sample as take_samples


@flow(name="sample", flow_run_name="sample")
@told
def sample() -> State[Any]:
    """Land one snapshot of each sampled connection; an hour that nobody samples can never be asked again."""
    if is_superseded(clock()):
        return skipped()
    receipts = take_samples(configured_house(), clock=clock)
    failed = [f"{receipt.connection} {receipt.dataset}" for receipt in receipts if receipt.error]
    if failed and len(failed) == len(receipts):
        return Failed(message=f"no snapshot could be taken: {', '.join(failed)}")
    return Completed(name="Partial", message=f"{FAILED}{', '.join(failed)}") if failed else Completed()
