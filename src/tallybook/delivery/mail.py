"""Delivery by e-mail: the notice as text, with the PDF attached where it fits and linked where it does not."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from tallybook.addresses import is_host
from tallybook.credentials import SecretRef
from tallybook.delivery.contract import Kind, Means, Parcel, ParcelFile, Sent, TryAgainError
from tallybook.documents.downloads import download_name
from tallybook.errors import DeliveryError
from tallybook.language import message
from tallybook.settings import DeliverySettings

_PORTS = {"starttls": 587, "tls": 465, "none": 25}
_BASE64_LINE = 57  # bytes that make one line of 76 characters and its end (RFC 2045, 6.8)
_TEXT_BYTES = 2**16  # more than the notice and all headers take

Address = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$")
]


class MailSettings(DeliverySettings):
    """A mail server and who gets the report. `max_message_mib` bounds the whole message, as servers do."""

    kind: Literal["email"]
    host: str
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    security: Literal["starttls", "tls", "none"] = "starttls"
    ca_file: str = ""
    username: str = ""
    password: SecretRef | None = None
    sender: Address
    to: Annotated[tuple[Address, ...], Field(min_length=1)]
    files: tuple[str, ...] = ("monthly-report.pdf",)
    max_message_mib: Annotated[int, Field(ge=1, le=1024)] = 10
    timeout_seconds: Annotated[float, Field(gt=0, le=600)] = 30.0

    @field_validator("host")
    @classmethod
    def _is_host(cls, host: str) -> str:
        if not is_host(host.lower()):
            raise ValueError("write the name of a mail server, such as smtp.example.com")
        return host

    @model_validator(mode="after")
    def _no_password_in_the_clear(self) -> Self:
        if (self.username == "") != (self.password is None):
            raise ValueError("give username and password together, or none of them")
        if self.password is not None and self.security == "none":
            raise ValueError("no password is sent without encryption: choose security starttls or tls")
        return self


def send(settings: MailSettings, parcel: Parcel, means: Means) -> Sent:
    """Send one message to all recipients; who of them was refused is in the answer."""
    with _server(settings, means) as server:
        message, files = _message(settings, parcel, most_bytes=_most_bytes(settings, server))
        refused = server.send_message(message, settings.sender, list(settings.to))
        return Sent(
            target=", ".join(settings.to),
            reference=str(message["Message-ID"]),
            refused=tuple(sorted(refused)),
            files=files,
        )


def message_id(parcel: Parcel, sender: str) -> str:
    """The same whenever the same copy of a revision is sent, so that mailboxes tell what came twice."""
    what = f"{parcel.delivery}.{parcel.month}.r{parcel.revision:02d}.{parcel.copy}.{parcel.sha256[:16]}"
    test = f"test-{parcel.at:%Y%m%dT%H%M%S%f}." if parcel.is_test else ""
    return f"<tallybook.{test}{what}@{sender.rpartition('@')[2]}>"


def _message(settings: MailSettings, parcel: Parcel, *, most_bytes: int) -> tuple[EmailMessage, tuple[ParcelFile, ...]]:
    """The message, and the files that are attached to it."""
    wanted = parcel.chosen(settings.files) if settings.files else ()
    fits = _TEXT_BYTES + sum(-(-file.size_bytes // _BASE64_LINE) * 78 for file in wanted) <= most_bytes
    message = EmailMessage(policy=SMTP)
    message["From"] = settings.sender
    message["To"] = ", ".join(settings.to)
    message["Subject"] = parcel.notice.subject
    message["Date"] = format_datetime(parcel.at)
    message["Message-ID"] = message_id(parcel, settings.sender)
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence answers it
    message.set_content(
        "\n".join([parcel.notice.entity, "", *parcel.notice.lines, "", *_where(parcel, wanted, fits=fits)])
    )
    for file in wanted if fits else ():
        main, _, sub = file.media_type.partition("/")
        name = download_name(parcel.month, parcel.revision, parcel.status, file.path)
        message.add_attachment(file.check().read_bytes(), maintype=main, subtype=sub, filename=name)
    return message, wanted if fits else ()


def _where(parcel: Parcel, wanted: tuple[ParcelFile, ...], *, fits: bool) -> Iterator[str]:
    """Where to read on: the page, and what is too large for a message."""
    say = parcel.notice.language.say
    if parcel.reports_url:
        yield say("Report: %(address)s", address=parcel.address("monthly-report.html"))
    if not fits:
        yield say("Too large for this message:")
        place = "- %(path)s" if parcel.reports_url else message("- %(path)s in the folder of reports")
        yield from (say(place, path=parcel.address(file.path)) for file in wanted)


def _most_bytes(settings: MailSettings, server: smtplib.SMTP) -> int:
    """What is configured, or less where the server says so (RFC 1870)."""
    told = server.esmtp_features.get("size", "")
    configured = settings.max_message_mib * 2**20
    return min(configured, int(told)) if told.isdecimal() and int(told) else configured


@contextmanager
def _server(settings: MailSettings, means: Means) -> Iterator[smtplib.SMTP]:
    """A session with the server; its errors become those of deliveries."""
    server: smtplib.SMTP | None = None
    try:
        server = _connected(settings, means)
        yield server
        with suppress(OSError):  # the message is accepted: how the session ends changes nothing
            server.quit()
    except smtplib.SMTPAuthenticationError as error:
        raise _failure(error.smtp_code, f"refused user name or password (SMTP {error.smtp_code})", settings) from None
    except smtplib.SMTPRecipientsRefused as error:
        codes = {code for code, _ in error.recipients.values()}
        told = "; ".join(f"{one}: {code} {_text(text)}" for one, (code, text) in sorted(error.recipients.items()))
        raise _failure(min(codes), f"refused every recipient ({told})", settings) from None
    except smtplib.SMTPResponseException as error:
        raise _failure(error.smtp_code, f"answered {error.smtp_code} {_text(error.smtp_error)}", settings) from None
    except (smtplib.SMTPNotSupportedError, ssl.SSLCertVerificationError) as error:
        raise DeliveryError(f"{settings.host}: {error}; check security, host and ca_file") from None
    except OSError as error:  # smtplib's own are OSErrors too
        raise TryAgainError(f"{settings.host} could not be asked ({type(error).__name__}: {error})") from None
    finally:
        if server is not None:
            server.close()


def _connected(settings: MailSettings, means: Means) -> smtplib.SMTP:
    port = settings.port or _PORTS[settings.security]
    trust = _trust(settings, means)
    if settings.security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(settings.host, port, timeout=settings.timeout_seconds, context=trust)
    else:
        server = smtplib.SMTP(settings.host, port, timeout=settings.timeout_seconds)
    try:
        server.ehlo_or_helo_if_needed()
        if settings.security == "starttls":
            server.starttls(context=trust)
            server.ehlo_or_helo_if_needed()
        if settings.password is not None:
            server.login(settings.username, means.read_secret(settings.password))
    except BaseException:
        server.close()
        raise
    return server


def _trust(settings: MailSettings, means: Means) -> ssl.SSLContext:
    """The certificates of the machine, or those of `ca_file`."""
    try:
        return ssl.create_default_context(cafile=str(means.base / settings.ca_file) if settings.ca_file else None)
    except OSError as error:
        raise DeliveryError(f"ca_file {settings.ca_file} holds no certificates that can be read ({error})") from None


def _failure(code: int, what: str, settings: MailSettings) -> DeliveryError | TryAgainError:
    """4xx may pass (RFC 5321, 4.2.1), everything else does not."""
    problem = f"{settings.host} {what}"
    if 400 <= code < 500:
        return TryAgainError(problem)
    return DeliveryError(f"{problem}; check the delivery's settings with the mail server's operator")


def _text(answer: bytes | str) -> str:
    return answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer


KIND = Kind(settings=MailSettings, send=send)
