import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

import jsonschema
import pytest

from tallybook import resources
from tallybook.documents.model import SCHEMA_VERSION
from tallybook.documents.restated import DeltaStatement
from tallybook.documents.values import Figure, Status
from tallybook.render import schema
from tallybook.render.json import render_json
from tallybook.render.manifest import Manifest, ManifestFile, ManifestInput
from tests.render import samples


def manifest() -> Manifest:
    return Manifest(
        schema_version=SCHEMA_VERSION,
        billing_period="2026-10",
        revision=1,
        language="en",
        status=Status.FINAL,
        reason="closed",
        accepted_gaps="",
        generated_at=samples.NOW,
        run_id="",
        fingerprint="0" * 64,
        figures_sha256="cd" * 32,
        versions={"tallybook": "0.1.0"},
        inputs=(ManifestInput("book", "prices.csv", "1" * 64, None, 3),),
        files=(ManifestFile("monthly-report.pdf", "application/pdf", 12, "2" * 64),),
    )


DOCUMENTS = {
    "monthly-report": samples.hostile_report,
    "project-statement": samples.statement,
    "manifest": manifest,
    "delta": lambda: DeltaStatement(SCHEMA_VERSION, samples.header(), samples.restatement()),
}


def committed(name: str) -> str:
    path = resources.root() / "reports" / "schemas" / f"{name}.schema.json"
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", schema.DOCUMENTS)
def test_the_committed_schema_is_made_from_the_dataclasses(name: str) -> None:
    assert committed(name) == schema.schema_text(name)


@pytest.mark.parametrize("name", schema.DOCUMENTS)
def test_a_document_validates_against_its_committed_schema(name: str) -> None:
    rules = json.loads(committed(name))
    jsonschema.Draft202012Validator.check_schema(rules)
    validator = jsonschema.Draft202012Validator(rules)

    validator.validate(json.loads(render_json(DOCUMENTS[name]())))


def test_a_schema_refuses_a_missing_and_an_unknown_field() -> None:
    validator = jsonschema.Draft202012Validator(json.loads(committed("monthly-report")))
    document = json.loads(render_json(samples.small_report()))
    del document["header"]["revision"]
    document["cost"] = 1

    errors = sorted(error.validator for error in validator.iter_errors(document))

    assert errors == ["additionalProperties", "required"]


def test_a_schema_refuses_a_number_where_a_decimal_string_stands() -> None:
    validator = jsonschema.Draft202012Validator(json.loads(committed("monthly-report")))
    document = json.loads(render_json(samples.small_report()))
    document["totals"][0]["effective_cost"]["exact"] = 12.345

    assert not validator.is_valid(document)


@dataclass(frozen=True)
class Sample:
    figure: Figure
    unknown: Figure
    price: Decimal
    day: date
    moment: datetime
    status: Status
    name: str
    pairs: tuple[tuple[str, Decimal], ...]


SAMPLE = Sample(
    figure=Figure(Decimal("12.345000000000"), Decimal("12.30")),
    unknown=Figure(None, None),
    price=Decimal("1E+2"),
    day=date(2026, 10, 5),
    moment=datetime(2026, 11, 2, 6, 0, tzinfo=UTC),
    status=Status.DRAFT,
    name='<"ü🦊\u202e>',
    pairs=(("EUR", Decimal("0.000000000001")),),
)


def test_canonical_json_of_every_kind_of_value() -> None:
    assert json.loads(render_json(SAMPLE)) == {
        "figure": {"exact": "12.345", "shown": "12.30"},
        "unknown": {"exact": None, "shown": None},
        "price": "100",
        "day": "2026-10-05",
        "moment": "2026-11-02T06:00:00Z",
        "status": "DRAFT",
        "name": '<"ü🦊\u202e>',
        "pairs": [["EUR", "0.000000000001"]],
    }


def test_json_is_utf8_in_field_order_with_a_newline_at_its_end() -> None:
    text = render_json(SAMPLE)

    assert "ü🦊".encode() in text
    assert text.endswith(b"}\n")
    assert list(json.loads(text)) == list(Sample.__dataclass_fields__)


def test_a_lone_surrogate_in_a_name_stays_valid_json() -> None:
    text = render_json({"name": "a\ud800"})

    assert json.loads(text.decode("utf-8")) == {"name": "a\ud800"}


def test_a_float_is_refused() -> None:
    with pytest.raises(TypeError, match="float has no JSON form"):
        render_json({"cost": 1.5})


def test_the_same_document_gives_the_same_bytes() -> None:
    assert render_json(samples.full_report()) == render_json(samples.full_report())
