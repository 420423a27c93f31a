"""`signpost serve setup`: from the form to the files, over HTTP and in a browser, and what it refuses."""

import json
import os
import re
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from queue import Queue

import pytest
import requests
from playwright.sync_api import Browser, Page

from bot.errors import SettingsError
from bot.server.settings import ServerSettings, read_environment_file
from bot.server.setup import (
    Flaw,
    SetUp,
    SetupOptions,
    Wishes,
    find_flaw,
    make_manifest,
    read_wishes,
    set_up,
    write_address,
    write_file,
    write_settings,
)
from tests.server.deliveries import make_credentials
from tests.stand_ins.accessibility import LOOKS, find_barriers_now
from tests.stand_ins.fake_github import FakeGitHub
from tests.stand_ins.github_app import FakeApp
from tests.stand_ins.lock import CACHE
from tests.stand_ins.patience import LONGEST

PUBLIC = "https://signpost.example.org"
FORM = {"name": "Acme Signpost", "organisation": "", "url": f"{PUBLIC}/"}


@dataclass
class Running:
    """The page of a setup, which runs until the App is made."""

    address: str
    options: SetupOptions
    thread: threading.Thread
    ended: list[SetUp] = field(default_factory=list)

    @property
    def origin(self) -> str:
        return self.address.rpartition("/")[0]

    @property
    def token(self) -> str:
        return self.address.rpartition("/")[2]

    def post(self, headers: Mapping[str, str] | None = None, **changes: str) -> requests.Response:
        """Send the form as a browser does."""
        form = {"token": self.token, **FORM, **changes}
        return requests.post(self.address, form, headers={"Origin": "null", **(headers or {})}, timeout=LONGEST)

    def confirm(self, page: str) -> requests.Response:
        """Send the form that leads to GitHub, whose fake leads back at once."""
        action, manifest = read_form(page)
        return requests.post(action, {"manifest": manifest}, timeout=LONGEST)

    def wait(self) -> SetUp:
        self.thread.join(LONGEST)
        (made,) = self.ended
        return made


def read_form(page: str) -> tuple[str, str]:
    """Where the form that leads to GitHub goes, and the manifest in it."""
    action, manifest = re.search(r'action="([^"]+)"', page), re.search(r'name="manifest" value="([^"]+)"', page)
    assert action
    assert manifest
    return unescape(action[1]), unescape(manifest[1])


@pytest.fixture
def app(fake_github: FakeGitHub) -> FakeApp:
    return FakeApp(fake_github)


@pytest.fixture
def running(app: FakeApp, tmp_path: Path) -> Iterator[Running]:
    options = SetupOptions(
        settings_file=tmp_path / "signpost.env",
        key_file=tmp_path / "signpost.pem",
        url=PUBLIC,
        api_url=app.github.url,
        server_url=app.github.url,
    )
    with run_setup(options) as running:
        yield running


@contextmanager
def run_setup(options: SetupOptions) -> Iterator[Running]:
    """The page in a thread of its own; a setup that nobody finishes ends with the process."""
    addresses, ended = Queue[str](), list[SetUp]()
    thread = threading.Thread(target=lambda: ended.append(set_up(options, addresses.put)), daemon=True)
    thread.start()
    yield Running(addresses.get(timeout=LONGEST), options, thread, ended)


def test_the_app_is_made_and_its_secrets_are_stored(
    running: Running, app: FakeApp, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    pages = [requests.get(running.address, timeout=LONGEST), running.post(pulls="yes")]
    pages.append(running.confirm(pages[1].text))
    options = running.options
    assert running.wait() == SetUp(
        name="Acme Signpost",
        install_url="https://github.com/apps/acme-signpost/installations/new",
        settings_file=options.settings_file,
        key_file=options.key_file,
    )
    settings = ServerSettings.from_environment(read_environment_file(options.settings_file))
    assert (settings.app_id, settings.client_id, settings.url) == (app.id, app.client_id, PUBLIC)
    assert (settings.secrets, settings.read_key()) == ((app.secret.encode(),), app.key)
    assert settings.client_secret
    assert settings.client_secret.get_secret_value() == app.client_secret
    assert (settings.api_url, settings.server_url) == (app.github.url, app.github.url)
    assert [stat.S_IMODE(file.stat().st_mode) for file in (options.settings_file, options.key_file)] == [0o600] * 2
    assert sorted(path.name for path in options.key_file.parent.iterdir()) == ["signpost.env", "signpost.pem"]
    shown = "".join([*(page.text for page in pages), *capfd.readouterr(), caplog.text, repr(running.ended)])
    assert not [secret for secret in (app.key, app.secret, app.client_secret, app.key[100:140]) if secret in shown]


def test_pages_let_nothing_else_in(running: Running, app: FakeApp) -> None:
    for page in (requests.get(running.address, timeout=LONGEST), running.post()):
        policy = page.headers["content-security-policy"]
        assert re.fullmatch(
            r"default-src 'none'; style-src 'sha256-[\w+/=]+'; img-src data:; base-uri 'none'; "
            rf"form-action 'self' {re.escape(app.github.url)}; frame-ancestors 'none'",
            policy,
        )
        assert {name: page.headers[name] for name in ("cache-control", "referrer-policy", "x-frame-options")} == {
            "cache-control": "no-store",
            "referrer-policy": "no-referrer",
            "x-frame-options": "DENY",
        }
        assert "<script" not in page.text


@pytest.mark.parametrize(
    "send, status",
    [
        pytest.param(lambda it: requests.get(it.origin, timeout=LONGEST), 404, id="without the token"),
        pytest.param(lambda it: requests.get(it.address + "x", timeout=LONGEST), 404, id="another token"),
        pytest.param(
            lambda it: requests.get(it.address, headers={"Host": "evil.example"}, timeout=LONGEST), 421, id="Host"
        ),
        pytest.param(lambda it: requests.post(it.address, FORM, timeout=LONGEST), 403, id="no token in the form"),
        pytest.param(lambda it: it.post({"Origin": "https://evil.example"}), 403, id="another Origin"),
        pytest.param(lambda it: it.post({"Sec-Fetch-Site": "cross-site"}), 403, id="another site"),
        pytest.param(lambda it: it.post(token="x"), 403, id="a form of another page"),
        pytest.param(lambda it: it.post(name="x" * 20_000), 403, id="a form that is too large"),
        pytest.param(lambda it: requests.get(f"{it.origin}/created?code=x", timeout=LONGEST), 403, id="no state"),
        pytest.param(
            lambda it: requests.get(f"{it.origin}/created?code=x&state=", timeout=LONGEST), 403, id="an empty state"
        ),
        pytest.param(lambda it: requests.put(it.address, timeout=LONGEST), 405, id="another verb"),
    ],
)
def test_what_does_not_come_from_the_page_is_refused(
    running: Running, send: Callable[[Running], requests.Response], status: int
) -> None:
    reply = send(running)
    assert (reply.status_code, running.token in reply.text) == (status, False)
    assert not running.options.key_file.exists()


def test_only_the_state_of_the_last_form_counts_and_only_once(running: Running, app: FakeApp) -> None:
    first, second = (read_form(running.post().text) for _ in range(2))
    states = [action.partition("state=")[2] for action, _ in (first, second)]
    assert states[0] != states[1]
    code = app.agree(json.loads(second[1]))
    reply = requests.get(f"{running.origin}/created?code={code}&state={states[0]}", timeout=LONGEST)
    assert (reply.status_code, running.options.key_file.exists()) == (403, False)
    reply = requests.get(f"{running.origin}/created?code={code}&state={states[1]}", timeout=LONGEST)
    assert (reply.status_code, running.wait().name) == (200, "Acme Signpost")


def test_a_code_that_is_too_old_is_an_error_and_one_starts_again(running: Running) -> None:
    action, _ = read_form(running.post().text)
    back = f"{running.origin}/created?code=old&state={action.partition('state=')[2]}"
    reply = requests.get(back, timeout=LONGEST)
    assert reply.status_code == 502
    assert "its code was used before, or is older than an hour. Start again." in unescape(reply.text)
    assert requests.get(back, timeout=LONGEST).status_code == 403
    assert running.confirm(running.post().text).status_code == 200
    assert running.wait().name == "Acme Signpost"


def test_a_file_that_cannot_be_written_is_tried_again_with_the_same_code(running: Running, app: FakeApp) -> None:
    running.options.key_file.mkdir()
    action, manifest = read_form(running.post().text)
    state = action.partition("state=")[2]
    back = f"{running.origin}/created?code={app.agree(json.loads(manifest))}&state={state}"
    reply = requests.get(back, timeout=LONGEST)
    assert (reply.status_code, "File exists" in reply.text) == (500, True)
    running.options.key_file.rmdir()
    assert requests.get(back, timeout=LONGEST).status_code == 200
    assert running.wait().key_file.read_text() == app.key


@pytest.mark.parametrize("name", ["signpost.env", "signpost.pem"])
def test_a_file_that_exists_is_replaced_on_demand_only(tmp_path: Path, app: FakeApp, name: str) -> None:
    (tmp_path / name).write_text("precious")
    options = SetupOptions(
        settings_file=tmp_path / "signpost.env",
        key_file=tmp_path / "signpost.pem",
        api_url=app.github.url,
        server_url=app.github.url,
    )
    with pytest.raises(SettingsError) as caught:
        set_up(options, print)
    expected = f"{tmp_path / name} exists already; add --force to replace it, or choose another file"
    assert (str(caught.value), (tmp_path / name).read_text()) == (expected, "precious")
    forced = SetupOptions(
        settings_file=options.settings_file,
        key_file=options.key_file,
        may_replace=True,
        api_url=app.github.url,
        server_url=app.github.url,
    )
    with run_setup(forced) as running:
        running.confirm(running.post().text)
        running.wait()
    assert (tmp_path / name).read_text() != "precious"


def test_a_file_is_written_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    file = tmp_path / "signpost.env"
    write_file(file, "one", may_replace=False)
    with pytest.raises(SettingsError, match="File exists"):
        write_file(file, "two", may_replace=False)
    with pytest.raises(SettingsError, match="No such file"):
        write_file(tmp_path / "missing" / "signpost.env", "two", may_replace=True)
    assert (file.read_text(), [each.name for each in tmp_path.iterdir()]) == ("one", ["signpost.env"])
    write_file(file, "three", may_replace=True)
    assert (file.read_text(), stat.S_IMODE(file.stat().st_mode)) == ("three", 0o600)


GOOD = Wishes(name="Signpost", url=PUBLIC)
ADDRESS = Flaw("url", "The address must be a URL such as https://signpost.example.org, without a query.")
REACHABLE = Flaw("url", "The address must begin with https:// and be reachable from the internet.")
NAME = Flaw("name", "The name must have 1 to 34 characters.")
OWNER = Flaw("organisation", "The organisation must be its login on GitHub: letters, digits and hyphens.")


@pytest.mark.parametrize(
    "wishes, server, flaw",
    [
        pytest.param(GOOD, "https://github.com", None, id="good"),
        pytest.param(Wishes(name="", url=PUBLIC), "https://github.com", NAME, id="no name"),
        pytest.param(Wishes(name="x" * 35, url=PUBLIC), "https://github.com", NAME, id="a long name"),
        pytest.param(Wishes(organisation="../x", url=PUBLIC), "https://github.com", OWNER, id="a path"),
        pytest.param(Wishes(organisation="octo org", url=PUBLIC), "https://github.com", OWNER, id="a name"),
        pytest.param(Wishes(url=""), "https://github.com", ADDRESS, id="no address"),
        pytest.param(Wishes(url="javascript:alert(1)"), "https://github.com", ADDRESS, id="a script"),
        pytest.param(Wishes(url=f"{PUBLIC}?x=1"), "https://github.com", ADDRESS, id="a query"),
        pytest.param(Wishes(url="https://me:pw@signpost.example"), "https://github.com", ADDRESS, id="a password"),
        pytest.param(Wishes(url="http://signpost.example"), "https://github.com", REACHABLE, id="not encrypted"),
        pytest.param(Wishes(url="https://localhost:8000"), "https://github.com", REACHABLE, id="this machine"),
        pytest.param(Wishes(url="http://signpost.intern:8000"), "https://ghes.intern", None, id="an own GitHub"),
    ],
)
def test_a_wish_that_github_would_not_accept_is_named(wishes: Wishes, server: str, flaw: Flaw | None) -> None:
    assert find_flaw(wishes, server) == flaw


def test_a_wrong_field_is_shown_with_what_was_entered(running: Running) -> None:
    reply = running.post(name='<b>"x', organisation="no such")
    assert reply.status_code == 422
    assert 'value="&lt;b&gt;&#34;x"' in reply.text
    assert re.search(r'id="organisation"[^>]* aria-invalid="true"', reply.text)


def test_the_manifest_asks_for_little() -> None:
    wishes = read_wishes({"name": " Acme ", "organisation": "octo", "url": f"{PUBLIC}/bots/", "pulls": "yes"})
    assert make_manifest(wishes, "http://127.0.0.1:4711/created") == {
        "name": "Acme",
        "url": f"{PUBLIC}/bots",
        "description": "Recognises known problems in new issues.",
        "hook_attributes": {"url": f"{PUBLIC}/bots/webhook", "active": True},
        "redirect_url": "http://127.0.0.1:4711/created",
        "callback_urls": [f"{PUBLIC}/bots/login/callback"],
        "setup_on_update": False,
        "request_oauth_on_install": False,
        "public": False,
        "default_permissions": {"contents": "read", "issues": "write", "metadata": "read", "pull_requests": "read"},
        "default_events": ["issues", "issue_comment", "push"],
    }
    assert "pull_requests" not in make_manifest(GOOD, "")["default_permissions"]


@pytest.mark.parametrize(
    "organisation, server, address",
    [
        ("", "https://github.com", "https://github.com/settings/apps/new?state=s"),
        ("octo", "https://github.com", "https://github.com/organizations/octo/settings/apps/new?state=s"),
        ("octo", "https://ghes.intern", "https://ghes.intern/organizations/octo/settings/apps/new?state=s"),
    ],
)
def test_the_app_belongs_to_a_person_or_an_organisation(organisation: str, server: str, address: str) -> None:
    assert write_address(Wishes(organisation=organisation), server, "s") == address


def test_a_value_of_several_lines_is_not_stored() -> None:
    made = make_credentials(webhook_secret="x\nSIGNPOST_PAGE_TOKEN=evil")
    with pytest.raises(SettingsError, match="GitHub's value of SIGNPOST_WEBHOOK_SECRET contains spaces"):
        write_settings(made, GOOD, SetupOptions())


def test_files_may_have_spaces_in_their_names(tmp_path: Path) -> None:
    file = tmp_path / "my app" / "signpost.env"
    file.parent.mkdir()
    made = make_credentials()
    options = SetupOptions(settings_file=file, key_file=file.with_name("signpost.pem"))
    write_file(file, write_settings(made, GOOD, options), may_replace=False)
    settings = ServerSettings.from_environment(read_environment_file(file))
    assert settings.private_key_file == file.with_name("signpost.pem")
    done = SetUp(name="Signpost", install_url="", settings_file=file, key_file=options.key_file)
    assert done.command == f"signpost serve --settings '{file}'"


def test_ctrl_c_ends_the_setup_without_a_file(tmp_path: Path) -> None:
    code = "from bot.server.setup import *; set_up(SetupOptions(), lambda address: print(address, flush=True))"
    root = str(Path(__file__).parents[2])
    command = [sys.executable, "-c", code]
    environment = {**os.environ, "PYTHONPATH": root}
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as it:
        assert it.stdout
        assert it.stderr
        assert it.stdout.readline().startswith(b"http://127.0.0.1:")
        it.send_signal(signal.SIGINT)
        errors = it.stderr.read()
    assert (it.returncode, b"KeyboardInterrupt" in errors, list(tmp_path.iterdir())) == (-signal.SIGINT, True, [])


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


def test_a_person_makes_the_app_in_a_browser(running: Running, page: Page, app: FakeApp) -> None:
    problems = list[str]()
    page.on("console", lambda message: problems.append(message.text))
    page.goto(running.address)
    assert look(page, "form") == []
    page.get_by_label("Name of the App").fill("Acme Signpost")
    page.get_by_label("Organisation").fill("octo org")
    page.get_by_label("Signpost may read pull requests").check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("alert").wait_for()
    assert look(page, "problem") == []
    page.get_by_label("Organisation").fill("octo")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("heading", name="Check the App").wait_for()
    assert look(page, "check") == []
    page.get_by_role("button", name="Create the App on GitHub").click()
    page.get_by_role("heading", name="The App is ready").wait_for()
    assert look(page, "done") == []
    assert running.wait().name == app.name == "Acme Signpost"
    assert app.github.requests[0].path == "/organizations/octo/settings/apps/new"
    assert [problem for problem in problems if "422" not in problem] == []


def look(page: Page, name: str) -> list[str]:
    """The barriers of the page in every look; pictures of the wide ones are kept."""
    found = []
    for each in LOOKS:
        page.emulate_media(color_scheme=each.scheme)
        page.set_viewport_size({"width": each.width, "height": 800})
        found += [f"{each.name}: {barrier}" for barrier in find_barriers_now(page)]
        page.screenshot(path=CACHE / "pictures" / f"setup-{name}-{each.name.replace(' ', '-')}.png", full_page=True)
    return found
