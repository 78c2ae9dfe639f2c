"""Folders and stores: a real folder, and a real server that speaks S3."""

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from moto.server import ThreadedMotoServer

from tallybook.pipeline.delivering import Wish, deliver
from tests.delivery.conftest import CSV, NOW, PDF, Write, free_port, publish, report

FOLDER = 'name = "share"\nkind = "folder"\nurl = "share/finance"'


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_a_folder_gets_the_revision_as_it_was_published(write: Write, tmp_path: Path) -> None:
    house = write(FOLDER)
    folder = publish(house.settings.data_dir, report())

    (told,) = deliver(house, "2026-10", clock=lambda: NOW)

    assert told.message == "share: delivered 2026-10 r01 to share/finance/2026-10/r01"
    there = tmp_path / "share" / "finance" / "2026-10" / "r01"
    assert files(there) == files(folder)
    assert all((there / name).read_bytes() == (folder / name).read_bytes() for name in files(folder))


def test_only_chosen_files_and_their_manifest_are_delivered(write: Write, tmp_path: Path) -> None:
    house = write(FOLDER + '\nfiles = ["*.pdf", "tables/*.csv"]')
    publish(house.settings.data_dir, report())

    deliver(house, "2026-10", clock=lambda: NOW)

    assert files(tmp_path / "share" / "finance" / "2026-10" / "r01") == [
        *("manifest.json", "monthly-report.pdf", "tables/projects.csv"),
    ]


def test_a_test_lies_beside_the_real_ones(write: Write, tmp_path: Path) -> None:
    house = write(FOLDER)
    publish(house.settings.data_dir, report())

    (told,) = deliver(house, "2026-10", clock=lambda: NOW, wish=Wish(is_test=True))

    assert told.outcome == "tested"
    assert [path.name for path in (tmp_path / "share" / "finance").iterdir()] == ["test"]


def test_the_manifest_comes_last(write: Write, tmp_path: Path) -> None:
    house = write(FOLDER)
    folder = publish(house.settings.data_dir, report())
    (folder / "tables" / "projects.csv").write_bytes(b"changed")

    (told,) = deliver(house, "2026-10", clock=lambda: NOW)

    assert told.outcome == "failed"
    assert "projects.csv was changed since it was published" in told.message
    assert "manifest.json" not in files(tmp_path / "share")


@pytest.mark.parametrize("path", ["../../secrets.toml", "/etc/passwd", "tables/../../../x", ""])
def test_a_manifest_that_names_files_elsewhere_is_refused(write: Write, path: str) -> None:
    house = write(FOLDER)
    folder = publish(house.settings.data_dir, report())
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"][0]["path"] = path
    (folder / "manifest.json").write_text(json.dumps(manifest))

    (told,) = deliver(house, "2026-10", clock=lambda: NOW)

    assert told.outcome == "failed"
    assert "is no whole revision" in told.message


def test_patterns_that_match_nothing_are_told(write: Write) -> None:
    house = write(FOLDER + '\nfiles = ["*.docx"]')
    publish(house.settings.data_dir, report())

    assert (
        "no file of 2026-10/r01 matches files = ['*.docx']" in deliver(house, "2026-10", clock=lambda: NOW)[0].message
    )


def test_a_place_that_cannot_be_written_is_told(write: Write, tmp_path: Path) -> None:
    (tmp_path / "share").write_text("a file")
    house = write(FOLDER)
    publish(house.settings.data_dir, report())

    (told,) = deliver(house, "2026-10", clock=lambda: NOW)

    assert told.outcome == "failed"
    assert "could not be written" in told.message


@pytest.mark.parametrize(("url", "said"), [("nosuch://x/y", "nosuch"), ("s3://reports", "pip install 'tallybook[s3]'")])
def test_a_store_without_its_package_says_what_to_install(
    write: Write, monkeypatch: pytest.MonkeyPatch, url: str, said: str
) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    house = write(FOLDER.replace("share/finance", url))
    publish(house.settings.data_dir, report())

    (told,) = deliver(house, "2026-10", clock=lambda: NOW)

    assert told.outcome == "failed"
    assert said in told.message


class Bucket:
    """A bucket of a real server that speaks S3."""

    def __init__(self, endpoint: str) -> None:
        import boto3

        self.endpoint = endpoint
        self.client: Any = boto3.client(
            "s3",
            endpoint_url=endpoint,
            region_name="us-east-1",
            aws_access_key_id="AKIATEST",
            aws_secret_access_key="s3cr3t-k3y",
        )
        self.client.create_bucket(Bucket="finance")

    def objects(self) -> dict[str, bytes]:
        listed = self.client.list_objects_v2(Bucket="finance").get("Contents", [])
        return {one["Key"]: self.client.get_object(Bucket="finance", Key=one["Key"])["Body"].read() for one in listed}

    def names(self) -> list[str]:
        return [one["Name"] for one in self.client.list_buckets()["Buckets"]]


@pytest.fixture(scope="module")
def bucket() -> Iterator[Bucket]:
    port = free_port()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    server.start()
    try:
        yield Bucket(f"http://127.0.0.1:{port}")
    finally:
        server.stop()


def store(bucket: Bucket, url: str) -> str:
    return (
        f'name = "store"\nkind = "folder"\nurl = "{url}"\nfiles = ["*.pdf", "*.csv"]\n'
        f'options = {{ endpoint_url = "{bucket.endpoint}" }}\n'
        'secrets = { key = { env = "S3_KEY" }, secret = { env = "S3_SECRET" } }'
    )


@pytest.fixture
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("S3_KEY", "AKIATEST")
    monkeypatch.setenv("S3_SECRET", "s3cr3t-k3y")


@pytest.mark.usefixtures("_keys")
def test_an_object_store_gets_the_files(write: Write, bucket: Bucket) -> None:
    house = write(store(bucket, "s3://finance/reports"))
    folder = publish(house.settings.data_dir, report())

    (told,) = deliver(house, "2026-10", clock=lambda: NOW)

    assert told.message == "store: delivered 2026-10 r01 to s3://finance/reports/2026-10/r01"
    manifest = (folder / "manifest.json").read_bytes()
    assert bucket.objects() == {
        "reports/2026-10/r01/manifest.json": manifest,
        "reports/2026-10/r01/monthly-report.pdf": PDF,
        "reports/2026-10/r01/tables/projects.csv": CSV,
    }
    (receipt,) = (house.settings.data_dir / "deliveries").rglob("*.json")
    told_files = {one["path"]: one["sha256"] for one in json.loads(receipt.read_text())["files"]}
    assert told_files["manifest.json"] == hashlib.sha256(manifest).hexdigest()
    assert "s3cr3t" not in receipt.read_text()


@pytest.mark.usefixtures("_keys")
def test_a_bucket_that_is_not_there_is_not_made(write: Write, bucket: Bucket) -> None:
    house = write(store(bucket, "s3://finanze/reports"))
    publish(house.settings.data_dir, report())

    (told,) = deliver(house, "2026-10", clock=lambda: NOW)

    assert told.outcome == "failed"
    assert "could not be written" in told.message
    assert bucket.names() == ["finance"]


def test_a_store_whose_secret_is_missing_is_told(write: Write, bucket: Bucket) -> None:
    house = write(store(bucket, "s3://finance/reports"))
    publish(house.settings.data_dir, report())

    (told,) = deliver(house, "2026-10", clock=lambda: NOW)

    assert told.message == "store: environment variable S3_KEY is not set; export it"
