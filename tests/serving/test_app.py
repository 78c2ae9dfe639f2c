"""The library over HTTP: nothing without the token, nothing but published files with it."""

import os
from pathlib import Path
from urllib.parse import quote

import pytest

from tallybook.serving.access import ATTEMPTS, SESSION_SECONDS, WINDOW_SECONDS
from tests.serving.conftest import TOKEN, Reader

REPORT = "/2026-10/r02/monthly-report.html"
PDF = "/2026-10/r02/monthly-report.pdf"


@pytest.mark.parametrize("path", ["/", "/index.html", REPORT, PDF, "/nothing", "/../library-token"])
def test_a_stranger_is_asked_for_the_token_whatever_is_there(stranger: Reader, path: str) -> None:
    answer = stranger.get(path)

    assert answer.status_code == 401
    assert '<input id="token" name="token" type="password"' in answer.text
    assert "October</title>" not in answer.text
    assert answer.headers["cache-control"] == "no-store"


def test_the_token_opens_the_page_that_was_asked_for(stranger: Reader) -> None:
    signed_in = stranger.sign_in(path=REPORT)
    opened = stranger.get(REPORT)

    assert (signed_in.status_code, signed_in.headers["location"]) == (303, "./monthly-report.html")
    assert (opened.status_code, "October</title>" in opened.text) == (200, True)


@pytest.mark.parametrize(
    ("path", "expected"), [("/", "./"), ("//evil.example/", "./"), ("//evil.example", "./evil.example")]
)
def test_a_sign_in_leads_nowhere_else(stranger: Reader, path: str, expected: str) -> None:
    answer = stranger.ask("POST", f"http://library{path}", data={"token": TOKEN})

    assert (answer.status_code, answer.headers["location"]) == (303, expected)


def test_the_cookie_is_for_this_server_alone_and_holds_no_token(reports: Path) -> None:
    plain, secure = (Reader(reports, is_secure=flag).sign_in().headers["set-cookie"] for flag in (False, True))

    assert TOKEN not in plain
    words = {word.strip().lower() for word in plain.split(";")[1:]}
    assert words == {"httponly", "samesite=lax", "path=/", f"max-age={SESSION_SECONDS}"}
    assert "secure" in {word.strip().lower() for word in secure.split(";")}


@pytest.mark.parametrize("body", [{}, {"token": ""}, {"token": "wrong"}, {"token": "x" * 10_000}])
def test_a_wrong_token_opens_nothing(stranger: Reader, body: dict[str, str]) -> None:
    answer = stranger.ask("POST", "/", data=body)

    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers
    assert "That is not the token" in answer.text
    assert stranger.get("/").status_code == 401


def test_a_token_in_an_address_opens_nothing(stranger: Reader) -> None:
    assert stranger.get(f"/?token={TOKEN}").status_code == 401
    assert stranger.ask("POST", f"/?token={TOKEN}").status_code == 401


def test_guessing_is_slowed_down_and_readers_read_on(reader: Reader) -> None:
    for _ in range(ATTEMPTS):
        assert reader.sign_in("guess").status_code == 401

    refused = reader.sign_in()
    assert (refused.status_code, refused.headers["retry-after"]) == (429, str(WINDOW_SECONDS))
    assert "Wait 60 seconds" in refused.text
    assert reader.get("/").status_code == 200
    reader.cookies.clear()
    assert reader.get("/", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 429
    reader.now += WINDOW_SECONDS
    assert reader.sign_in().status_code == 303


def test_an_address_that_a_header_names_is_not_counted(stranger: Reader) -> None:
    for number in range(ATTEMPTS):
        stranger.ask("POST", "/", data={"token": "guess"}, headers={"X-Forwarded-For": f"198.51.100.{number}"})

    assert stranger.sign_in().status_code == 429


def test_a_session_ends_after_its_time(reader: Reader) -> None:
    reader.now += SESSION_SECONDS

    assert reader.get("/").status_code == 401


def test_programs_send_the_token_with_each_request(stranger: Reader) -> None:
    stranger.headers = {"Accept": "*/*"}
    right = stranger.get(PDF, headers={"Authorization": f"Bearer {TOKEN}"})
    wrong = stranger.get(PDF, headers={"Authorization": "Bearer guess"})

    assert (right.status_code, right.content) == (200, b"%PDF-1.7 October")
    assert (wrong.status_code, wrong.headers["content-type"]) == (401, "text/plain; charset=utf-8")
    assert wrong.headers["www-authenticate"] == "Bearer"
    assert wrong.text == "Sign in with the token of this library. Whoever runs it can tell you.\n"


def test_browsers_are_told_in_the_language_of_the_library_and_programs_in_english(reports: Path) -> None:
    stranger, reader = Reader(reports, language="de"), Reader(reports, language="de")
    reader.sign_in()
    asked, wrong, gone = stranger.get("/"), stranger.sign_in("guess"), reader.get("/2026-10/none.html")
    plain = stranger.get("/", headers={"Accept": "*/*"})
    for _ in range(ATTEMPTS):
        refused = stranger.sign_in("guess")

    assert all('<html lang="de">' in page.text for page in (asked, wrong, gone, refused))
    assert "<h1>Cloud-Kostenberichte</h1>" in asked.text
    assert "Bitte mit dem Token dieser Bibliothek anmelden." in asked.text
    assert "Das ist nicht das Token dieser Bibliothek." in wrong.text
    assert "<h1>Nicht gefunden</h1>" in gone.text
    assert f"{WINDOW_SECONDS} Sekunden warten" in refused.text
    assert plain.text == "Sign in with the token of this library. Whoever runs it can tell you.\n"


def test_a_proxys_own_credentials_keep_no_reader_out(reader: Reader) -> None:
    for _ in range(2 * ATTEMPTS):
        for header in ("Basic cmVhZGVyOnB3", "Bearer of-the-proxy"):
            assert reader.get("/", headers={"Authorization": header}).status_code == 200

    assert reader.sign_in().status_code == 303


def test_the_library_is_at_the_root_and_names_no_folder(reader: Reader) -> None:
    assert reader.get("/").text == reader.get("/index.html").text == "<!doctype html><title>Library</title>"
    for folder in ("/2026-10", "/2026-10/", "/2026-10/r02/", "/2026-10/r02/tables/"):
        assert reader.get(folder).status_code == 404


@pytest.mark.parametrize(
    ("path", "media_type", "disposition"),
    [
        ("index.html", "text/html; charset=utf-8", None),
        ("2026-10/r02/monthly-report.html", "text/html; charset=utf-8", None),
        ("2026-10/r02/monthly-report.pdf", "application/pdf", 'inline; filename="cloud-costs-2026-10-r02-final.pdf"'),
        (
            "2026-10/r02/manifest.json",
            "application/json",
            'inline; filename="cloud-costs-2026-10-r02-final-manifest.json"',
        ),
        (
            "2026-10/r02/tables/projects.csv",
            "text/csv; charset=utf-8",
            'attachment; filename="cloud-costs-2026-10-r02-final-projects.csv"',
        ),
        (
            "2026-10/r02/tables/charges.parquet",
            "application/vnd.apache.parquet",
            'attachment; filename="cloud-costs-2026-10-r02-final-charges.parquet"',
        ),
    ],
)
def test_files_have_their_type_and_a_telling_name(
    reader: Reader, path: str, media_type: str, disposition: str | None
) -> None:
    answer = reader.get(f"/{path}")

    assert answer.status_code == 200
    assert answer.content == (reader.folder / path).read_bytes()
    assert answer.headers["content-type"] == media_type
    assert answer.headers.get("content-disposition") == disposition
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "private, no-cache"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


def test_pages_may_load_nothing_and_answers_of_unknown_types_are_not_shown(reader: Reader) -> None:
    (reader.folder / "2026-10" / "r02" / "odd.svg").write_text("<svg/>", encoding="utf-8")

    assert reader.get(REPORT).headers["content-security-policy"].startswith("default-src 'none';")
    odd = reader.get("/2026-10/r02/odd.svg")
    assert odd.headers["content-type"] == "application/octet-stream"
    assert odd.headers["content-disposition"].startswith("attachment;")


def test_what_did_not_change_is_not_sent_again_and_parts_can_be_asked_for(reader: Reader) -> None:
    whole = reader.get(PDF)
    again = reader.get(PDF, headers={"If-None-Match": whole.headers["etag"]})
    part = reader.get(PDF, headers={"Range": "bytes=0-3"})
    head = reader.ask("HEAD", PDF)

    assert (again.status_code, again.content) == (304, b"")
    assert (part.status_code, part.content) == (206, b"%PDF")
    assert (head.status_code, head.headers["content-length"], head.content) == (200, "16", b"")


@pytest.mark.parametrize(
    "path",
    [
        "/../library-token",
        "/%2e%2e/library-token",
        "/..%2flibrary-token",
        "/2026-10/..%2f..%2flibrary-token",
        "/..%5clibrary-token",
        "/%2fetc/passwd",
        "//etc/passwd",
        "/2026-10/r02/%00",
        "/index.html%00.pdf",
        "/" + "x" * 5000,
        "/.hidden.html",
        "/2026-10/.tmp-r03/monthly-report.html",
        "/2026-10/r02/./.secret",
        "/index.html/x",
    ],
)
def test_nothing_outside_and_nothing_hidden_is_served(reader: Reader, path: str) -> None:
    (reader.folder / ".hidden.html").write_text("hidden", encoding="utf-8")
    half = reader.folder / "2026-10" / ".tmp-r03"
    half.mkdir()
    (half / "monthly-report.html").write_text("half of it", encoding="utf-8")
    (reader.folder / "2026-10" / "r02" / ".secret").write_text("hidden", encoding="utf-8")

    answer = reader.get(path)

    assert answer.status_code == 404
    assert not {"hidden", "half of it", TOKEN, "root:"} & set(answer.text.split())


def test_links_lead_out_of_nothing(reader: Reader) -> None:
    outside = reader.folder.parent / "library-token"
    (reader.folder / "token.html").symlink_to(outside)
    (reader.folder / "up").symlink_to(reader.folder.parent)
    (reader.folder / "round.html").symlink_to("round.html")
    (reader.folder / ".notes").write_text("hidden", encoding="utf-8")
    (reader.folder / "notes.html").symlink_to(".notes")
    (reader.folder / "latest.html").symlink_to("2026-10/r02/monthly-report.html")

    for path in ("/token.html", "/up/library-token", "/round.html", "/notes.html"):
        assert reader.get(path).status_code == 404, path
    assert "October</title>" in reader.get("/latest.html").text  # within the folder


def test_what_is_no_file_is_not_opened(reader: Reader) -> None:
    os.mkfifo(reader.folder / "pipe.html")

    assert reader.get("/pipe.html").status_code == 404


def test_not_found_leads_back_relative_to_where_one_is(reader: Reader) -> None:
    assert '<a href="../../index.html">All reports</a>' in reader.get("/2026-10/r02/nothing.html").text
    assert '<a href="index.html">All reports</a>' in reader.get("/nothing.html").text
    shown = reader.get(f"/{quote('<script>alert(1)')}").text
    assert "<script>alert(1)" not in shown


def test_other_methods_are_refused(reader: Reader) -> None:
    for method in ("PUT", "DELETE", "OPTIONS", "PATCH"):
        assert reader.ask(method, PDF).status_code == 405


@pytest.mark.parametrize("has_folder", [True, False])
def test_a_library_before_its_first_report_says_how_to_fill_it(tmp_path: Path, *, has_folder: bool) -> None:
    folder = tmp_path / "reports"
    if has_folder:
        folder.mkdir()
    reader = Reader(folder)
    reader.sign_in()

    answer = reader.get("/")
    assert answer.status_code == 404
    assert "tallybook run --month last" in answer.text


def test_a_revision_whose_manifest_is_damaged_can_be_read(reader: Reader) -> None:
    for body in ("", "[]", '{"status": 5}', '{"status": "<NEW>"}'):
        (reader.folder / "2026-10" / "r02" / "manifest.json").write_text(body, encoding="utf-8")
        answer = reader.get(PDF)
        assert (answer.status_code, answer.headers.get("content-disposition")) == (200, None)
