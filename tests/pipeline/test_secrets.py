"""Which secrets a configuration names, and what is told when they cannot be read or are none."""

import re

import pytest
from pydantic import BaseModel, ConfigDict

from tallybook.contract import Provider
from tallybook.credentials import SecretRef
from tallybook.errors import ConfigurationError
from tallybook.http import StaticHeaders
from tallybook.pipeline.house import Connection
from tallybook.pipeline.secrets import read_secrets, secrets_of
from tallybook.settings import ConnectionSettings


class Account(BaseModel):
    model_config = ConfigDict(frozen=True)

    username: str | SecretRef = "name in the file"
    password: SecretRef


class Settings(ConnectionSettings):
    token: SecretRef | None = None
    accounts: tuple[Account, ...] = ()


PROVIDER = Provider("madeup", "Made Up", Settings, (), lambda _, __: StaticHeaders({}), lambda _: {}, "hint")


def connection(name: str, *accounts: Account, token: str | None = None) -> Connection:
    ref = None if token is None else SecretRef(env=token)
    url = "https://api.example.com"
    return Settings(name=name, provider="madeup", base_url=url, token=ref, accounts=accounts), PROVIDER


def read_from(known: dict[str, str], *connections: Connection) -> dict[SecretRef, str]:
    def read(ref: SecretRef) -> str:
        if ref.env not in known:
            raise ConfigurationError(f"environment variable {ref.env} is not set; export it")
        return known[ref.env]

    return dict(read_secrets(connections, read))


def test_secrets_are_found_with_their_keys_also_within_lists() -> None:
    first, second = (
        Account(password=SecretRef(env="A")),
        Account(username=SecretRef(env="U"), password=SecretRef(env="B")),
    )
    settings, _ = connection("main", first, second, token="T")

    assert list(secrets_of(settings)) == [
        ("token", SecretRef(env="T")),
        ("accounts.0.password", SecretRef(env="A")),
        ("accounts.1.username", SecretRef(env="U")),
        ("accounts.1.password", SecretRef(env="B")),
    ]


def test_every_missing_secret_is_told_at_once_with_its_connection_and_key() -> None:
    connections = connection("one", token="T"), connection("two", Account(password=SecretRef(env="P")), token="THERE")

    with pytest.raises(ConfigurationError) as caught:
        read_from({"THERE": "long enough"}, *connections)

    assert str(caught.value).splitlines() == [
        "2 secrets cannot be used:",
        "  connection 'one', key 'token': environment variable T is not set; export it",
        "  connection 'two', key 'accounts.0.password': environment variable P is not set; export it",
    ]


@pytest.mark.parametrize("secret", ["e", "abc"])
def test_a_secret_too_short_to_be_one_is_refused_and_not_repeated(secret: str) -> None:
    said = re.escape("connection 'one', key 'token': the secret has fewer than 4 characters")
    with pytest.raises(ConfigurationError, match=said) as caught:
        read_from({"T": secret}, connection("one", token="T"))

    assert caught.value.exit_code == 2
    assert f"{secret!r}" not in str(caught.value)


def test_a_short_user_name_is_one() -> None:
    account = Account(username=SecretRef(env="U"), password=SecretRef(env="P"))

    secrets = read_from({"U": "ops", "P": "four"}, connection("one", account))

    assert secrets == {SecretRef(env="U"): "ops", SecretRef(env="P"): "four"}
