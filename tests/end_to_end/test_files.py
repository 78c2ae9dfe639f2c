"""What a report leaves behind: contract.md section 4."""

import csv
import hashlib
import json
import re
from datetime import timedelta
from pathlib import Path

import jsonschema
import pikepdf
import polars
import pytest

from tallybook.pipeline.publish import report
from tallybook.resources import root
from tests.end_to_end.conftest import NOW, OCTOBER, Lived, clock, files_below

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("end-to-end")]

COLUMNS = {
    "projects": "billing_period, project, connection, provider, billing_currency, list_cost, effective_cost, "
    "previous_effective_cost, coverage_pct",
    "workloads": "billing_period, connection, cluster, namespace, workload, workload_type, billing_currency, "
    "effective_cost, spot_hours, on_demand_hours, spot_pct, savings_available",
    "pricing": "billing_period, connection, project, pricing_category, hours, effective_cost, billing_currency, "
    "cost_basis",
    "quotas": "connection, sub_account_id, region, resource, unit, limit, used, utilisation_pct, captured_at",
    "usage": "billing_period, connection, sub_account_id, project, region, meter, unit, quantity, basis, coverage_pct",
    "coverage": "connection, dataset, date, expected, received, missing, status",
}


def test_the_promised_files_are_there(lived: Lived) -> None:
    files = files_below(lived.published.folder)
    promised = {f"monthly-report.{kind}" for kind in ("html", "pdf", "json", "xlsx")}
    promised |= {f"tables/{name}.csv" for name in (*COLUMNS, "charges")} | {"tables/charges.parquet", "manifest.json"}

    assert promised <= files
    assert (lived.house.reports_dir / "index.html").is_file()
    statements = {name for name in files if re.fullmatch(r"projects/[a-z0-9-]+/statement\.(html|pdf)", name)}
    assert len(statements) >= 2
    assert {name.partition(".")[0] + ".pdf" for name in statements} <= statements


def test_a_pdf_is_called_by_its_month(lived: Lived) -> None:
    with pikepdf.open(lived.published.folder / "monthly-report.pdf") as file:
        assert str(file.docinfo["/Title"]).startswith("Monthly cloud cost report, October 2026, ")


@pytest.mark.parametrize("name", COLUMNS)
def test_tables_have_the_promised_columns(lived: Lived, name: str) -> None:
    with (lived.published.folder / "tables" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows = list(reader)

    assert set(COLUMNS[name].split(", ")) <= set(reader.fieldnames or ())
    assert rows


@pytest.mark.parametrize("name", ["monthly-report", "manifest"])
def test_json_fits_its_committed_schema(lived: Lived, name: str) -> None:
    schema = json.loads((root() / "reports" / "schemas" / f"{name}.schema.json").read_text(encoding="utf-8"))
    document = json.loads((lived.published.folder / f"{name}.json").read_text(encoding="utf-8"))

    jsonschema.Draft202012Validator(schema).validate(document)


def test_the_manifest_hashes_every_file(lived: Lived) -> None:
    manifest = json.loads((lived.published.folder / "manifest.json").read_text(encoding="utf-8"))
    listed = {file["path"]: file["sha256"] for file in manifest["files"]}

    assert set(listed) == files_below(lived.published.folder) - {"manifest.json"}
    for path, sha256 in listed.items():
        assert hashlib.sha256((lived.published.folder / path).read_bytes()).hexdigest() == sha256


def test_the_parquet_holds_the_charges_of_the_csv(lived: Lived) -> None:
    parquet = polars.read_parquet(lived.published.folder / "tables" / "charges.parquet")
    with (lived.published.folder / "tables" / "charges.csv").open(encoding="utf-8", newline="") as file:
        assert parquet.height == sum(1 for _ in csv.DictReader(file))
    assert str(parquet["effective_cost"].dtype).startswith("Decimal")


def test_the_library_leads_to_every_file_it_names(lived: Lived) -> None:
    index = lived.house.reports_dir / "index.html"
    links = re.findall(r'href="([^"#]+)"', index.read_text(encoding="utf-8"))
    local = [link for link in links if not link.startswith(("data:", "mailto:"))]

    assert local
    assert [link for link in local if not (index.parent / link).exists()] == []


def test_nothing_changed_makes_no_new_revision(lived: Lived) -> None:
    again = report(lived.house, OCTOBER, clock=clock)

    assert (again.revision, again.is_new) == (lived.published.revision, False)
    assert [path.name for path in _revisions(lived)] == ["r01"]


def test_a_failing_publication_leaves_nothing_half_written(lived: Lived, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("the renderer broke")

    monkeypatch.setattr("tallybook.pipeline.files.render_xlsx", fail)
    with pytest.raises(RuntimeError):
        report(lived.house, OCTOBER, clock=lambda: NOW + timedelta(days=1))

    assert [path.name for path in _revisions(lived)] == ["r01"]


def test_no_secret_is_in_any_file(lived: Lived) -> None:
    from tallybook.sandbox.configuration import SECRETS

    secrets = [value.encode() for value in SECRETS.values()]
    for path in lived.house.settings.data_dir.rglob("*"):
        if path.is_file():
            body = path.read_bytes()
            assert [secret for secret in secrets if secret in body] == [], path


def _revisions(lived: Lived) -> list[Path]:
    return sorted((lived.house.reports_dir / "2026-10").iterdir())
