"""The settings of the server: options win over the environment, and the environment over a file of NAME=value lines."""

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError

from bot.errors import SettingsError, explain_cause
from bot.text.printable import join_words, reveal_line

PREFIX = "SIGNPOST_"
"""What the names of all variables begin with, but those that GitHub defines."""

SETTINGS_FILE = "signpost.env"
"""The file of settings that `signpost serve setup` writes, and that `signpost serve` reads in the current folder."""

_FOREIGN = ("GITHUB_API_URL", "GITHUB_SERVER_URL")
_FILE = "_FILE"
_NAME = re.compile(r"[A-Z_][A-Z0-9_]*")
_DATABASE = re.compile(r"sqlite:///.+|postgres(?:ql)?://.+", re.DOTALL)
_URL = re.compile(r"https?://[^\s/?#@]+(?:/[^\s?#]*)?")
_OF_KUBERNETES = re.compile(r"SIGNPOST_(?:SERVICE_(?:HOST|PORT(?:_\w+)?)|PORT_\d+_(?:TCP|UDP|SCTP)(?:_\w+)?)")
"""Variables that Kubernetes sets in each container if there is a Service with the name `signpost`; so is SIGNPOST_PORT.
https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
"""
_MOST_BYTES = 1_000_000
_NEAR = 0.85


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
    private_key: SecretStr | None = Field(
        None, description="The App's private key: the text of the .pem file of GitHub."
    )
    private_key_file: Path | None = Field(None, description="The .pem file with that key; set only one of the two.")
    webhook_secret: SecretStr | None = Field(
        None,
        description="The App's webhook secret; while you replace it, the new and the old one with a space between.",
    )
    client_id: str = Field("", description="The App's client id, for the login on the pages.")
    client_secret: SecretStr | None = Field(None, description="The App's client secret, for the login on the pages.")
    page_token: SecretStr | None = Field(
        None, min_length=16, description="A password of at least 16 characters for the pages of all repositories."
    )
    api_url: Url = Field("https://api.github.com", description="The address of GitHub's API.")
    server_url: Url = Field("https://github.com", description="The address of GitHub for browsers.")
    url: Url = Field("", description="The public address of this server, for example https://signpost.example.org.")
    host: str = Field("127.0.0.1", min_length=1, description="The address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="The port to listen on; 0 takes a free one.")
    proxies: str = Field(
        "127.0.0.1,::1",
        description="Addresses of the reverse proxies, with commas between, that may state a client's address.",
    )
    database: Annotated[str, AfterValidator(_check_database)] = Field(
        "sqlite:///signpost.db",
        description="The database: sqlite:///FILE for one server, or postgresql://USER:PASSWORD@HOST/NAME for several.",
        repr=False,
    )
    workers: int = Field(4, ge=1, le=64, description="How many issues this process handles at a time.")
    keep_days: int = Field(7, ge=0, le=365, description="Days until the body of a handled delivery is deleted.")
    sweep_hours: int = Field(6, ge=0, le=168, description="Hours between two sweeps of a repository; 0: no sweeps.")
    problem_issues: bool = Field(
        default=False, description="Open one issue in a repository while its rules or settings are broken."
    )
    most_rules: int = Field(500, ge=1, le=10_000, description="The maximum number of a repository's own rules.")
    most_rule_bytes: int = Field(
        1_000_000, ge=1_000, description="The maximum size of a repository's own rules, in bytes."
    )
    most_cpu_seconds: float = Field(
        120, gt=0, description="CPU seconds an hour that one repository may take; later deliveries wait."
    )
    log_format: Literal["text", "json"] = Field("text", description="How to write the log: text or json.")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], **given: Any) -> Self:  # noqa: ANN401 (any field)
        """The settings in the variables; `given` (from options) wins where it is not None. Raises SettingsError."""
        return cls.from_sources(environment, {}, **given)

    @classmethod
    def from_sources(
        cls,
        environment: Mapping[str, str],
        stored: Mapping[str, str],
        **given: Any,  # noqa: ANN401 (any field)
    ) -> Self:
        """Like `from_environment`, with variables of a settings file for what the environment lacks."""
        _refuse_unknown(environment, stored)
        first, second = _choose(environment), _choose(stored)
        for name in first:  # SIGNPOST_X of the environment also wins over SIGNPOST_X_FILE of the file
            for twin in (name, name + _FILE, name.removesuffix(_FILE)):
                second.pop(twin, None)
        values = dict(_read_values({**second, **first}))
        try:
            return cls(**values | {field: value for field, value in given.items() if value is not None})
        except ValidationError as error:
            raise SettingsError(f"the settings are invalid: {'; '.join(_explain(error, given))}") from None

    @property
    def secrets(self) -> tuple[bytes, ...]:
        """The webhook secrets, each of which is accepted; the newest is the first."""
        return tuple(self.webhook_secret.get_secret_value().encode().split()) if self.webhook_secret else ()

    @property
    def hidden(self) -> tuple[str, ...]:
        """All that must never be written: the secrets, and the password of the database."""
        given = (self.private_key, self.client_secret, self.page_token)
        return (
            *(each.decode() for each in self.secrets),
            *(each.get_secret_value() for each in given if each),
            *re.findall(r"(?<=:)[^:/@]+(?=@)|(?<=password=)[^&]+", self.database),
        )

    @property
    def database_name(self) -> str:
        """The database without user and password, for logs and messages."""
        if self.database.startswith("sqlite:"):
            return self.database
        try:
            parts = urlsplit(self.database)
            port = f":{parts.port}" if parts.port else ""
        except ValueError:  # the driver says what is wrong with it
            return "postgresql://…"
        return f"postgresql://{parts.hostname or ''}{port}{parts.path}"

    def check_app(self) -> None:
        """Return if there is all that it takes to be an App; raises SettingsError, which names all that is missing."""
        missing = [
            name
            for name, is_there in (
                ("SIGNPOST_APP_ID", self.app_id),
                ("SIGNPOST_PRIVATE_KEY_FILE", self.private_key or self.private_key_file),
                ("SIGNPOST_WEBHOOK_SECRET", self.secrets),
            )
            if not is_there
        ]
        if missing:
            be = "is" if len(missing) == 1 else "are"
            raise SettingsError(
                f"{join_words(missing)} {be} missing; run `signpost serve setup` to create a GitHub App, "
                f"or set the values of your App in the environment or in {SETTINGS_FILE}"
            )

    def read_key(self) -> str:
        """The App's private key as PEM; raises SettingsError without one, or if its file cannot be read."""
        if self.private_key:
            return self.private_key.get_secret_value().replace("\\n", "\n")
        if not self.private_key_file:
            raise SettingsError(
                "the App's key is missing; run `signpost serve setup`, or set SIGNPOST_PRIVATE_KEY_FILE"
            )
        return _read_text(self.private_key_file, "the App's key")


def list_variables() -> dict[str, str]:
    """The variables that a server reads, each with its field of ServerSettings."""
    own = {f"{PREFIX}{field.upper()}": field for field in ServerSettings.model_fields}
    foreign = {name: name.removeprefix("GITHUB_").lower() for name in _FOREIGN}
    return {name: field for name, field in own.items() if field not in foreign.values()} | foreign


def list_file_variables() -> tuple[str, ...]:
    """The variables that name a file with a value, for secrets that Docker, systemd or Kubernetes mount."""
    return tuple(f"{name}{_FILE}" for name, field in list_variables().items() if _is_secret(field))


def read_environment_file(file: Path) -> dict[str, str]:
    """The variables of a file that systemd (EnvironmentFile) and Docker (--env-file) read, too; raises SettingsError.

    A line is `NAME=value`, a comment with `#`, or empty; quotes around a value are removed, as systemd does.
    """
    found = dict[str, str]()
    for number, line in enumerate(_read_text(file, "the settings").removeprefix("\ufeff").split("\n"), 1):
        name, separator, value = line.strip().partition("=")
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if not separator or not _NAME.fullmatch(name):  # the line may be one of a key, so it is not shown
            raise SettingsError(
                f"{file}:{number}: the line is not NAME=value; put a value of several lines, such as a key, "
                "into a file and set SIGNPOST_PRIVATE_KEY_FILE"
            )
        if name in found:
            raise SettingsError(f"{file}:{number}: {name} is there twice; remove one of the lines")
        found[name] = _unquote(value.strip())
        if not found[name].isprintable():
            raise SettingsError(f"{file}:{number}: the value of {name} has a control character; remove it")
    return found


def _is_secret(field: str) -> bool:
    return field == "database" or ServerSettings.model_fields[field].annotation == SecretStr | None


def _read_text(file: Path, what: str) -> str:
    try:
        with file.open(encoding="utf-8") as opened:
            text = opened.read(_MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        cause = "it is not text in UTF-8" if isinstance(error, UnicodeDecodeError) else explain_cause(error)
        raise SettingsError(f"cannot read {what} {reveal_line(str(file))}: {cause}") from None
    if len(text) > _MOST_BYTES:
        raise SettingsError(f"cannot read {what} {file}: it is larger than {_MOST_BYTES:,} characters")
    return text


def _unquote(value: str) -> str:
    is_quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
    return value[1:-1] if is_quoted else value


def _refuse_unknown(environment: Iterable[str], stored: Iterable[str]) -> None:
    """Raise SettingsError for a name that nothing reads; other programs may have theirs in both."""
    known = {*list_variables(), *list_file_variables()}
    for name in (*environment, *stored):
        if name.startswith(PREFIX) and name not in known and not _OF_KUBERNETES.fullmatch(name):
            near = get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"the settings are {', '.join(sorted(known))}"
            raise SettingsError(f"the setting {name} is unknown; {hint}")
    for name in stored:
        near = get_close_matches(name, known, n=1, cutoff=_NEAR)
        if name not in known and near and not name.startswith(PREFIX):
            raise SettingsError(f"the setting {name} is unknown; did you mean {near[0]}?")


def _choose(variables: Mapping[str, str]) -> dict[str, str]:
    """What has a value; a value and its file are one too many."""
    known = (*list_variables(), *list_file_variables())
    chosen = {name: variables[name] for name in known if variables.get(name)}
    if chosen.get("SIGNPOST_PORT", "").startswith(("tcp://", "udp://")):  # see _OF_KUBERNETES
        del chosen["SIGNPOST_PORT"]
    for name in chosen:
        if name + _FILE in chosen:
            raise SettingsError(f"{name} and {name}{_FILE} are both set; remove one of them")
    return chosen


def _read_values(variables: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The fields, with what stands in the files of secrets; the App's key is read later, by `read_key`."""
    fields = list_variables()
    for name, value in variables.items():
        if name in fields:
            yield fields[name], value
        else:
            yield fields[name.removesuffix(_FILE)], _read_text(Path(value), f"the file of {name},").strip()


_WORDS: Mapping[str, str] = {
    "int_parsing": "must be a whole number",
    "float_parsing": "must be a number",
    "bool_parsing": "must be true or false",
    "greater_than": "must be more than {gt:g}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be {expected}",
    "string_too_short": "must not be empty",
    "too_short": "must have at least {min_length} characters",
    "value_error": "{error}",
}
"""What is wrong, by the type of pydantic's error: https://docs.pydantic.dev/latest/errors/validation_errors/."""


def _explain(error: ValidationError, given: Mapping[str, object]) -> Iterator[str]:
    """What is wrong with each setting, with its value unless it is a secret; `given` came from options."""
    names = {field: name for name, field in list_variables().items()}
    for each in error.errors(include_url=False):
        field = str(each["loc"][0])
        is_option = given.get(field) is not None
        name = f"--{field.replace('_', '-')}" if is_option else names.get(field, field)
        wrong = _WORDS.get(each["type"], each["msg"]).format_map(each.get("ctx", {}))
        value = "" if _is_secret(field) else f", not {reveal_line(repr(each['input']))[:80]}"
        yield f"{name} {wrong}{value}"
