"""The settings of the server, from the environment and from a file of `NAME=value` lines."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError

from bot.errors import SettingsError, explain_cause

PREFIX = "SIGNPOST_"
"""What the names of all variables begin with, but those that GitHub defines."""

_FOREIGN = ("GITHUB_API_URL", "GITHUB_SERVER_URL")
_NAME = re.compile(r"[A-Z_][A-Z0-9_]*")
_DATABASE = re.compile(r"sqlite:///.+|postgres(?:ql)?://.+", re.DOTALL)
_URL = re.compile(r"https?://[^\s/?#@]+(?:/[^\s?#]*)?")


def _check_url(url: str) -> str:
    if url and not _URL.fullmatch(url):
        raise ValueError("must be a URL such as https://signpost.example.org, without a user, a query or a fragment")
    return url.rstrip("/")


def _check_database(url: str) -> str:
    if not _DATABASE.fullmatch(url):
        raise ValueError("must begin with sqlite:/// or postgresql://, for example sqlite:///signpost.db")
    return url


Url = Annotated[str, AfterValidator(_check_url)]


class ServerSettings(BaseModel):
    """How a server runs. Each field is the variable SIGNPOST_<FIELD>, but the addresses of GitHub (GITHUB_…)."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    app_id: int | None = Field(None, ge=1, description="The id of the GitHub App.")
    private_key: SecretStr | None = Field(None, description="The App's private key, as PEM.")
    private_key_file: Path | None = Field(None, description="The file of that key.")
    webhook_secret: SecretStr | None = Field(
        None, description="The App's webhook secret; two, separated by a space, while it is replaced."
    )
    client_id: str = Field("", description="The App's client id, for the login on the pages.")
    client_secret: SecretStr | None = Field(None, description="The App's client secret, for the login on the pages.")
    page_token: SecretStr | None = Field(
        None, min_length=16, description="A token of at least 16 characters that opens the pages for all repositories."
    )
    api_url: Url = Field("https://api.github.com", description="The address of GitHub's API (GITHUB_API_URL).")
    server_url: Url = Field("https://github.com", description="The address of GitHub for browsers (GITHUB_SERVER_URL).")
    url: Url = Field("", description="The public address of this server, for example https://signpost.example.org.")
    host: str = Field("127.0.0.1", min_length=1, description="The address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="The port to listen on; 0 takes a free one.")
    database: Annotated[str, AfterValidator(_check_database)] = Field(
        "sqlite:///signpost.db",
        description="The database: sqlite:///FILE for one machine, or postgresql://…",
        repr=False,
    )
    workers: int = Field(4, ge=1, le=64, description="How many issues this process handles at a time.")
    keep_days: int = Field(7, ge=0, le=365, description="Days after which the body of a handled delivery is deleted.")
    sweep_hours: int = Field(6, ge=0, le=168, description="Hours between two sweeps of a repository; 0: no sweeps.")
    problem_issues: bool = Field(
        default=False, description="Open one issue in a repository while its rules or settings are broken."
    )
    most_rules: int = Field(500, ge=1, le=10_000, description="The maximum number of rules of a repository's own.")
    most_rule_bytes: int = Field(1_000_000, ge=1_000, description="The maximum size of its rules, in bytes.")
    most_cpu_seconds: float = Field(
        120.0, gt=0, description="CPU seconds an hour that one repository may take; later deliveries wait."
    )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], **given: Any) -> Self:  # noqa: ANN401 (any field)
        """The settings in the variables; `given` (from options) wins where it is not None. Raises SettingsError."""
        known = {f"{PREFIX}{name.upper()}": name for name in cls.model_fields} | {
            name: name.removeprefix("GITHUB_").lower() for name in _FOREIGN
        }
        unknown = [name for name in environment if name.startswith(PREFIX) and name not in known]
        if unknown:
            raise SettingsError(f"the variable {unknown[0]} is unknown; the settings are {', '.join(sorted(known))}")
        stated = {field: environment[name] for name, field in known.items() if environment.get(name)}
        try:
            return cls(**stated | {field: value for field, value in given.items() if value is not None})
        except ValidationError as error:
            names = {field: name for name, field in known.items()}
            problems = (f"{names[str(each['loc'][0])]}: {each['msg']}" for each in error.errors(include_input=False))
            raise SettingsError(f"the settings are invalid; correct {'; '.join(problems)}") from None

    @property
    def secrets(self) -> tuple[bytes, ...]:
        """The webhook secrets, each of which is accepted; the newest is the first."""
        return tuple(self.webhook_secret.get_secret_value().encode().split()) if self.webhook_secret else ()

    def read_key(self) -> str:
        """The App's private key as PEM; raises SettingsError without one, or if its file cannot be read."""
        if self.private_key:
            return self.private_key.get_secret_value().replace("\\n", "\n")
        if not self.private_key_file:
            raise SettingsError(
                "the App's key is missing; run `signpost serve setup`, or set SIGNPOST_PRIVATE_KEY_FILE"
            )
        try:
            return self.private_key_file.read_text("ascii")
        except (OSError, UnicodeDecodeError) as error:
            message = f"cannot read the App's key {self.private_key_file}: {explain_cause(error)}"
            raise SettingsError(message) from error


def read_environment_file(file: Path) -> dict[str, str]:
    """The variables of a file that systemd (EnvironmentFile) and Docker (--env-file) read, too; raises SettingsError.

    A line is `NAME=value`, a comment with `#`, or empty; quotes around a value are removed, as systemd does.
    """
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"cannot read the settings {file}: {explain_cause(error)}") from error
    found = dict[str, str]()
    for number, line in enumerate(lines, 1):
        name, separator, value = line.strip().partition("=")
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if not separator or not _NAME.fullmatch(name):
            raise SettingsError(f"{file}:{number}: the line is not NAME=value; correct it")
        found[name] = _unquote(value.strip())
    return found


def _unquote(value: str) -> str:
    is_quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
    return value[1:-1] if is_quoted else value
