"""E-mail, against real local servers: one that is busy at first, one with TLS and a login."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session

from tallybook.pipeline.delivering import Wish, deliver
from tests.delivery.conftest import HOSTILE, NOW, PDF, Write, free_port, publish, report

PASSWORD = "c0rrect-horse"


@dataclass
class Mailbox:
    """A mail server's mind: what it took, and how it answers DATA (in turn, then yes) and each recipient."""

    port: int = 0
    taken: list[Envelope] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    asked: int = 0

    async def handle_RCPT(self, _: Any, __: Session, envelope: Envelope, address: str, *___: Any) -> str:  # noqa: N802
        if address in self.refused:
            return self.refused.pop(address) if self.refused[address].startswith("4") else self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _: Any, __: Session, envelope: Envelope) -> str:  # noqa: N802
        self.asked += 1
        if self.answers:
            return self.answers.pop(0)
        self.taken.append(envelope)
        return "250 taken"

    @property
    def messages(self) -> list[EmailMessage]:
        return [message_from_bytes(one.content, policy=default) for one in self.taken]  # type: ignore[misc, arg-type]


@contextmanager
def serving(mailbox: Mailbox, **options: Any) -> Iterator[Mailbox]:
    mailbox.port = free_port()
    controller = Controller(mailbox, hostname="127.0.0.1", port=mailbox.port, **options)
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with serving(Mailbox()) as running:
        yield running


def mail(port: int, *more: str, security: str = "none", host: str = "127.0.0.1") -> str:
    return "\n".join(
        [
            'name = "finance"\nkind = "email"',
            f'host = "{host}"\nport = {port}\nsecurity = "{security}"',
            'sender = "tallybook@example.com"\nto = ["cfo@example.com", "controlling@example.com"]',
            *more,
        ]
    )


def attached(message: EmailMessage) -> dict[str | None, bytes]:
    return {part.get_filename(): part.get_payload(decode=True) for part in message.iter_attachments()}  # type: ignore[misc]


def text_of(message: EmailMessage) -> list[str]:
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content()).splitlines()


def test_a_message_has_the_figures_and_the_pdf(mailbox: Mailbox, write: Write) -> None:
    house = write(mail(mailbox.port), house='reports_url = "https://reports.example.com"')
    folder = publish(house.settings.data_dir, report(entity="Grün & Söhne"))

    (told,) = deliver(house, "2026-10", clock=lambda: NOW)

    assert told.outcome == "delivered"
    assert mailbox.taken[0].rcpt_tos == ["cfo@example.com", "controlling@example.com"]
    (message,) = mailbox.messages
    assert message["Subject"] == "Cloud costs October 2026: FINAL, r01, Grün & Söhne"
    assert message["Date"].datetime == NOW
    assert message["Auto-Submitted"] == "auto-generated"
    assert text_of(message) == [
        "Grün & Söhne",
        "",
        "Status: FINAL, revision 1",
        "Total: 1,234.50 EUR, +34.50 EUR (+2.9%) against September 2026",
        "Seen: 100.0% of the month",
        "Open exceptions: none",
        "",
        "Report: https://reports.example.com/2026-10/r01/monthly-report.html",
    ]
    assert attached(message) == {"cloud-costs-2026-10-r01-final.pdf": PDF}
    assert (folder / "monthly-report.pdf").read_bytes() == PDF


@pytest.mark.parametrize("served", [True, False])
def test_what_is_too_large_is_linked(mailbox: Mailbox, write: Write, *, served: bool) -> None:
    house = write(
        mail(mailbox.port, "max_message_mib = 1", 'files = ["*.pdf", "tables/*.csv"]'),
        house='reports_url = "https://reports.example.com"' if served else "",
    )
    publish(house.settings.data_dir, report(), pdf=b"x" * 2**20)

    deliver(house, "2026-10", clock=lambda: NOW)

    (message,) = mailbox.messages
    assert attached(message) == {}
    where = text_of(message)[-3:]
    assert where[0] == "Too large for this message:"
    if served:
        assert where[1] == "- https://reports.example.com/2026-10/r01/monthly-report.pdf"
    else:
        assert where[1] == "- 2026-10/r01/monthly-report.pdf in the folder of reports"


@pytest.mark.parametrize(("served", "where"), [(True, ""), (False, " im Berichtsordner")])
def test_a_german_report_has_a_german_message(mailbox: Mailbox, write: Write, *, served: bool, where: str) -> None:
    root = "https://reports.example.com/" if served else ""
    house = write(mail(mailbox.port, "max_message_mib = 1"), house=f'reports_url = "{root}"')
    publish(house.settings.data_dir, report(), pdf=b"x" * 2**20, language="de")

    deliver(house, "2026-10", clock=lambda: NOW)

    (message,) = mailbox.messages
    assert message["Subject"] == "Cloud-Kosten Oktober 2026: ENDGÜLTIG, r01, Example Works GmbH"
    assert text_of(message)[2] == "Status: ENDGÜLTIG, Revision 1"
    assert text_of(message)[7:] == [
        *([f"Bericht: {root}2026-10/r01/monthly-report.html"] if served else []),
        "Zu groß für diese Nachricht:",
        f"- {root}2026-10/r01/monthly-report.pdf{where}",
    ]


def test_a_server_that_takes_less_is_believed(write: Write) -> None:
    with serving(Mailbox(), data_size_limit=2**18) as mailbox:
        house = write(mail(mailbox.port))
        publish(house.settings.data_dir, report(), pdf=b"x" * 2**18)

        (told,) = deliver(house, "2026-10", clock=lambda: NOW)

    assert told.outcome == "delivered"
    assert attached(mailbox.messages[0]) == {}


def test_a_busy_server_is_asked_again(mailbox: Mailbox, write: Write) -> None:
    house = write(mail(mailbox.port))
    publish(house.settings.data_dir, report())
    mailbox.answers = ["451 try again later", "421 too busy"]

    (told,) = deliver(house, "2026-10", clock=lambda: NOW)

    assert told.outcome == "delivered"
    assert (mailbox.asked, len(mailbox.taken)) == (3, 1)


def test_a_refusal_is_told_and_not_tried_again(mailbox: Mailbox, write: Write) -> None:
    house = write(mail(mailbox.port))
    publish(house.settings.data_dir, report())
    mailbox.answers = ["554 no reports here"]

    (told,) = deliver(house, "2026-10", clock=lambda: NOW)

    assert (told.outcome, mailbox.asked) == ("failed", 1)
    assert "finance: 127.0.0.1 answered 554 no reports here; check" in told.message


def test_a_refused_recipient_is_told_and_the_others_have_it_once(mailbox: Mailbox, write: Write) -> None:
    house = write(mail(mailbox.port))
    publish(house.settings.data_dir, report())
    mailbox.refused = {"cfo@example.com": "550 unknown"}

    first, second = (deliver(house, "2026-10", clock=lambda: NOW)[0] for _ in range(2))

    assert first.outcome == "failed"
    assert "refused cfo@example.com" in first.message
    assert second.outcome == "delivered before"
    assert [one.rcpt_tos for one in mailbox.taken] == [["controlling@example.com"]]


def test_when_all_recipients_are_refused_nothing_counts_as_delivered(mailbox: Mailbox, write: Write) -> None:
    house = write(mail(mailbox.port))
    publish(house.settings.data_dir, report())
    mailbox.refused = dict.fromkeys(("cfo@example.com", "controlling@example.com"), "550 unknown")

    first = deliver(house, "2026-10", clock=lambda: NOW)[0]
    mailbox.refused = {}
    second = deliver(house, "2026-10", clock=lambda: NOW)[0]

    assert "refused every recipient (cfo@example.com: 550 unknown;" in first.message
    assert (first.outcome, second.outcome) == ("failed", "delivered")


def test_recipients_who_are_put_off_are_asked_again(mailbox: Mailbox, write: Write) -> None:
    house = write(mail(mailbox.port))
    publish(house.settings.data_dir, report())
    mailbox.refused = dict.fromkeys(("cfo@example.com", "controlling@example.com"), "450 greylisted")

    (told,) = deliver(house, "2026-10", clock=lambda: NOW)

    assert told.outcome == "delivered"
    assert mailbox.taken[0].rcpt_tos == ["cfo@example.com", "controlling@example.com"]


def test_a_duplicate_is_recognised_by_its_id_and_another_copy_is_not_one(mailbox: Mailbox, write: Write) -> None:
    house = write(mail(mailbox.port))
    publish(house.settings.data_dir, report())
    deliver(house, "2026-10", clock=lambda: NOW)
    (receipt,) = (house.settings.data_dir / "deliveries").rglob("*.json")
    receipt.unlink()  # as after a kill between the sending and the receipt
    deliver(house, "2026-10", clock=lambda: NOW)
    deliver(house, "2026-10", clock=lambda: NOW, wish=Wish(again=True))
    for _ in range(2):
        deliver(house, "2026-10", clock=lambda: NOW, wish=Wish(is_test=True))

    first, second, again, test, _ = [str(message["Message-ID"]) for message in mailbox.messages]
    assert first == second
    assert len({first, again, test}) == 3
    assert first.startswith("<tallybook.finance.2026-10.r01.1.")
    assert first.endswith("@example.com>")
    assert mailbox.messages[-1]["Subject"].startswith("[TEST] ")


def test_names_are_no_headers(mailbox: Mailbox, write: Write) -> None:
    house = write(mail(mailbox.port))
    publish(house.settings.data_dir, report(entity=HOSTILE, reasons=[HOSTILE], exceptions=(HOSTILE,)))

    deliver(house, "2026-10", clock=lambda: NOW)

    (message,) = mailbox.messages
    assert message["Bcc"] is None
    assert "Bcc: all@example.com" in message["Subject"]  # a part of the line, and no line of its own
    assert set(message.keys()) == {
        *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"),
    }
    assert [line for line in text_of(message) if line.startswith("Bcc")] == []


@dataclass
class Secured:
    """What a server with a certificate of its own authority needs, and the file that makes a client trust it."""

    context: ssl.SSLContext
    ca_file: Path

    @property
    def login(self) -> dict[str, Any]:
        def check(server: Any, session: Any, envelope: Any, mechanism: str, given: LoginPassword) -> AuthResult:
            return AuthResult(success=given == LoginPassword(b"reports", PASSWORD.encode()), handled=False)

        return {"authenticator": check, "auth_required": True, "auth_require_tls": False}


@pytest.fixture
def secured(tmp_path: Path) -> Secured:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    return Secured(context, tmp_path / "ca.pem")


LOGIN = 'username = "reports"\npassword = { env = "MAIL_PASSWORD" }'


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
@pytest.mark.parametrize("password", [PASSWORD, "wr0ng-horse"])
def test_a_login_goes_over_tls_only(
    write: Write, secured: Secured, monkeypatch: pytest.MonkeyPatch, security: str, password: str
) -> None:
    monkeypatch.setenv("MAIL_PASSWORD", password)
    tls = {"tls_context": secured.context, "require_starttls": True} if security == "starttls" else {}
    tls |= {"ssl_context": secured.context} if security == "tls" else {}
    with serving(Mailbox(), **tls, **secured.login) as mailbox:
        house = write(mail(mailbox.port, LOGIN, 'ca_file = "ca.pem"', security=security))
        publish(house.settings.data_dir, report())
        (told,) = deliver(house, "2026-10", clock=lambda: NOW)

    if password == PASSWORD:
        assert (told.outcome, len(mailbox.taken)) == ("delivered", 1), told.message
    else:
        assert told.outcome == "failed"
        assert "refused user name or password (SMTP 535)" in told.message
        assert password not in told.message


def test_a_certificate_that_nobody_vouches_for_is_refused(
    write: Write, secured: Secured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAIL_PASSWORD", PASSWORD)
    with serving(Mailbox(), tls_context=secured.context) as mailbox:
        house = write(mail(mailbox.port, LOGIN, security="starttls"))
        publish(house.settings.data_dir, report())
        (told,) = deliver(house, "2026-10", clock=lambda: NOW)

    assert told.outcome == "failed"
    assert "check security, host and ca_file" in told.message
    assert mailbox.taken == []


def test_a_server_without_starttls_gets_nothing(mailbox: Mailbox, write: Write) -> None:
    house = write(mail(mailbox.port, security="starttls"))
    publish(house.settings.data_dir, report())

    (told,) = deliver(house, "2026-10", clock=lambda: NOW)

    assert told.outcome == "failed"
    assert "STARTTLS" in told.message
    assert mailbox.taken == []


def test_a_ca_file_that_is_not_there_is_told_at_once(mailbox: Mailbox, write: Write) -> None:
    house = write(mail(mailbox.port, 'ca_file = "nowhere.pem"', security="tls"))
    publish(house.settings.data_dir, report())

    (told,) = deliver(house, "2026-10", clock=lambda: NOW)

    assert "ca_file nowhere.pem holds no certificates" in told.message
