"""[[deliveries]] in tallybook.toml: what is refused, with what to write instead, and never a secret in a message."""

import re

import pytest

from tallybook.delivery.kinds import KINDS
from tallybook.errors import ConfigurationError
from tallybook.resources import root
from tests.delivery.conftest import Write

SHARE = 'name = "share"\nkind = "folder"\nurl = "share"'
MAIL = 'name = "m"\nkind = "email"\nhost = "smtp.example.com"\nsender = "a@example.com"\nto = ["b@example.com"]'
HOOK = 'name = "hook"\nkind = "webhook"\n'


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (SHARE.replace("folder", "pigeon"), "delivery 'share': unknown kind 'pigeon'; known: email, folder, webhook"),
        (SHARE.replace('"share"', '"a/../b"', 1), "key 'name'"),
        (SHARE + '\nstatus = ["FINAL"]', "unknown key 'status'; did you mean 'statuses'?"),
        (SHARE + '\nstatuses = ["final"]', "key 'statuses.0'"),
        (SHARE + "\nstatuses = []", "key 'statuses'"),
        (SHARE + '\nfirst_month = "2026-13"', "key 'first_month'"),
        (SHARE + '\noptions = { key = "AKIAHIDDEN" }', "'key' is a secret: write secrets = { key = { env"),
        (SHARE + '\noptions = { client_kwargs = { aws_secret_access_key = "AKIAHIDDEN" } }', "is a secret"),
        (SHARE + '\nsecrets = { key = "AKIAHIDDEN" }', "a secret is never written into the file"),
        (SHARE.replace('url = "share"', 'url = "sftp://me:AKIAHIDDEN@host/x"'), "never written into an address"),
        (MAIL + '\npassword = "AKIAHIDDEN"', "a secret is never written into the file"),
        (MAIL + '\nusername = "me"', "give username and password together"),
        (MAIL + '\nsecurity = "none"\nusername = "me"\npassword = { env = "X" }', "no password is sent without"),
        (MAIL.replace("b@example.com", "b@example.com\\nBcc: c@example.com"), "key 'to.0'"),
        (MAIL.replace("a@example.com", "a@example.com\\r\\nX: y"), "key 'sender'"),
        (MAIL.replace("smtp.example.com", "smtp example"), "write the name of a mail server"),
        (HOOK + 'url = "https://hooks.example.com/AKIAHIDDEN"', "a secret is never written into the file"),
        (HOOK, "key 'url' is required"),
    ],
)
def test_what_is_wrong_is_refused_by_name(write: Write, table: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        write(table)

    assert said in str(caught.value)
    assert "AKIAHIDDEN" not in str(caught.value)


def test_names_are_unique(write: Write) -> None:
    with pytest.raises(ConfigurationError, match="two deliveries are called 'share'"):
        write(SHARE, SHARE.replace('"share"', '"Share"', 1))


def test_the_address_of_the_reports_is_configured_or_in_the_environment(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TALLYBOOK_REPORTS_URL", "https://of-the-machine.example.com/")

    assert write().settings.reports_url == "https://of-the-machine.example.com"
    assert write(house='reports_url = "https://here.example.com"').settings.reports_url == "https://here.example.com"
    with pytest.raises(ConfigurationError, match="reports_url"):
        write(house='reports_url = "//x"')


def test_the_examples_of_the_documentation_load_and_show_every_kind(write: Write) -> None:
    page = (root() / "docs" / "delivery.md").read_text(encoding="utf-8")
    blocks = [block for block in re.findall(r"```toml\n(.*?)```", page, re.DOTALL) if "[[deliveries]]" in block]
    tables = [table for block in blocks for table in block.split("[[deliveries]]\n")[1:]]

    loaded = write(*tables).settings.deliveries

    assert {one.kind for one in loaded} == set(KINDS)


def test_the_example_of_the_configuration_loads_when_its_marks_are_removed(write: Write) -> None:
    example = (root() / "tallybook.example.toml").read_text(encoding="utf-8").partition("# [[deliveries]]")
    lines = (example[1] + example[2]).splitlines()
    text = "\n".join(line.removeprefix("# ") for line in lines if line.startswith("# "))

    assert len(write(*text.split("[[deliveries]]\n")[1:]).settings.deliveries) == 3
