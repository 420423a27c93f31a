"""GitHub's JSON as plain types: one reader for REST answers, webhook payloads and `gh issue list --json`. Pure."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, NamedTuple, TypeVar

from pydantic import AliasChoices, AliasPath, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from bot.errors import SettingsError
from bot.tracker.types import EPOCH, Account, Change, Comment, Issue, Reaction

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_HTML_ADDRESS = re.compile(r"https?://[^/]+/(?P<repository>[^/]+/[^/]+)/(?P<kind>issues|pull)/\d+")
_API_ADDRESS = re.compile(r"https?://.+?/repos/(?P<repository>[^/]+/[^/]+)(?:/issues/\d+)?")
_MOST = 10**9
"""Larger than the number of any issue."""
_LARGEST = 10**18
"""Numbers of other trackers may be larger, up to 64 bits."""

_COMMENT_ADDRESS = re.compile(r"#issuecomment-([0-9]{1,18})$")


def mend_text(text: str) -> str:
    """Replace lone surrogates, one to one, by U+FFFD: JSON may contain them, UTF-8 may not."""
    return _LONE_SURROGATE.sub("\ufffd", text)


def _text(value: object) -> object:
    if value is None:
        return ""
    return mend_text(value) if isinstance(value, str) else value


def _date(value: object) -> object:
    return EPOCH if value in (None, "") else value


def _zoned(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    except OverflowError:
        return EPOCH  # the first or last day that there is, in another zone


def _number(value: object) -> object:
    """Leave a node id out: `gh` gives GraphQL's where REST gives the database's."""
    return value if isinstance(value, int) else 0


def _mark(value: object) -> object:
    """Any other value under this name, as in an export, is not a mark of GitHub."""
    return value if type(value) is int and 0 <= value < _MOST else None


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


Text = Annotated[str, BeforeValidator(_text)]
Date = Annotated[datetime, BeforeValidator(_date)]
DatabaseId = Annotated[int, BeforeValidator(_number)]


class _Json(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, defer_build=True)


_REACTIONS = ("+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes")


def _count_reactions(value: object) -> object:
    """REST's rollup without what is zero; `gh` gives groups of GraphQL, which are left out."""
    counts = value if isinstance(value, dict) else {}
    return tuple((name, counts[name]) for name in _REACTIONS if type(counts.get(name)) is int and counts[name] > 0)


def _type(value: object) -> object:
    """The name of an issue type; any other value under this name, as in an export, is not a type of GitHub."""
    name = value.get("name") if isinstance(value, dict) else None
    return mend_text(name) if isinstance(name, str) and name else None


_Reactions = Annotated[tuple[tuple[str, int], ...], BeforeValidator(_count_reactions)]


class _User(_Json):
    login: Text
    type: Text = ""
    is_bot: bool = False

    def account(self) -> Account:
        """`gh` writes `app/name`, REST `name[bot]` (and `type: Bot`), for one and the same App."""
        app = self.login.removeprefix("app/")
        if app != self.login:
            return Account(login=f"{app}[bot]", is_bot=True)
        is_bot = self.is_bot or self.type == "Bot" or self.login.endswith("[bot]")
        return Account(login=self.login or "ghost", is_bot=is_bot)


class _Label(_Json):
    name: Text = ""


def _label(value: object) -> object:
    return {"name": value} if isinstance(value, str) else value


_GHOST = _User(login="ghost")
_Author = Annotated[_User, BeforeValidator(lambda value: value or _GHOST)]
_AnyLabel = Annotated[_Label, BeforeValidator(_label)]
_Writer = Annotated[_Author, Field(validation_alias=AliasChoices("user", "author"))]
_Association = Annotated[Text, Field(validation_alias=AliasChoices("author_association", "authorAssociation"))]
_CreatedAt = Annotated[Date, Field(validation_alias=AliasChoices("created_at", "createdAt"))]
_Model = TypeVar("_Model", bound=_Json)


class _CommentJson(_Json):
    id: DatabaseId = 0
    url: Text = ""
    body: Text = ""
    user: _Writer = _GHOST
    created_at: _CreatedAt = EPOCH
    is_minimized: Annotated[bool, BeforeValidator(bool)] = Field(
        default=False,
        validation_alias=AliasChoices("minimized", "isMinimized"),
    )
    association: _Association = "NONE"
    updated_at: Annotated[datetime | None, BeforeValidator(lambda value: value or None)] = Field(
        default=None, validation_alias=AliasChoices("updated_at", "updatedAt")
    )
    reactions: _Reactions = ()

    def comment(self) -> Comment:
        address = _COMMENT_ADDRESS.search(self.url)
        return Comment(
            id=self.id or (int(address[1]) if address else 0),
            author=self.user.account(),
            body=self.body,
            created_at=_zoned(self.created_at),
            is_minimized=self.is_minimized,
            association=self.association or "NONE",
            reactions=self.reactions,
            updated_at=_zoned(self.updated_at) if self.updated_at else None,
        )


class _IssueJson(_Json):
    number: Annotated[int, Field(lt=_LARGEST)]
    title: Annotated[str, BeforeValidator(_text)]
    body: Text = ""
    id: DatabaseId = 0
    url: Text = Field(default="", validation_alias=AliasChoices("html_url", "url"))
    repository_url: Text = ""
    user: _Writer = _GHOST
    association: _Association = "NONE"
    labels: Annotated[list[_AnyLabel], BeforeValidator(lambda value: value or [])] = []
    state: Annotated[Literal["open", "closed"] | None, BeforeValidator(_lower)] = None
    state_reason: Annotated[Text, BeforeValidator(_lower)] = Field(
        default="",
        validation_alias=AliasChoices("state_reason", "stateReason"),
    )
    duplicate_of: Annotated[int | None, BeforeValidator(_mark)] = None
    is_locked: bool = Field(default=False, validation_alias=AliasChoices("locked", "isLocked"))
    pull_request: dict[str, Any] | None = None
    comments: int | list[_CommentJson] | None = None
    created_at: _CreatedAt = EPOCH
    updated_at: Date = Field(default=EPOCH, validation_alias=AliasChoices("updated_at", "updatedAt"))
    assignees: Annotated[list[Any], BeforeValidator(lambda value: value if isinstance(value, list) else [])] = []
    milestone: Any = None
    reactions: _Reactions = ()
    type: Annotated[str | None, BeforeValidator(_type)] = Field(
        default=None, validation_alias=AliasChoices("type", "issueType")
    )

    def repository(self) -> str:
        """Where the issue is, by its own addresses; "" where they do not say."""
        found = _API_ADDRESS.fullmatch(self.repository_url) or _API_ADDRESS.fullmatch(self.url)
        found = found or _HTML_ADDRESS.fullmatch(self.url)
        return found["repository"] if found else ""

    def _names_pull_request(self) -> bool:
        """Whether the page's address says so, as `gh` gives it; a repository may be called `pull` too."""
        address = _HTML_ADDRESS.match(self.url)
        return address is not None and address["kind"] == "pull"

    def issue(self, repository: str) -> Issue:
        comments = self.comments if isinstance(self.comments, list) else []
        return Issue(
            repository=self.repository() or repository,
            number=self.number,
            title=self.title,
            body=self.body,
            id=self.id,
            url=self.url,
            author=self.user.account(),
            association=self.association or "NONE",
            labels=tuple(label.name for label in self.labels if label.name),
            state=self.state or "open",
            is_state_known=self.state is not None,
            state_reason=self.state_reason or None,
            duplicate_of=self.duplicate_of,
            is_locked=self.is_locked,
            is_pull_request=self.pull_request is not None or self._names_pull_request(),
            comment_count=self.comments if isinstance(self.comments, int) else len(comments),
            is_thread_known=self.comments is not None,
            created_at=_zoned(self.created_at),
            updated_at=_zoned(self.updated_at),
            comments=tuple(comment.comment() for comment in comments),
            is_assigned=bool(self.assignees),
            has_milestone=bool(self.milestone),
            reactions=self.reactions,
            type=self.type,
        )


class _ChangeJson(_Json):
    event: Text
    actor: _Author = _GHOST
    created_at: Date = EPOCH
    label: Text | None = Field(default=None, validation_alias=AliasPath("label", "name"))
    former_title: Text | None = Field(default=None, validation_alias=AliasPath("rename", "from"))

    def change(self) -> Change:
        return Change(
            kind=self.event,
            actor=self.actor.account(),
            at=_zoned(self.created_at),
            label=self.label,
            former_title=self.former_title,
        )


def _word(kind: str, message: str) -> str:
    """The sentence of pydantic; for a missing object it would name classes of ours."""
    return "input should be an object" if kind in {"model_type", "model_attributes_type"} else message.lower()


def parse_issue(json: object, repository: str = "") -> Issue:
    """Read an issue as REST, a webhook or `gh issue list --json` writes it; `repository` is used if the JSON has none.

    Only number and title are required; a missing date is `EPOCH`. Raises `SettingsError` that names what is wrong.
    """
    return _validate(_IssueJson, json, "issue").issue(repository)


class _ClosedJson(_Json):
    closed_at: Date | None = None


def parse_closing(json: object) -> datetime | None:
    """Read when an issue was closed, as REST writes it, which an open one may say as well; raises `SettingsError`."""
    closed = _validate(_ClosedJson, json, "issue").closed_at
    return _zoned(closed) if closed else None


def parse_comment(json: object) -> Comment:
    """Read a comment of an issue, as REST, a webhook or `gh issue view --json comments` writes it."""
    return _validate(_CommentJson, json, "comment").comment()


def parse_role(json: object) -> str:
    """Read a person's role in a repository; "none" if GitHub states none.

    `permission` knows only admin, write, read and none: `maintain` is `write` there, and `triage` is `read`.
    https://docs.github.com/en/rest/collaborators/collaborators#get-repository-permissions-for-a-user
    """
    stated = json if isinstance(json, dict) else {}
    role, permission = stated.get("role_name"), stated.get("permission")
    found = role if role in {"maintain", "triage"} else permission
    return found if isinstance(found, str) else "none"


class ListedComment(NamedTuple):
    """A comment of a list over all issues, its GraphQL id, and the number of its issue or pull request."""

    comment: Comment
    node_id: str
    issue: int
    is_pull_request: bool


_ISSUE_ADDRESS = re.compile(r"/issues/(\d{1,18})$")


class _PlaceJson(_Json):
    node_id: Text = ""
    issue_url: Text = ""
    html_url: Text = ""


def parse_listed_comment(json: object) -> ListedComment:
    """Read a comment of `GET /repos/{owner}/{repo}/issues/comments`; raises `SettingsError`."""
    place = _validate(_PlaceJson, json, "comment")
    number = _ISSUE_ADDRESS.search(place.issue_url)
    if not (number and place.node_id):
        raise SettingsError("Not a GitHub comment: it names no issue, or has no `node_id`.")
    return ListedComment(parse_comment(json), place.node_id, int(number[1]), "/pull/" in place.html_url)


class _ReactionJson(_Json):
    content: Text
    user: _Author = _GHOST
    created_at: Date = EPOCH


def parse_reaction(json: object) -> Reaction:
    """Read a reaction, as REST writes it."""
    found = _validate(_ReactionJson, json, "reaction")
    return Reaction(content=found.content, by=found.user.account(), at=_zoned(found.created_at))


def parse_change(json: object) -> Change:
    """Read one REST issue event.

    https://docs.github.com/en/rest/using-the-rest-api/issue-event-types
    """
    return _validate(_ChangeJson, json, "issue event").change()


def _validate(model: type[_Model], json: object, what: str) -> _Model:
    try:
        return model.model_validate(json)
    except ValidationError as error:
        raise SettingsError(f"Not a GitHub {what}: {explain(error)}.") from None


def parse_label(json: object) -> str:
    """Read the name of a label; "" if there is none.

    REST writes a label as an object, and at times as its name alone.
    """
    try:
        return _Label.model_validate(_label(json)).name
    except ValidationError:
        return ""


def parse_account(json: object) -> Account:
    """Read a user; one that is null or has no login is `ghost`, as on GitHub's own pages."""
    try:
        return _User.model_validate(json or _GHOST).account()
    except ValidationError:
        return Account(login="ghost")


def explain(error: ValidationError) -> str:
    """Describe the problems of the JSON and their places, without its values."""
    return "; ".join(
        f"{'.'.join(str(step) for step in problem['loc']) or 'the whole'}: {_word(problem['type'], problem['msg'])}"
        for problem in error.errors(include_url=False, include_context=False, include_input=False)
    )
