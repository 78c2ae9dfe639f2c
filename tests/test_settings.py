import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tallybook import providers
from tallybook.credentials import SecretRef
from tallybook.errors import ConfigurationError
from tallybook.resources import root
from tallybook.settings import Settings, load_settings

SECRET = "s3cr3t-v4lue"
OCORE = """
[[connections]]
name = "ocore-main"
provider = "ocore"
base_url = "https://api.example.com/api"
token = { env = "OCORE_TOKEN" }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def load(folder: Path, text: str, **options: Any) -> Settings:
    path = folder / "tallybook.toml"
    path.write_text(text, encoding="utf-8")
    return load_settings(path, models=providers.settings_models(), environment={"OCORE_TOKEN": SECRET}, **options)


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load(folder, text)
    message = str(caught.value)
    assert str(folder / "tallybook.toml") in message
    assert "\n" not in message
    return message


def test_the_example_of_the_promises_loads() -> None:
    settings = load_settings(root() / "tallybook.example.toml", models=providers.settings_models(), environment={})

    assert [connection.name for connection in settings.connections] == [
        "openscaler-main",
        "nodeconductor-main",
        "syseleven-main",
        "ocore-main",
        "scaleops-main",
    ]
    assert settings.reporting_currency == "EUR"


@pytest.mark.parametrize("mark", ["?", "\\u0000", "\\n"])
def test_a_data_dir_that_the_warehouse_cannot_lie_in_is_refused(folder: Path, mark: str) -> None:
    message = refusal(folder, f'[tallybook]\ndata_dir = "what{mark}/var"')

    assert "data_dir" in message
    assert "choose another folder" in message


def test_a_question_mark_in_the_folder_of_the_configuration_asks_for_another_data_dir(folder: Path) -> None:
    (folder / "what?").mkdir()

    assert "set data_dir" in refusal(folder / "what?", "")
    assert load(folder / "what?", f'[tallybook]\ndata_dir = "{folder}/var"').data_dir == folder / "var"


def test_paths_are_relative_to_the_configuration_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")

    settings = load(folder, '[tallybook]\ndata_dir = "x/var"\nbooks_dir = "/elsewhere/books"')

    assert settings.data_dir == folder / "x" / "var"
    assert settings.books_dir == Path("/elsewhere/books")


def test_a_relative_configuration_file_still_has_absolute_paths(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "tallybook.toml").write_text("", encoding="utf-8")
    monkeypatch.chdir(folder)

    settings = load_settings(Path("tallybook.toml"), models=providers.settings_models(), environment={})

    assert settings.data_dir == folder / "var"


def test_an_empty_file_is_a_configuration_with_defaults(folder: Path) -> None:
    settings = load(folder, "")

    assert settings.connections == ()
    assert (settings.data_dir, settings.books_dir) == (folder / "var", folder / "books")
    with pytest.raises(ConfigurationError, match=r"no connection 'x' in .*; known: none"):
        settings.connection("x")


def test_an_unknown_table_names_the_known_ones(folder: Path) -> None:
    message = refusal(folder, "[tallybok]\n")

    assert "unknown table [tallybok]; known: [tallybook], [[connections]]" in message


def test_an_unknown_key_names_itself_a_near_one_and_the_known_ones(folder: Path) -> None:
    message = refusal(folder, OCORE + 'org_slugg = "acme"')

    assert "connection 'ocore-main': unknown key 'org_slugg'; did you mean 'org_slug'? Known keys: " in message
    assert "base_url" in message


def test_an_unknown_key_of_the_house_names_the_known_ones(folder: Path) -> None:
    message = refusal(folder, '[tallybook]\ncolour = "red"')

    assert (
        "[tallybook]: unknown key 'colour'. Known keys: anomaly_amount, anomaly_pct, books_dir, data_dir, " in message
    )


def test_the_bound_of_closing_and_the_days_of_collecting_again_have_defaults_and_limits(folder: Path) -> None:
    path = folder / "tallybook.toml"
    path.write_text("[tallybook]\n", encoding="utf-8")
    plain = load_settings(path, models={})
    path.write_text("[tallybook]\nfinal_coverage_pct = 99.5\nrefetch_days = 0\n", encoding="utf-8")
    set_so = load_settings(path, models={})

    assert (plain.final_coverage_pct, plain.refetch_days) == (Decimal(99), 10)
    assert (set_so.final_coverage_pct, set_so.refetch_days) == (Decimal("99.5"), 0)
    assert "key 'final_coverage_pct'" in refusal(folder, "[tallybook]\nfinal_coverage_pct = 101")
    assert "key 'refetch_days'" in refusal(folder, "[tallybook]\nrefetch_days = 29")


def test_pages_are_a4_unless_they_are_asked_for_in_letter(folder: Path) -> None:
    path = folder / "tallybook.toml"
    path.write_text("", encoding="utf-8")
    plain = load_settings(path, models={})
    path.write_text('[tallybook]\npage_size = "Letter"\n', encoding="utf-8")

    assert (plain.page_size, load_settings(path, models={}).page_size) == ("A4", "Letter")
    assert "key 'page_size'" in refusal(folder, '[tallybook]\npage_size = "A5"')


def test_an_unknown_key_of_a_project_names_the_keys_of_projects(folder: Path) -> None:
    message = refusal(
        folder,
        '[[connections]]\nname = "s"\nprovider = "syseleven"\n'
        'projects = [{ id = "a", token = { env = "T" } }, { id = "b", tokn = { env = "T" } }]',
    )

    assert "unknown key 'projects.1.tokn'; did you mean 'token'? Known keys: application_credential_id," in message
    assert "max_gap" not in message


def test_an_unknown_key_of_a_secret_names_the_keys_of_secrets(folder: Path) -> None:
    message = refusal(folder, OCORE.replace('{ env = "OCORE_TOKEN" }', '{ enw = "OCORE_TOKEN" }'))

    assert "unknown key 'token.enw'; did you mean 'env'? Known keys: env, file, prefect" in message


@pytest.mark.parametrize("provider", ['provider = "aws"', "provider = 7", ""])
def test_an_unknown_or_missing_provider_names_the_known_ones(folder: Path, provider: str) -> None:
    message = refusal(folder, OCORE.replace('provider = "ocore"', provider))

    assert "connection 'ocore-main': unknown provider" in message
    assert f"known: {', '.join(providers.names())}" in message


def test_names_are_unique_whatever_their_case(folder: Path) -> None:
    message = refusal(folder, OCORE + OCORE.replace("ocore-main", "OCORE-Main"))

    assert "two connections are called 'ocore-main'" in message


@pytest.mark.parametrize("name", ["", "a b", "a/b", "../x", "-a", "ä", "a" * 64, "a\\n"])
def test_a_name_is_letters_digits_and_hyphens(folder: Path, name: str) -> None:
    assert "key 'name'" in refusal(folder, OCORE.replace("ocore-main", name))


def test_a_missing_key_is_named(folder: Path) -> None:
    assert "key 'token' is required" in refusal(folder, OCORE.replace('token = { env = "OCORE_TOKEN" }', ""))


def test_every_problem_of_a_connection_is_told_at_once(folder: Path) -> None:
    message = refusal(folder, OCORE + 'gb = "TB"\nmax_concurrency = 0')

    assert "key 'gb'" in message
    assert "key 'max_concurrency'" in message


@pytest.mark.parametrize(
    "url",
    [
        "api.example.com",
        "ftp://x",
        "https://",
        "https:///path",
        "https://x/?a=1",
        "https://x/#a",
        "https://x y",
        "//x",
        f"https://user:{SECRET}@x",
        "https://x:99999",
        "https://[::1",
        "https://x\\u0007",
        "https://:8080",
        "http://a..b",
        "http://xn--a",
        "http://xn--",
        f"http://{'a' * 64}.example.com",
        f"http://{'a.' * 127}com",
        "http://999.1.1.1",
        "http://☃.example.com",
    ],
)
def test_a_bad_address_is_refused_and_not_repeated(folder: Path, url: str) -> None:
    message = refusal(folder, OCORE.replace("https://api.example.com/api", url))

    assert "key 'base_url': write an address such as https://host" in message
    assert SECRET not in message


@pytest.mark.parametrize(
    "url",
    [
        *("http://127.0.0.1:80", "https://x/api/v1/", "https://[::1]:8443", "https://ümlaut.de"),
        *("https://xn--mlaut-jva.de", "http://a_b", "http://host."),
    ],
)
def test_a_good_address_is_kept_as_written(folder: Path, url: str) -> None:
    settings = load(folder, OCORE.replace("https://api.example.com/api", url))

    assert settings.connection("ocore-main").base_url == url


@pytest.mark.parametrize("value", ["nan", "inf", "0", "-1", "1e9"])
def test_a_timeout_is_a_number_of_seconds(folder: Path, value: str) -> None:
    assert "key 'timeout_seconds'" in refusal(folder, OCORE + f"timeout_seconds = {value}")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[connections", "is not TOML"),
        ("a = 1\na = 2", "is not TOML"),
        ("connections = 3", "write [[connections]] with two brackets"),
        ("[connections]\nname = 'x'", "write [[connections]] with two brackets"),
        (f"connections = ['{SECRET}']", "[[connections]] holds tables"),
        ("tallybook = 3", "[tallybook]"),
        ("a = 1" + "0" * 5000, "is not TOML"),
        ("a = " + "[" * 100_000, "is not TOML"),
        (f"[tallybook]\nrefetch_days = 1{'0' * 400}", "[tallybook]"),
        (f"[tallybook]\nfinal_coverage_pct = 1{'0' * 400}", "[tallybook]"),
        ('[tallybook]\nbooks_dir = "a\\u0000b"', "books_dir"),
    ],
)
def test_what_is_no_configuration_is_told(folder: Path, text: str, said: str) -> None:
    message = refusal(folder, text)

    assert said in message
    assert SECRET not in message


def test_an_endless_timeout_is_refused(folder: Path) -> None:
    assert "key 'timeout_seconds'" in refusal(folder, OCORE + "timeout_seconds = 1" + "0" * 400)


def test_a_byte_order_mark_is_no_part_of_the_configuration(folder: Path) -> None:
    """Editors of Windows write one."""
    assert load(folder, f"\ufeff{OCORE}").connection("ocore-main").name == "ocore-main"


def test_a_secret_file_with_a_path_that_cannot_be_is_named(folder: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"secret file .*cannot be read"):
        load(folder, OCORE).read_secret(SecretRef(file="to\0ken"))


def test_bytes_that_are_no_text_are_told(folder: Path) -> None:
    path = folder / "tallybook.toml"
    path.write_bytes(b"\xff\xfe\x00")

    with pytest.raises(ConfigurationError, match="is not TOML"):
        load_settings(path, models={}, environment={})


def test_a_missing_file_says_how_to_make_one(folder: Path) -> None:
    with pytest.raises(ConfigurationError, match="run 'tallybook init', or give --config FILE"):
        load_settings(folder / "none.toml", models={}, environment={})


def test_a_folder_is_no_configuration(folder: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_settings(folder, models={}, environment={})


# Secrets


def test_a_literal_secret_is_refused_with_advice_and_not_repeated(folder: Path) -> None:
    message = refusal(folder, OCORE.replace('{ env = "OCORE_TOKEN" }', f'"{SECRET}"'))

    assert "key 'token': a secret is never written into the file: give { env =" in message
    assert SECRET not in message


def test_a_literal_secret_in_a_project_is_refused_and_not_repeated(folder: Path) -> None:
    message = refusal(
        folder,
        f'[[connections]]\nname = "s"\nprovider = "syseleven"\nprojects = [{{ id = "a", token = "{SECRET}" }}]',
    )

    assert "key 'projects.0.token': a secret is never written into the file" in message
    assert SECRET not in message


@pytest.mark.parametrize("value", ["{}", '{ env = "A", file = "b" }'])
def test_a_secret_lies_in_exactly_one_place(folder: Path, value: str) -> None:
    assert "exactly one of env, file and prefect" in refusal(folder, OCORE.replace('{ env = "OCORE_TOKEN" }', value))


def test_a_secret_is_read_from_the_environment_without_its_line_break(folder: Path) -> None:
    settings = load_settings(
        root() / "tallybook.example.toml", models=providers.settings_models(), environment={"T": f" {SECRET}\n"}
    )

    assert settings.read_secret(SecretRef(env="T")) == SECRET


@pytest.mark.parametrize("environment", [{}, {"T": ""}, {"T": " \n"}])
def test_a_missing_variable_is_named(folder: Path, environment: dict[str, str]) -> None:
    settings = load_settings(
        root() / "tallybook.example.toml", models=providers.settings_models(), environment=environment
    )

    with pytest.raises(ConfigurationError, match="environment variable T is not set; export it"):
        settings.read_secret(SecretRef(env="T"))


def test_a_secret_file_is_relative_to_the_configuration_and_trimmed(folder: Path) -> None:
    (folder / "token").write_text(f"{SECRET}\n", encoding="utf-8")

    assert load(folder, OCORE).read_secret(SecretRef(file="token")) == SECRET


@pytest.mark.parametrize("content", [None, b"", b"\n", b"\xff\xfe"])
def test_a_secret_file_that_is_missing_empty_or_no_text_is_named(folder: Path, content: bytes | None) -> None:
    if content is not None:
        (folder / "token").write_bytes(content)

    with pytest.raises(ConfigurationError, match=r"secret file .*token (is empty|cannot be read)"):
        load(folder, OCORE).read_secret(SecretRef(file="token"))


def test_a_prefect_block_is_read_by_flows_only(folder: Path) -> None:
    with pytest.raises(ConfigurationError, match="'block' is a Prefect block, which only flows can read"):
        load(folder, OCORE).read_secret(SecretRef(prefect="block"))
    assert (
        load(folder, OCORE, prefect_secret=lambda name: f"{name}-value").read_secret(SecretRef(prefect="block"))
        == "block-value"
    )


@pytest.mark.parametrize("where", ["env", "file", "prefect"])
def test_a_secret_that_no_header_can_carry_is_refused_and_not_repeated(folder: Path, where: str) -> None:
    bad = f"{SECRET}\r\nX-Other: 1"
    (folder / "token").write_text(bad, encoding="utf-8")
    settings = load_settings(
        root() / "tallybook.example.toml",
        models=providers.settings_models(),
        environment={"T": bad},
        prefect_secret=lambda _: bad,
    )
    refs = {"env": "T", "file": str(folder / "token"), "prefect": "T"}

    with pytest.raises(ConfigurationError, match="holds a line break or another control character") as caught:
        settings.read_secret(SecretRef(**{where: refs[where]}))
    assert SECRET not in str(caught.value)


def test_no_secret_shows_in_the_settings(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "OCORE_TOKEN", SECRET)

    settings = load(folder, OCORE)
    settings.read_secret(SecretRef(env="OCORE_TOKEN"))

    assert SECRET not in repr(settings)
    assert SECRET not in str(settings.connections)


def test_the_thresholds_of_anomalies_are_exact_and_not_negative(folder: Path) -> None:
    settings = load(folder, "[tallybook]\nanomaly_amount = 12.1\n" + OCORE)

    assert (settings.anomaly_amount, settings.anomaly_pct) == (Decimal("12.1"), Decimal(30))
    assert "anomaly_pct" in refusal(folder, "[tallybook]\nanomaly_pct = -1\n")
