import gzip
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from tallybook.contract import Auth, Request
from tallybook.errors import ProviderError, StorageError
from tallybook.http import Client, Reply, RetryPolicy, StaticHeaders, post
from tests.support.web import Asked, Said, serving

TOKEN = "t0k3n-v4lue"
QUICK = RetryPolicy(attempts=3, timeout_seconds=20, wait_initial_seconds=0.01, wait_max_seconds=0.02)
ONCE = RetryPolicy(attempts=1)
USAGE = Request("usage", "/usage", params=(("period", "hourly"), ("of", "a b&c")))
MakeClient = Callable[..., Client]


@dataclass
class Renewing:
    """A credential that can be renewed; each renewal gives the next number."""

    number: int = 1
    renewals: list[str] = field(default_factory=list)

    def headers(self, credential: str) -> Mapping[str, str]:  # noqa: ARG002 - the protocol's argument
        return {"Authorization": f"Bearer {TOKEN}-{self.number}"}

    def renew(self, credential: str) -> bool:
        self.renewals.append(credential)
        self.number += 1
        return True


@pytest.fixture
def client() -> Iterator[MakeClient]:
    made: list[Client] = []

    def make(
        url: str,
        *,
        auth: Auth | None = None,
        retry: RetryPolicy = QUICK,
        timeout_seconds: float = 5.0,
        max_bytes: int = 2**20,
    ) -> Client:
        made.append(
            Client(
                base_url=url,
                auth=auth or StaticHeaders({"Authorization": f"Bearer {TOKEN}"}),
                hint="the key needs view permission",
                timeout_seconds=timeout_seconds,
                max_bytes=max_bytes,
                max_connections=4,
                retry=retry,
            )
        )
        return made[-1]

    yield make
    for each in made:
        each.close()


def whole(reply: Reply, chunks: Iterator[bytes]) -> bytes:
    return b"".join(chunks)


def refusal(asking: Client, request: Request = USAGE) -> str:
    with pytest.raises(ProviderError) as caught:
        asking.ask(request, whole)
    message = str(caught.value)
    assert TOKEN not in message
    assert message.isprintable()
    return message


# What is asked


def test_the_question_arrives_with_its_parameters_and_credential(client: MakeClient) -> None:
    with serving(Said(body=b"[1]")) as web:
        reply, body = client(web.url + "/api/").ask(USAGE, whole)

    (asked,) = web.asked
    assert (asked.method, asked.path) == ("GET", "/api/usage?period=hourly&of=a+b%26c")
    assert asked.headers["authorization"] == f"Bearer {TOKEN}"
    assert (reply.status, body) == (200, b"[1]")


def test_a_query_within_the_path_is_kept(client: MakeClient) -> None:
    with serving(Said()) as web:
        client(web.url).ask(Request("page", "/projects?page=2"), whole)

    assert web.paths == ["/projects?page=2"]


def test_a_json_question_is_posted_again_whole_on_a_retry(client: MakeClient) -> None:
    with serving([Said(503), Said()]) as web:
        client(web.url).ask(Request("report", "/report", method="POST", json={"from": "2026-10-01"}), whole)

    assert [(asked.method, asked.body) for asked in web.asked] == [("POST", b'{"from":"2026-10-01"}')] * 2


def test_the_answers_own_date_is_read(client: MakeClient) -> None:
    with serving(Said(headers={"Date": "Thu, 01 Oct 2026 05:00:00 GMT"})) as web:
        reply, _ = client(web.url).ask(USAGE, whole)

    assert reply.date == datetime(2026, 10, 1, 5, tzinfo=UTC)


@pytest.mark.parametrize("date", ["", "yesterday", "Fri, 31 Dec 9999 23:59:59 -0100"])
def test_a_date_that_is_none_is_missing(client: MakeClient, date: str) -> None:
    with serving(Said(headers={"Date": date})) as web:
        reply, _ = client(web.url).ask(USAGE, whole)

    assert reply.date is None


def test_cookies_of_one_answer_do_not_travel_with_the_next_question(client: MakeClient) -> None:
    with serving(Said(headers={"Set-Cookie": "session=a; Path=/"})) as web:
        asking = client(web.url)
        asking.ask(USAGE, whole)
        asking.ask(USAGE, whole)

    assert "cookie" not in web.asked[1].headers


def test_neither_netrc_nor_proxies_of_the_environment_are_used(
    client: MakeClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login other password other\n", encoding="utf-8")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    with serving(Said()) as proxy, serving(Said()) as web:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        client(web.url).ask(USAGE, whole)

    assert proxy.asked == []
    assert web.asked[0].headers["authorization"] == f"Bearer {TOKEN}"


# Tried again, or not


@pytest.mark.parametrize("status", [408, 429, 502, 503, 504])
def test_what_may_pass_is_tried_again(client: MakeClient, status: int) -> None:
    with serving([Said(status), Said(status), Said(body=b'{"a":1}')]) as web:
        _, body = client(web.url).ask(USAGE, whole)

    assert body == b'{"a":1}'
    assert len(web.asked) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 422, 500, 501, 204, 206, 304])
def test_nothing_else_is_tried_again(client: MakeClient, status: int) -> None:
    body = b"" if status in (204, 304) else b'{"message":"no such key"}'
    with serving(Said(status, body)) as web:
        message = refusal(client(web.url))

    assert len(web.asked) == 1
    assert message.startswith(f"HTTP {status} for /usage")


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_credential_says_what_to_check(client: MakeClient, status: int) -> None:
    with serving(Said(status, b'{"message": "forbidden"}')) as web:
        message = refusal(client(web.url))

    assert message == f'HTTP {status} for /usage: {{"message": "forbidden"}}; the key needs view permission'


def test_what_does_not_pass_fails_with_the_last_answer(client: MakeClient) -> None:
    with serving(Said(503, b"maintenance")) as web:
        message = refusal(client(web.url))

    assert len(web.asked) == 3
    assert message == "HTTP 503 for /usage: maintenance; the provider failed, run it again later"


@pytest.mark.parametrize(
    "wait",
    [
        {"Retry-After": "1"},
        # an HTTP date is measured on the clock of the answer, which may be years from ours
        {"Retry-After": "Thu, 01 Oct 2026 05:00:01 GMT", "Date": "Thu, 01 Oct 2026 05:00:00 GMT"},
    ],
)
def test_retry_after_is_obeyed(client: MakeClient, wait: dict[str, str]) -> None:
    with serving([Said(429, headers=wait), Said()]) as web:
        began = time.monotonic()
        client(web.url).ask(USAGE, whole)
        seconds = time.monotonic() - began

    assert 1.0 <= seconds < 3.0


@pytest.mark.parametrize("failing", [Said(status=503, body=TOKEN.encode()), Said(hangs_up=True)])
def test_a_retry_is_told_with_the_connection_and_without_the_credential(
    client: MakeClient, failing: Said, caplog: pytest.LogCaptureFixture
) -> None:
    with serving([failing, Said()]) as web:
        client(web.url, retry=replace(QUICK, name="ocore-main")).ask(
            Request("usage", "/usage"), lambda _, chunks: b"".join(chunks)
        )

    (told,) = [record.getMessage() for record in caplog.records if record.name == "tallybook.http"]
    assert told.startswith("ocore-main: ")
    assert "/usage" in told
    assert TOKEN not in told


def test_a_retry_after_in_the_past_does_not_wait(client: MakeClient) -> None:
    past = format_datetime(datetime.now(UTC) - timedelta(hours=1), usegmt=True)
    with serving([Said(503, headers={"Retry-After": past}), Said()]) as web:
        began = time.monotonic()
        client(web.url).ask(USAGE, whole)

    assert time.monotonic() - began < 1.0


@pytest.mark.parametrize("wait", ["soon", "-1", "1.5", "\N{SUPERSCRIPT TWO}", ""])
def test_a_retry_after_that_says_nothing_is_a_usual_retry(client: MakeClient, wait: str) -> None:
    with serving([Said(429, headers={"Retry-After": wait}), Said()]) as web:
        client(web.url).ask(USAGE, whole)

    assert len(web.asked) == 2


@pytest.mark.parametrize("wait", ["301", "9" * 400])
def test_a_wait_of_more_than_five_minutes_fails_at_once(client: MakeClient, wait: str) -> None:
    with serving(Said(429, headers={"Retry-After": wait})) as web:
        assert "HTTP 429 for /usage" in refusal(client(web.url))

    assert len(web.asked) == 1


@pytest.mark.parametrize(
    "broken",
    [
        Said(hangs_up=True),
        Said(body=b'{"a":', told_length=100),
        Said(body=b'{"a":', is_chunked=True, is_cut=True),
        Said(body=gzip.compress(b'{"a":1}' * 1000)[:-9], headers={"Content-Encoding": "gzip"}),
        Said(body=b"no gzip", headers={"Content-Encoding": "gzip"}),
    ],
    ids=["hung up", "short", "chunk missing", "gzip cut", "gzip damaged"],
)
def test_a_broken_answer_is_asked_again_and_then_whole(client: MakeClient, broken: Said) -> None:
    parts: list[list[bytes]] = []

    def collecting(_: Reply, chunks: Iterator[bytes]) -> bytes:
        parts.append([])
        for chunk in chunks:
            parts[-1].append(chunk)
        return b"".join(parts[-1])

    with serving([broken, broken, Said(body=b'{"a":1}')]) as web:
        _, body = client(web.url).ask(USAGE, collecting)

    assert body == b'{"a":1}'
    assert len(web.asked) == 3


def test_an_answer_that_stays_broken_says_so(client: MakeClient) -> None:
    with serving(Said(body=b"{", told_length=10)) as web:
        message = refusal(client(web.url))

    assert len(web.asked) == 3
    assert message.startswith("/usage could not be asked (RemoteProtocolError")


def test_a_refusal_whose_body_breaks_off_is_still_a_refusal(client: MakeClient) -> None:
    with serving(Said(403, b"not yours", told_length=500)) as web:
        message = refusal(client(web.url))

    assert len(web.asked) == 1
    assert message == "HTTP 403 for /usage: not yours; the key needs view permission"


def test_a_refused_connection_is_clear(client: MakeClient) -> None:
    with serving(Said()) as web:
        url = web.url

    message = refusal(client(url, retry=ONCE))

    assert message.startswith("/usage could not be asked (ConnectError")
    assert message.endswith("check base_url and that the provider is up")


def test_a_slow_provider_times_out(client: MakeClient) -> None:
    with serving(Said(after_seconds=1.0)) as web:
        began = time.monotonic()
        message = refusal(client(web.url, timeout_seconds=0.2, retry=ONCE))
        seconds = time.monotonic() - began

    assert "ReadTimeout" in message
    assert seconds < 0.9


def test_a_consumer_that_cannot_go_on_is_not_tried_again(client: MakeClient) -> None:
    def full(_: Reply, chunks: Iterator[bytes]) -> None:
        raise StorageError("the disk is full")

    with serving(Said()) as web, pytest.raises(StorageError):
        client(web.url).ask(USAGE, full)

    assert len(web.asked) == 1


# Credentials


def only_with(token: str) -> Callable[[Asked], Said]:
    def answering(asked: Asked) -> Said:
        return Said() if asked.headers.get("authorization") == f"Bearer {token}" else Said(401, b"expired")

    return answering


def test_a_refused_credential_is_renewed_and_asked_with_again(client: MakeClient) -> None:
    auth = Renewing()
    with serving(only_with(f"{TOKEN}-2")) as web:
        client(web.url, auth=auth).ask(Request("usage", "/usage", credential="project-1"), whole)

    assert auth.renewals == ["project-1"]
    assert len(web.asked) == 2


def test_a_credential_is_renewed_only_once(client: MakeClient) -> None:
    auth = Renewing()
    with serving(Said(401, b"no")) as web:
        message = refusal(client(web.url, auth=auth))

    assert len(auth.renewals) == 1
    assert len(web.asked) == 2
    assert message == "HTTP 401 for /usage: no; the key needs view permission"


@pytest.mark.parametrize(
    "echo",
    [
        f"bad key {TOKEN}!",
        f"Authorization: Bearer {TOKEN}",
        " " * 1990 + TOKEN * 50,  # cut within the token
        "x" * 100 + " " * 1895 + TOKEN[:8],
    ],
)
def test_a_credential_that_an_error_repeats_is_not_shown(client: MakeClient, echo: str) -> None:
    with serving(Said(403, echo.encode())) as web:
        message = refusal(client(web.url))

    assert TOKEN[:6] not in message


@pytest.mark.parametrize("value", ["n", "not"])
def test_a_header_too_short_for_a_secret_hides_no_words(client: MakeClient, value: str) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}", "X-Cluster": value}
    with serving(Said(403, b"not yours: no entry")) as web:
        message = refusal(client(web.url, auth=StaticHeaders(headers)))

    assert "HTTP 403 for /usage: not yours: no entry;" in message


def test_an_empty_header_does_not_hide_the_message(client: MakeClient) -> None:
    with serving(Said(403, b"not yours")) as web:
        message = refusal(client(web.url, auth=StaticHeaders({"Authorization": f"Bearer {TOKEN}", "X-Org": ""})))

    assert "HTTP 403 for /usage: not yours;" in message


def test_an_error_body_cannot_break_lines_or_act_on_a_terminal(client: MakeClient) -> None:
    hostile = "a\r\nb\tc\x1b[2Jd\x00e\u2028f\x9b31mg\u202eh\x7f" + "x" * 10_000
    with serving(Said(400, hostile.encode())) as web:
        message = refusal(client(web.url))

    assert message.startswith("HTTP 400 for /usage: a b c [2Jd e f 31mg h xxx")
    assert len(message) < 300


@pytest.mark.parametrize("token", [f"{TOKEN}\r\nX-Other: 1", f"{TOKEN}ä", f"{TOKEN}\x00"])
def test_a_credential_that_no_header_can_carry_is_told_without_it(client: MakeClient, token: str) -> None:
    with serving(Said()) as web:
        message = refusal(client(web.url, auth=StaticHeaders({"Authorization": f"Bearer {token}"})))

    assert message == "the credential holds characters that no HTTP header can carry; check the secret"
    assert web.asked == []


# Redirects and fallbacks


def redirecting(location: str, status: int = 302) -> Callable[[Asked], Said]:
    def answering(asked: Asked) -> Said:
        return Said(status, headers={"Location": location}) if asked.path.startswith("/usage?") else Said(body=b"[7]")

    return answering


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize(
    ("location", "arrives"),
    [
        ("/v2/usage/", "/v2/usage/?period=hourly&of=a+b%26c"),
        ("v2/usage", "/v2/usage?period=hourly&of=a+b%26c"),
        ("/v2/usage?period=daily", "/v2/usage?period=daily"),
    ],
)
def test_a_redirect_within_the_origin_is_followed_with_the_query(
    client: MakeClient, status: int, location: str, arrives: str
) -> None:
    with serving(redirecting(location, status)) as web:
        _, body = client(web.url).ask(USAGE, whole)

    assert body == b"[7]"
    assert web.paths == ["/usage?period=hourly&of=a+b%26c", arrives]
    assert web.asked[1].headers["authorization"] == f"Bearer {TOKEN}"


def test_a_redirect_to_the_full_address_of_the_same_origin_is_followed(client: MakeClient) -> None:
    with serving(Said()) as web:
        web.answering = redirecting(f"{web.url}/v2/usage")
        client(web.url).ask(USAGE, whole)

    assert web.paths[1] == "/v2/usage?period=hourly&of=a+b%26c"


@pytest.mark.parametrize("form", ["{url}/usage", "//{host}/usage", "http://user:secret@{host}/usage"])
def test_nothing_is_sent_to_another_origin(client: MakeClient, form: str) -> None:
    with serving(Said()) as other, serving(Said()) as web:
        location = form.format(url=other.url, host=other.url.removeprefix("http://"))
        web.answering = redirecting(location)
        message = refusal(client(web.url))

    assert other.asked == []
    assert f"redirects to another origin, {other.url}: no credential is sent there" in message
    assert "user:secret" not in message


@pytest.mark.parametrize("location", ["https://{host}/usage", "http://127.0.0.1.nip.example/usage", "ftp://{host}/"])
def test_another_scheme_or_name_is_another_origin(client: MakeClient, location: str) -> None:
    with serving(Said()) as web:
        web.answering = redirecting(location.format(host=web.url.removeprefix("http://")))
        message = refusal(client(web.url))

    assert "redirects to another origin" in message
    assert len(web.asked) == 1


@pytest.mark.parametrize("location", ["http://[::1", "http://evil:99999999/", "//[", "http://a\x00b/", "//"])
def test_a_redirect_to_nonsense_is_refused(client: MakeClient, location: str) -> None:
    with serving(redirecting(location)) as web:
        assert "/usage" in refusal(client(web.url))

    assert {path.split("?")[0] for path in web.paths} == {"/usage"}


@pytest.mark.parametrize("headers", [{}, {"Location": "/usage"}])
def test_a_redirect_in_circles_ends(client: MakeClient, headers: dict[str, str]) -> None:
    with serving(Said(302, headers=headers)) as web:
        message = refusal(client(web.url))

    assert message == "/usage redirects in circles; check base_url"
    assert len(web.asked) < 10


def test_the_older_name_is_asked_where_the_newer_one_is_unknown(client: MakeClient) -> None:
    request = Request("usage", "/stats/usage", params=(("a", "1"),), fallback_path="/usage")
    with serving([Said(404), Said(body=b"[7]")]) as web:
        _, body = client(web.url).ask(request, whole)

    assert body == b"[7]"
    assert web.paths == ["/stats/usage?a=1", "/usage?a=1"]


def test_two_unknown_names_are_an_error(client: MakeClient) -> None:
    with serving(Said(404, b"no such page")) as web:
        message = refusal(client(web.url), Request("usage", "/stats/usage", fallback_path="/usage"))

    assert message.startswith("HTTP 404 for /stats/usage: no such page")
    assert len(web.asked) == 2


# Bodies


def test_a_body_of_exactly_the_limit_passes_and_one_byte_more_does_not(client: MakeClient) -> None:
    with serving([Said(body=b"x" * 2**20), Said(body=b"x" * (2**20 + 1))]) as web:
        asking = client(web.url)
        _, body = asking.ask(USAGE, whole)
        message = refusal(asking)

    assert len(body) == 2**20
    assert message == "/usage answered more than 1 MiB; raise max_response_mib"
    assert len(web.asked) == 2


@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_compressed_body_is_read(client: MakeClient, is_chunked: bool) -> None:
    text = b'{"items": [' + b"1," * 300_000 + b"1]}"
    packed = Said(body=gzip.compress(text), headers={"Content-Encoding": "gzip"}, is_chunked=is_chunked)
    with serving(packed) as web:
        _, body = client(web.url).ask(USAGE, whole)

    assert body == text
    assert web.asked[0].headers["accept-encoding"] == "gzip"


def test_a_compressed_body_of_several_members_is_read_whole(client: MakeClient) -> None:
    packed = gzip.compress(b"[1,") + gzip.compress(b"2]")
    with serving(Said(body=packed, headers={"Content-Encoding": "gzip"})) as web:
        _, body = client(web.url).ask(USAGE, whole)

    assert body == b"[1,2]"


def test_an_empty_compressed_body_is_empty(client: MakeClient) -> None:
    with serving(Said(body=b"", headers={"Content-Encoding": "gzip"})) as web:
        _, body = client(web.url).ask(USAGE, whole)

    assert body == b""


def test_a_gzip_bomb_stops_at_the_limit_in_small_pieces(client: MakeClient) -> None:
    bomb = gzip.compress(b"\0" * 2**26)  # 64 KiB that grow to 64 MiB
    sizes: list[int] = []

    def measuring(_: Reply, chunks: Iterator[bytes]) -> None:
        sizes.extend(len(chunk) for chunk in chunks)

    with (
        serving(Said(body=bomb, headers={"Content-Encoding": "gzip"})) as web,
        pytest.raises(ProviderError, match="answered more than 1 MiB"),
    ):
        client(web.url).ask(USAGE, measuring)

    assert len(web.asked) == 1
    assert max(sizes) <= 2**18
    assert sum(sizes) <= 2**20


@pytest.mark.parametrize("encoding", ["br", "zstd", "deflate", "gzip, gzip", "x" * 500])
def test_an_encoding_that_was_not_asked_for_is_refused(client: MakeClient, encoding: str) -> None:
    with serving(Said(body=zlib.compress(b"{}"), headers={"Content-Encoding": encoding})) as web:
        message = refusal(client(web.url))

    assert message.startswith("/usage answered encoded as ")
    assert len(message) < 150
    assert len(web.asked) == 1


def test_a_refusal_in_a_strange_encoding_is_still_a_refusal(client: MakeClient) -> None:
    with serving(Said(403, b"\x1b\x00", headers={"Content-Encoding": "br"})) as web:
        assert refusal(client(web.url)) == "HTTP 403 for /usage; the key needs view permission"


def test_a_compressed_refusal_is_read(client: MakeClient) -> None:
    with serving(Said(403, gzip.compress(b"not yours"), headers={"Content-Encoding": "gzip"})) as web:
        assert "HTTP 403 for /usage: not yours;" in refusal(client(web.url))


# Posting once


def test_a_post_is_sent_once_and_answered_with_the_start_of_the_body() -> None:
    with serving(Said(302, b"x" * 5000, headers={"Location": "http://elsewhere.example/"})) as web:
        reply, body = post(f"{web.url}/hook", json={"text": "é"}, timeout_seconds=2)

    assert (reply.status, reply.headers["location"], body) == (302, "http://elsewhere.example/", b"x" * 2000)
    assert [(asked.method, asked.path, asked.body) for asked in web.asked] == [
        ("POST", "/hook", '{"text":"é"}'.encode())
    ]


@pytest.mark.parametrize("said", [Said(hangs_up=True), Said(after_seconds=0.5)])
def test_a_post_that_is_not_answered_names_the_origin_alone(said: Said) -> None:
    with serving(said) as web, pytest.raises(ProviderError, match="could not be asked") as caught:
        post(f"{web.url}/{TOKEN}", json={"password": TOKEN}, timeout_seconds=0.2)

    assert str(caught.value).startswith(web.url)
    assert TOKEN not in str(caught.value)
