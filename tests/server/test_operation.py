"""What the page about the server says, and the files that it offers, agree with the server."""

import configparser
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import SecretStr

from bot.cli import make_parser
from bot.server.inbox.types import Counts
from bot.server.metrics import Metrics
from bot.server.settings import (
    SETTINGS_FILE,
    ServerSettings,
    list_file_variables,
    list_variables,
    read_environment_file,
)
from bot.server.setup import KEY_FILE, SetupOptions, Wishes, write_settings
from tests.server.deliveries import make_credentials
from tests.test_docs import find_commands

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/server.md"
FILES = ROOT / "docs/server"
COMPOSE: dict[str, Any] = yaml.safe_load((FILES / "compose.yml").read_text("utf-8"))
UNIT = (FILES / "signpost.service").read_text("utf-8")


def make_table() -> str:
    """The rows of all settings, for the page."""
    rows = []
    for name, field in list_variables().items():
        described = ServerSettings.model_fields[field]
        default = described.default
        shown = "" if default in {None, ""} else f"`{str(default).lower() if isinstance(default, bool) else default}`"
        meaning = str(described.description).replace("|", "\\|")
        rows.append(f"| `{name}` | {shown} | {meaning} |")
    return "\n".join(rows)


def test_the_page_lists_each_setting() -> None:
    """If this fails, replace the table by what `make_table` gives."""
    page = PAGE.read_text("utf-8")

    table = page.partition("<!-- settings -->\n")[2].partition("\n<!-- /settings -->")[0]
    assert table.split("\n|---|---|---|\n")[1] == make_table()
    assert [name for name in list_file_variables() if name not in page] == []


@pytest.mark.parametrize("command", [line for line in find_commands(PAGE) if line.startswith("signpost ")])
def test_the_page_has_commands_that_exist(command: str) -> None:
    """`test_story.py` runs the server, and `tests/cli/test_serve.py` its status."""
    found = make_parser({"serve"}).parse_args(command.split()[1:])

    assert found.command == "serve"


def list_environment(texts: list[str]) -> set[str]:
    return set(re.findall(r"\b(?:SIGNPOST|GITHUB)_[A-Z_]+", "\n".join(texts)))


def test_each_setting_in_the_files_exists() -> None:
    texts = [path.read_text("utf-8") for path in (*FILES.iterdir(), PAGE, ROOT / "Dockerfile")]

    assert list_environment(texts) - {*list_variables(), *list_file_variables()} == set()


def test_the_services_write_nowhere_else_and_have_their_secrets_as_files() -> None:
    services = COMPOSE["services"]

    assert {name: (each["read_only"], each["cap_drop"]) for name, each in services.items()} == {
        "server": (True, ["ALL"]),
        "database": (True, ["ALL"]),
    }
    assert services["server"]["user"] == "10001:10001"
    assert services["server"]["ports"] == ["127.0.0.1:8000:8000"]
    assert {secret for each in services.values() for secret in each["secrets"]} == COMPOSE["secrets"].keys()
    assert [name for each in services.values() for name in each["environment"] if "PASSWORD" in name] == [
        "POSTGRES_PASSWORD_FILE"
    ]


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A folder with the files that the setup writes, and those of a database."""
    app = make_credentials()
    texts = {
        SETTINGS_FILE: write_settings(app, Wishes(url="https://signpost.example.org"), SetupOptions()),
        KEY_FILE: app.pem,
        "database-url": "postgresql://signpost:pw@database/signpost\n",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def read_made(made: Path, given: Mapping[str, str], place: str) -> ServerSettings:
    """The settings of a service, whose files are all in that folder."""
    stored = read_environment_file(made / SETTINGS_FILE)
    return ServerSettings.from_sources({name: each.replace(place, str(made)) for name, each in given.items()}, stored)


def test_the_services_of_compose_take_the_files_of_the_setup_as_they_are(made: Path) -> None:
    server = COMPOSE["services"]["server"]

    settings = read_made(made, server["environment"], "/run/secrets")

    settings.check_app()
    assert server["command"] == ["--settings", f"/run/secrets/{SETTINGS_FILE}"]
    assert {SETTINGS_FILE, KEY_FILE} <= set(server["secrets"])
    assert (settings.read_key(), settings.webhook_secret) == ("a key", SecretStr("s3cr3t"))
    assert (settings.log_format, settings.database_name) == ("json", "postgresql://database/signpost")


def test_the_unit_takes_the_files_of_the_setup_as_they_are(made: Path) -> None:
    given = dict(re.findall(r"^Environment=(\w+)=(.*)", UNIT, re.MULTILINE))

    settings = read_made(made, given, "%d")

    settings.check_app()
    assert f"serve --settings %d/{SETTINGS_FILE}\n" in UNIT
    assert re.findall(r"^LoadCredential=(\S+):/etc/signpost/\1$", UNIT, re.MULTILINE) == [SETTINGS_FILE, KEY_FILE]
    assert (settings.read_key(), settings.webhook_secret) == ("a key", SecretStr("s3cr3t"))
    assert settings.database == "sqlite:////var/lib/signpost/signpost.db"


def test_the_unit_is_hardened() -> None:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(UNIT)
    service = parser["Service"]

    asked = ("DynamicUser", "NoNewPrivileges", "PrivateTmp", "ProtectHome", "ProtectSystem", "CapabilityBoundingSet")
    assert [service[name] for name in asked] == ["yes", "yes", "yes", "yes", "strict", ""]
    assert int(service["TimeoutStopSec"]) > 20


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="this machine has no systemd-analyze")
def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / "signpost.service"
    unit.write_text(UNIT.replace("/opt/signpost/bin/signpost", "/bin/true"), "utf-8")

    done = subprocess.run(
        [shutil.which("systemd-analyze") or "", "verify", unit], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")


def test_the_alerts_use_figures_that_the_server_has() -> None:
    metrics = Metrics()
    metrics.show(Counts(dead=1))
    alerts = yaml.safe_load((FILES / "alerts.yml").read_text("utf-8"))
    expressions = [rule["expr"] for group in alerts["groups"] for rule in group["rules"]]

    used = set(re.findall(r"signpost_\w+", "\n".join([*expressions, PAGE.read_text("utf-8")])))
    assert len(expressions) == 3
    assert sorted(name for name in used if f"\n{name}" not in metrics.render().decode()) == []


@pytest.mark.parametrize("name", ["Caddyfile", "nginx.conf"])
def test_a_proxy_lets_strangers_reach_the_webhook_and_the_pages_only(name: str) -> None:
    text = (FILES / name).read_text("utf-8")
    rules = "\n".join(line for line in text.splitlines() if not line.strip().startswith("#"))

    assert ("/webhook" in rules, "26m" in rules.lower(), "404" in rules) == (True, True, True)
    assert re.findall(r"metrics|healthz|readyz|openapi", rules) == []


def test_the_page_shows_how_to_install_what_the_files_run() -> None:
    image = COMPOSE["services"]["server"]["image"]

    assert image.partition(":")[0] in PAGE.read_text("utf-8")
    assert [
        path.name for path in sorted(FILES.iterdir()) if f"](server/{path.name})" not in PAGE.read_text("utf-8")
    ] == []
