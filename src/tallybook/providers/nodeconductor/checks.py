"""A usage answer against its question: what was answered that nobody asked for. Told, never mended."""

from collections.abc import Iterator, Mapping, Sequence

from tallybook.providers.nodeconductor.shapes import Datapoint, Series


def odd_series(series: Sequence[Series], counts: Sequence[bool], asked: Mapping[str, str]) -> Iterator[str]:
    """A note for each way in which the answer is not one series of the asked name and segments.

    `counts` says which of the series count. The texts name no time, so that the same oddity of many is one note.
    """
    if len(series) > 1:
        yield f"{len(series)} series answered for {asked['aggregate']} {asked['uuid']} alone: {sum(counts)} counted"
    for one in (one for one, is_counted in zip(series, counts, strict=True) if is_counted):
        if one.name != asked["name"]:
            yield f"asked for {asked['name']!r} and answered for {one.name!r}: counted, as if renamed meanwhile"
        points = [point for point in one.datapoints if point.value is not None and point.to > point.from_]
        yield from _odd_points(points, _seconds(asked))


def _odd_points(points: Sequence[Datapoint], seconds: int) -> Iterator[str]:
    distinct = {(point.from_, point.to, point.value) for point in points}
    twice = len(distinct) - len({point.from_ for point in points})
    if twice:
        yield f"{_segments(twice)} answered with two values: of each the first counts"
    others = sum(point.to - point.from_ != seconds for point in points)
    if others:
        yield (
            f"{_segments(others)} of another length than the {seconds} seconds asked for: counted with "
            f"{'its' if others == 1 else 'their'} seconds"
        )


def _seconds(asked: Mapping[str, str]) -> int:
    """How long a segment is when `from` to `to` are cut into `datapoints`."""
    return (int(asked["to"]) - int(asked["from"])) // int(asked["datapoints"])


def _segments(count: int) -> str:
    return "1 segment" if count == 1 else f"{count} segments"
