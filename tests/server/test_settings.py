"""The settings of the server: what wins, what is refused, and that no secret is ever shown."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.server.settings import (
    ServerSettings,
    list_file_variables,
    list_variables,
    read_environment_file,
)

SECRET = "s3cr3t-of-the-webhook"
HOW = (
    "run `signpost serve setup` to create a GitHub App, or set the values of your App in the environment or in "
    "signpost.env"
)
APP = {"SIGNPOST_APP_ID": "7", "SIGNPOST_PRIVATE_KEY": "PEM", "SIGNPOST_WEBHOOK_SECRET": SECRET}


@pytest.mark.parametrize(
    "given, environment, stored, expected",
    [
        pytest.param({}, {}, {}, {}, id="nothing"),
        pytest.param({}, {}, {"SIGNPOST_PORT": "1"}, {"port": 1}, id="the file"),
        pytest.param({}, {"SIGNPOST_PORT": "2"}, {"SIGNPOST_PORT": "1"}, {"port": 2}, id="the environment wins"),
        pytest.param({}, {"SIGNPOST_PORT": ""}, {"SIGNPOST_PORT": "1"}, {"port": 1}, id="an empty variable"),
        pytest.param({"port": 3}, {"SIGNPOST_PORT": "2"}, {"SIGNPOST_PORT": "1"}, {"port": 3}, id="an option wins"),
        pytest.param({"port": None}, {"SIGNPOST_PORT": "2"}, {}, {"port": 2}, id="an option that is not given"),
        pytest.param({"port": 0}, {"SIGNPOST_PORT": "2"}, {}, {"port": 0}, id="port 0"),
        pytest.param(
            {},
            {"GITHUB_API_URL": "https://ghe.example.org/api/v3/", "GITHUB_SERVER_URL": "https://ghe.example.org"},
            {},
            {"api_url": "https://ghe.example.org/api/v3", "server_url": "https://ghe.example.org"},
            id="GitHub Enterprise Server",
        ),
        pytest.param(
            {},
            {"SIGNPOST_SERVICE_HOST": "10.0.0.1", "SIGNPOST_PORT": "tcp://10.0.0.1:80", "SIGNPOST_PORT_80_TCP": "x"},
            {},
            {},
            id="variables of Kubernetes",
        ),
        pytest.param({}, {"PATH": "/bin", "SIGNPOSTS": "x"}, {"POSTGRES_PASSWORD": "x"}, {}, id="those of others"),
        pytest.param(
            {},
            {"SIGNPOST_PRIVATE_KEY_FILE": "key.pem"},
            {"SIGNPOST_PRIVATE_KEY": "PEM"},
            {"private_key_file": Path("key.pem")},
            id="a file in the environment wins over a value",
        ),
        pytest.param({}, {"SIGNPOST_PROBLEM_ISSUES": "yes"}, {}, {"problem_issues": True}, id="a switch"),
    ],
)
def test_options_win_over_the_environment_and_that_over_the_file(
    given: Mapping[str, object],
    environment: Mapping[str, str],
    stored: Mapping[str, str],
    expected: Mapping[str, object],
) -> None:
    settings = ServerSettings.from_sources(environment, stored, **given)

    assert settings.model_dump(exclude_unset=True) == expected


@pytest.mark.parametrize(
    "environment, message",
    [
        ({"SIGNPOST_PORTS": "1"}, "the setting SIGNPOST_PORTS is unknown; did you mean SIGNPOST_PORT?"),
        ({"SIGNPOST_PORT": "http"}, "SIGNPOST_PORT must be a whole number, not 'http'"),
        ({"SIGNPOST_PORT": "70000"}, "SIGNPOST_PORT must be at most 65535, not '70000'"),
        ({"SIGNPOST_WORKERS": "0"}, "SIGNPOST_WORKERS must be at least 1, not '0'"),
        ({"SIGNPOST_PROBLEM_ISSUES": "maybe"}, "SIGNPOST_PROBLEM_ISSUES must be true or false, not 'maybe'"),
        ({"SIGNPOST_MOST_CPU_SECONDS": "0"}, "SIGNPOST_MOST_CPU_SECONDS must be more than 0, not '0'"),
        ({"SIGNPOST_URL": "example.org"}, "SIGNPOST_URL must be a URL such as https://signpost.example.org, without"),
        ({"GITHUB_API_URL": "https://u:p@x.org"}, "GITHUB_API_URL must be a URL such as"),
        (
            {"SIGNPOST_DATABASE": "mysql://root:hunter2@db"},
            "SIGNPOST_DATABASE must begin with sqlite:/// or postgresq",
        ),
        ({"SIGNPOST_PAGE_TOKEN": "hunter2"}, "SIGNPOST_PAGE_TOKEN must have at least 16 characters"),
        ({"SIGNPOST_LOG_FORMAT": "xml"}, "SIGNPOST_LOG_FORMAT must be 'text' or 'json', not 'xml'"),
        (
            {"SIGNPOST_PRIVATE_KEY": "hunter2", "SIGNPOST_PRIVATE_KEY_FILE": "k"},
            "SIGNPOST_PRIVATE_KEY and SIGNPOST_PRIVATE_KEY_FILE are both set; remove one of them",
        ),
        (
            {"SIGNPOST_WEBHOOK_SECRET_FILE": "missing"},
            "cannot read the file of SIGNPOST_WEBHOOK_SECRET_FILE, missing: No such file or directory",
        ),
    ],
)
def test_what_is_wrong_is_named_without_a_secret(environment: Mapping[str, str], message: str) -> None:
    with pytest.raises(SettingsError) as refused:
        ServerSettings.from_environment(environment)

    assert message in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_all_that_is_wrong_is_named_at_once() -> None:
    with pytest.raises(SettingsError) as refused:
        ServerSettings.from_environment({"SIGNPOST_PORT": "x", "SIGNPOST_WORKERS": "y"})

    assert str(refused.value).count("must be a whole number") == 2


@pytest.mark.parametrize(
    "environment, message",
    [
        (
            {},
            f"SIGNPOST_APP_ID, SIGNPOST_PRIVATE_KEY_FILE, and SIGNPOST_WEBHOOK_SECRET are missing; {HOW}",
        ),
        (
            {**APP, "SIGNPOST_WEBHOOK_SECRET": "  "},
            f"SIGNPOST_WEBHOOK_SECRET is missing; {HOW}",
        ),
        (APP, ""),
    ],
)
def test_one_error_names_all_that_an_app_lacks(environment: Mapping[str, str], message: str) -> None:
    settings = ServerSettings.from_environment(environment)
    found = ""
    try:
        settings.check_app()
    except SettingsError as error:
        found = str(error)

    assert found == message


@pytest.mark.parametrize(
    "value, secrets",
    [("", ()), (" ", ()), ("new", (b"new",)), ("new old", (b"new", b"old")), ("ünï", ("ünï".encode(),))],
)
def test_each_word_is_a_webhook_secret(value: str, secrets: tuple[bytes, ...]) -> None:
    assert ServerSettings.from_environment({"SIGNPOST_WEBHOOK_SECRET": value}).secrets == secrets


def test_a_secret_can_be_a_file_and_is_never_shown(tmp_path: Path) -> None:
    values = {"WEBHOOK_SECRET": SECRET, "CLIENT_SECRET": f"c-{SECRET}", "PAGE_TOKEN": f"p-{SECRET}"}
    values["DATABASE"] = f"postgresql://signpost:{SECRET}@db:5433/signpost"
    environment = {}
    for name, value in values.items():
        (tmp_path / name).write_text(f"{value}\n", "utf-8")
        environment[f"SIGNPOST_{name}_FILE"] = str(tmp_path / name)
    settings = ServerSettings.from_environment({**environment, "SIGNPOST_PRIVATE_KEY": f"PEM {SECRET}"})

    assert settings.secrets == (SECRET.encode(),)
    assert settings.database == values["DATABASE"]
    assert settings.database_name == "postgresql://db:5433/signpost"
    assert environment.keys() | {"SIGNPOST_PRIVATE_KEY_FILE"} == set(list_file_variables())
    assert SECRET not in f"{settings} {settings!r} {settings.database_name}"


@pytest.mark.parametrize(
    "url, name",
    [
        ("sqlite:///signpost.db", "sqlite:///signpost.db"),
        ("postgresql:///signpost?host=/run/postgresql", "postgresql:///signpost"),
        ("postgres://me:pass@[::1]:5433/db?password=pass", "postgresql://::1:5433/db"),
        ("postgresql://me:pa/ss@db:99999/x", "postgresql://…"),
    ],
)
def test_the_name_of_a_database_has_no_password(url: str, name: str) -> None:
    assert ServerSettings.from_environment({"SIGNPOST_DATABASE": url}).database_name == name


@pytest.mark.parametrize(
    "text, expected",
    [
        ("", {}),
        ("\n# a comment\n\n  # another\n", {}),
        ("SIGNPOST_APP_ID=7\r\nSIGNPOST_PORT=8000\r\n", {"SIGNPOST_APP_ID": "7", "SIGNPOST_PORT": "8000"}),
        ("\ufeffA=1", {"A": "1"}),
        ("A='x y'\nB=\"z\"\nC='\nD=", {"A": "x y", "B": "z", "C": "'", "D": ""}),
        ("A=x=y # no comment", {"A": "x=y # no comment"}),
        ("A=b\x07c", "1: the value of A has a control character; remove it"),
        ("A=1\nA=2", "2: A is there twice; remove one of the lines"),
        ("export A=1", "1: the line is not NAME=value; put"),
        ("a=1", "1: the line is not NAME=value; put"),
        ("A =1", "1: the line is not NAME=value; put"),
        ("K=-----BEGIN RSA PRIVATE KEY-----\nMIIEhunter2", "2: the line is not NAME=value; put a value of several lin"),
        ("A=\x00", "1: the value of A has a control character; remove it"),
        ("A=" + "x" * 1_000_000, "it is larger than 1,000,000 characters"),
        (b"A=\xff", "it is not text in UTF-8"),
    ],
    ids=range(15),
)
def test_a_file_of_settings_is_read_as_systemd_reads_it(
    text: str | bytes, expected: Mapping[str, str] | str, tmp_path: Path
) -> None:
    file = tmp_path / "signpost.env"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    if not isinstance(expected, str):
        assert read_environment_file(file) == expected
        return

    with pytest.raises(SettingsError) as refused:
        read_environment_file(file)

    assert expected in str(refused.value)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("name", ["missing.env", ".", "nul\0.env"])
def test_a_file_that_cannot_be_read_is_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot read the settings"):
        read_environment_file(tmp_path / name)


def test_a_misspelt_name_in_a_file_is_an_error() -> None:
    with pytest.raises(SettingsError, match=r"SIGNPST_APP_ID is unknown; did you mean SIGNPOST_APP_ID\?"):
        ServerSettings.from_sources({}, {"SIGNPST_APP_ID": "7"})


def test_every_setting_has_one_variable() -> None:
    assert sorted(list_variables().values()) == sorted(ServerSettings.model_fields)


def test_the_key_is_read_from_a_variable_or_a_file(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text("-----BEGIN\nx\n", "utf-8")
    settings = [
        ServerSettings.from_environment({"SIGNPOST_PRIVATE_KEY": "-----BEGIN\\nx\\n"}),
        ServerSettings.from_environment({"SIGNPOST_PRIVATE_KEY_FILE": str(tmp_path / "key.pem")}),
    ]

    assert [each.read_key() for each in settings] == ["-----BEGIN\nx\n"] * 2
