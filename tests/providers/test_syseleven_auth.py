"""SysEleven's tokens: given, or issued by a Keystone that runs on this machine and remembers what it was sent."""

import json
import threading
import traceback
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import stamina

from tallybook.credentials import SecretRef
from tallybook.errors import ProviderError
from tallybook.providers.syseleven.auth import ProjectTokens, Token, authenticate
from tests.providers.support import settings

PROJECT, OTHER = "1" * 32, "2" * 32
PASSWORD = "pa55word-of-the-user"
SECRETS = {
    "S11_TOKEN": "preset",
    "S11_ID": "credential-id",
    "S11_SECRET": "s3cret-of-the-credential",
    "S11_PW": PASSWORD,
}


class Keystone(ThreadingHTTPServer):
    """Answers POST /v3/auth/tokens from a list of (status, headers, body), the last one for ever."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[dict[str, Any]] = []
        self.answers: list[tuple[int, dict[str, str], object]] = [issued("token-1")]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v3"

    def next_answer(self) -> tuple[int, dict[str, str], object]:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


class _Handler(BaseHTTPRequestHandler):
    server: Keystone

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append({"path": self.path, **json.loads(body)})
        status, headers, document = self.server.next_answer()
        content = document.encode() if isinstance(document, str) else json.dumps(document).encode()
        self.send_response(status)
        for name, value in ({"Content-Type": "application/json"} | headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        """Says nothing."""


def issued(
    text: str,
    *,
    project_id: str = PROJECT,
    issued_at: str = "2026-10-05T12:00:00.000000Z",
    expires_at: str = "2026-10-05T13:00:00.000000Z",
) -> tuple[int, dict[str, str], object]:
    token = {"project": {"id": project_id}, "issued_at": issued_at, "expires_at": expires_at}
    return 201, {"X-Subject-Token": text}, {"token": token}


@pytest.fixture
def keystone() -> Iterator[Keystone]:
    server = Keystone()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with stamina.set_testing(testing=True, attempts=3):
        yield


def read(ref: SecretRef) -> str:
    return SECRETS[str(ref.env)]


def tokens(keystone_url: str, **keys: object) -> Any:
    how = keys or {"username": "me", "password": {"env": "S11_PW"}}
    connection: Any = settings("syseleven", keystone_url=keystone_url, projects=[{"id": PROJECT, **how}])
    return authenticate(connection, read)


def test_a_given_token_is_used_as_it_is_and_keystone_is_not_asked(keystone: Keystone) -> None:
    auth = tokens(keystone.url, token={"env": "S11_TOKEN"})

    assert auth.headers(PROJECT) == {"X-Auth-Token": "preset"}
    assert auth.renew(PROJECT) is False
    assert keystone.asked == []


def test_a_password_is_sent_with_the_project_as_scope(keystone: Keystone) -> None:
    auth = tokens(keystone.url)

    assert auth.headers(PROJECT) == {"X-Auth-Token": "token-1"}
    (asked,) = keystone.asked
    assert asked["path"].split("?")[0] == "/v3/auth/tokens"
    assert asked["auth"] == {
        "identity": {
            "methods": ["password"],
            "password": {"user": {"name": "me", "password": PASSWORD, "domain": {"name": "Default"}}},
        },
        "scope": {"project": {"id": PROJECT}},
    }


def test_an_application_credential_is_sent_without_a_scope(keystone: Keystone) -> None:
    auth = tokens(
        keystone.url,
        application_credential_id={"env": "S11_ID"},
        application_credential_secret={"env": "S11_SECRET"},
    )

    assert auth.headers(PROJECT) == {"X-Auth-Token": "token-1"}
    (asked,) = keystone.asked
    assert asked["auth"] == {
        "identity": {
            "methods": ["application_credential"],
            "application_credential": {"id": "credential-id", "secret": "s3cret-of-the-credential"},
        }
    }


def test_a_token_is_asked_for_once_and_kept(keystone: Keystone) -> None:
    auth = tokens(keystone.url)

    assert auth.headers(PROJECT) == auth.headers(PROJECT)
    assert len(keystone.asked) == 1


def test_a_refused_token_is_asked_for_anew(keystone: Keystone) -> None:
    keystone.answers = [issued("token-1"), issued("token-2")]
    auth = tokens(keystone.url)

    assert auth.headers(PROJECT) == {"X-Auth-Token": "token-1"}
    assert auth.renew(PROJECT) is True
    assert auth.headers(PROJECT) == {"X-Auth-Token": "token-2"}
    assert len(keystone.asked) == 2


def test_a_token_is_replaced_a_minute_before_its_end() -> None:
    now = [100.0]
    issues = iter([Token("token-1", 3600.0), Token("token-2", 3600.0)])
    auth = ProjectTokens(given={}, issuers={PROJECT: lambda: next(issues)}, clock=lambda: now[0])

    assert auth.headers(PROJECT) == {"X-Auth-Token": "token-1"}
    now[0] = 100.0 + 3539
    assert auth.headers(PROJECT) == {"X-Auth-Token": "token-1"}
    now[0] = 100.0 + 3540
    assert auth.headers(PROJECT) == {"X-Auth-Token": "token-2"}


def test_a_token_of_another_clock_is_kept_for_its_lifetime(keystone: Keystone) -> None:
    keystone.answers = [
        issued("old", issued_at="2019-11-02T05:43:11.000000Z", expires_at="2019-11-02T06:43:11+0000"),
        issued("never asked for"),
    ]
    auth = tokens(keystone.url)

    assert auth.headers(PROJECT) == {"X-Auth-Token": "old"}
    assert auth.headers(PROJECT) == {"X-Auth-Token": "old"}


def test_threads_share_one_token(keystone: Keystone) -> None:
    auth = tokens(keystone.url)
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(auth.headers(PROJECT)["X-Auth-Token"])) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == ["token-1"] * 8
    assert len(keystone.asked) == 1


def test_refused_credentials_name_the_project_and_nothing_secret(keystone: Keystone) -> None:
    # a server that repeats what it was sent
    keystone.answers = [(401, {}, {"error": {"message": f"wrong: {PASSWORD}", "code": 401}})]

    with pytest.raises(
        ProviderError, match=f"project {PROJECT}: Keystone at 127.0.0.1:[0-9]+ answered HTTP 401"
    ) as error:
        tokens(keystone.url).headers(PROJECT)

    assert PASSWORD not in "".join(traceback.format_exception(error.value))
    assert len(keystone.asked) == 1


@pytest.mark.parametrize("status", [408, 429, 502, 503, 504])
def test_what_may_pass_is_asked_again(keystone: Keystone, status: int) -> None:
    keystone.answers = [(status, {"Retry-After": "0"}, "{}"), issued("token-1")]

    assert tokens(keystone.url).headers(PROJECT) == {"X-Auth-Token": "token-1"}
    assert len(keystone.asked) == 2


@pytest.mark.parametrize("status", [400, 403, 404, 500])
def test_what_will_not_pass_is_asked_once(keystone: Keystone, status: int) -> None:
    keystone.answers = [(status, {}, "{}"), issued("token-1")]

    with pytest.raises(ProviderError, match=f"HTTP {status}"):
        tokens(keystone.url).headers(PROJECT)

    assert len(keystone.asked) == 1


@pytest.mark.parametrize(
    "answer",
    [
        (201, {"X-Subject-Token": "t"}, "<html>hello</html>"),
        (201, {"X-Subject-Token": "t"}, {"nothing": 1}),
        (201, {}, {"token": {"project": {"id": PROJECT}}}),
        (200, {"X-Subject-Token": ""}, {"token": {"project": {"id": PROJECT}}}),
    ],
)
def test_an_answer_without_a_token_is_an_error_that_names_the_project(
    keystone: Keystone, answer: tuple[int, dict[str, str], object]
) -> None:
    keystone.answers = [answer]

    with pytest.raises(ProviderError, match=f"project {PROJECT}: .* gave no token"):
        tokens(keystone.url).headers(PROJECT)


def test_a_redirect_is_not_followed_since_it_would_carry_the_password(keystone: Keystone) -> None:
    elsewhere = keystone.url.replace("127.0.0.1", "localhost") + "/auth/tokens"
    keystone.answers = [(307, {"Location": elsewhere}, ""), issued("token-1")]

    with pytest.raises(ProviderError, match="gave no token"):
        tokens(keystone.url).headers(PROJECT)

    assert len(keystone.asked) == 1


def test_a_token_of_another_project_is_refused(keystone: Keystone) -> None:
    keystone.answers = [issued("token-1", project_id=OTHER)]

    with pytest.raises(ProviderError, match=f"project {PROJECT}: Keystone gave a token of project {OTHER}"):
        tokens(keystone.url).headers(PROJECT)


def test_a_keystone_that_is_not_there_is_an_error_that_names_the_project() -> None:
    # port 9 of this machine: nobody listens
    with pytest.raises(ProviderError, match=f"project {PROJECT}: Keystone at 127.0.0.1:9 gave no token"):
        tokens("http://127.0.0.1:9/v3").headers(PROJECT)


def test_a_project_that_is_not_configured_has_no_token(keystone: Keystone) -> None:
    auth = tokens(keystone.url)

    assert auth.renew(OTHER) is False
    with pytest.raises(ProviderError, match=f"project {OTHER} is not among"):
        auth.headers(OTHER)


def test_secrets_are_not_shown_by_the_tokens(keystone: Keystone) -> None:
    auth = tokens(keystone.url)
    auth.headers(PROJECT)

    assert "token-1" not in repr(auth)
    assert PASSWORD not in repr(auth)
