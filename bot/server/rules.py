"""The rules of each repository on a server: read when they changed, kept while they are used, and bounded."""

import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import Protocol

from bot.errors import Problem, SettingsError, TrackerError
from bot.rules.ruleset import NOT_RULES
from bot.server.settings import ServerSettings
from bot.tracker.types import Folder, FolderTree
from bot.triage.config import Config, Sources
from bot.triage.sources import HOME, read_sources

CHECK_SECONDS = 30
"""For so long GitHub is not asked again whether the rules of a repository changed; a push ends that at once."""

MOST_CACHED_BYTES = 8_000_000
"""Bytes of text of all rules that are kept. Compiled, 158 rules with 457 kB of text took 12 MB: 26 times as much."""

_LEAST_BYTES = 1_000
"""What an entry counts at least."""

_HOUR = 3_600
_YAML = (".yml", ".yaml")

Key = int | str
"""The id of a repository, or the owner of the repository `.github` that is the default for all of theirs."""


class TreeSource(Protocol):
    """GitHub, as far as rules are read from it; raises TrackerError."""

    def find_tree(self, repository: str, folder: str, etag: str = "") -> FolderTree | None:
        """The tree of a folder on the default branch; None if the answer is the one with that ETag."""

    def read_folder(self, repository: str, folder: str, tree: str = "") -> Folder:
        """The files of a folder, as they are in that tree."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What a repository's rules are now.

    `sources` are None if nothing can run; `skipped` then says why. `place` is the repository that has the files, "" if
    there are none, and `tree` the id of their tree; it `is_shared` if that is the owner's repository `.github`.
    `problems` are those of its files. `size` is that of its text, in bytes, and of its patterns, in steps of RE2: one
    takes 28 bytes of memory, about as much as what is made of a byte of text.
    """

    place: str = ""
    tree: str = ""
    is_shared: bool = False
    sources: Sources | None = None
    skipped: str = ""
    problems: tuple[Problem, ...] = ()
    size: int = 0

    @property
    def rule_count(self) -> int:
        """How many rules there are, those of shipped packs too."""
        return len(self.sources.ruleset.rules) if self.sources else 0


_NOTHING = Loaded(skipped=f"the repository has no rules: there is no folder {HOME} on its default branch")


@dataclass(frozen=True, slots=True)
class _Kept:
    """An entry of the cache, with the ETag of the answer about it, and when it was true last."""

    loaded: Loaded
    etag: str
    checked_at: float


class RuleStore:
    """The rules of all repositories, as they are on GitHub; threads share it.

    What is capped: the number and the size of a repository's own rules (those of packs do not count), and the text of
    all that are kept; the least recently used go first. What is not: the memory of one compiled set, which may be a
    multiple of its text, and what a run needs for a moment. `clock` gives seconds, from any start.
    """

    def __init__(self, settings: ServerSettings, login: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._login = login
        self._clock = clock
        self._lock = Lock()
        self._kept = OrderedDict[Key, _Kept]()
        self._turns: dict[Key, Lock] = {}
        self._forgotten = 0

    def load(self, repository: str, repository_id: int, tracker: TreeSource) -> Loaded:
        """The rules of a repository, or of its owner's repository `.github` if it has no folder of its own.

        Raises TrackerError. Broken rules are problems and do not stop the others.
        """
        own = self._refresh(repository_id, repository, tracker)
        if own.tree:
            return own
        owner = repository.partition("/")[0]
        return replace(self._refresh(owner.casefold(), f"{owner}/.github", tracker), is_shared=True)

    def forget(self, repository_id: int, repository: str = "") -> None:
        """Ask GitHub at the next load; for the repository `.github` of an owner, this goes for all of theirs."""
        owner, _, name = repository.casefold().partition("/")
        with self._lock:
            self._forgotten += 1
            for key in (repository_id, owner) if name == ".github" else (repository_id,):
                if kept := self._kept.get(key):
                    self._kept[key] = replace(kept, checked_at=self._clock() - CHECK_SECONDS)

    def _refresh(self, key: Key, repository: str, tracker: TreeSource) -> Loaded:
        with self._find_turn(key):
            kept = self._find(key)
            if kept and self._clock() - kept.checked_at < CHECK_SECONDS:
                return kept.loaded
            began, forgotten = self._clock(), self._forgotten
            found = tracker.find_tree(repository, HOME, kept.etag if kept else "")
            if kept and (found is None or found.tree == kept.loaded.tree):
                kept = replace(kept, etag=found.etag if found else kept.etag, checked_at=began)
            else:
                tree, etag = found or FolderTree("", "")
                loaded = self._read(repository, tree, tracker) if tree else _NOTHING
                kept = _Kept(loaded, etag, began)
            if forgotten != self._forgotten:  # perhaps these: what was read may be older than the push
                kept = replace(kept, checked_at=began - CHECK_SECONDS)
            self._keep(key, kept)
            return kept.loaded

    def _find_turn(self, key: Key) -> Lock:
        """One thread reads for all that wait for the same rules."""
        with self._lock:
            return self._turns.setdefault(key, Lock())

    def _find(self, key: Key) -> _Kept | None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def _keep(self, key: Key, kept: _Kept) -> None:
        with self._lock:
            self._kept[key] = kept
            self._kept.move_to_end(key)
            sizes = [(each, max(entry.loaded.size, _LEAST_BYTES)) for each, entry in self._kept.items()]
            for oldest in list_surplus(sizes, MOST_CACHED_BYTES):
                del self._kept[oldest]

    def _read(self, repository: str, tree: str, tracker: TreeSource) -> Loaded:
        reader = _Reader(tracker, tree, self._settings)
        try:
            sources = read_sources([], None, repository, reader)
        except SettingsError as error:
            problems = error.problems or (Problem(f"{HOME}/config.yml", 1, 1, str(error), "settings"),)
            skipped = f"nothing runs until {repository} corrects its rules and settings"
            return Loaded(place=repository, tree=tree, skipped=skipped, problems=problems, size=reader.size)
        problems, config = sources.ruleset.problems, claim_identity(sources.config, self._login)
        sources = replace(sources, config=config)
        size = reader.size + sum(rule.steps for rule in sources.ruleset.rules)
        return Loaded(place=repository, tree=tree, sources=sources, problems=problems, size=size)


class _Reader:
    """Reads a folder as it is in a tree, and refuses one that is too large before any rule is compiled."""

    def __init__(self, tracker: TreeSource, tree: str, settings: ServerSettings) -> None:
        self._tracker = tracker
        self._tree = tree
        self._settings = settings
        self.size = 0

    def read_folder(self, repository: str, folder: str) -> Folder:
        """The files; raises SettingsError for more than the server takes."""
        found = self._tracker.read_folder(repository, folder, self._tree)
        if not (found.files or found.problems):
            raise TrackerError(f"Could not read {folder} of {repository}: GitHub shows no files yet.", unanswered=True)
        self.size = sum(len(text.encode()) for text in found.files.values())
        if excess := find_excess(found, self.size, self._settings):
            raise SettingsError(excess, [Problem(folder, 1, 1, excess, "folder")])
        return found


def find_excess(folder: Folder, size: int, settings: ServerSettings) -> str:
    """Why a folder of rules is too large for this server; "" if it is not."""
    names = (file.rpartition("/")[2] for file in folder.files)
    rules = sum(name.endswith(_YAML) and name not in NOT_RULES for name in names)
    if rules > settings.most_rules:
        return f"the folder has {rules:,} rules, but this server takes {settings.most_rules:,}; remove some"
    if size > settings.most_rule_bytes:
        return f"the files have {size:,} bytes, but this server takes {settings.most_rule_bytes:,}; remove some"
    return ""


def list_surplus(sizes: Sequence[tuple[Key, int]], most: int) -> list[Key]:
    """What must go, from the first on, so that the rest is not larger than `most`; the last one stays in any case."""
    total, surplus = sum(size for _, size in sizes), list[Key]()
    for key, size in sizes[:-1]:
        if total <= most:
            break
        surplus.append(key)
        total -= size
    return surplus


def claim_identity(config: Config, login: str) -> Config:
    """The settings with the App's login as ours.

    Only that one can be right on a server: if our own comments looked like somebody else's, each run would post another
    one. A login that the settings state is a former one here, so that an Action's comments are still maintained.
    """
    stated = config.identity.login
    former = [stated] if stated and stated.casefold() != login.casefold() else []
    identity = config.identity.model_copy(update={"login": login, "also": [*former, *config.identity.also]})
    return config.model_copy(update={"identity": identity})


class HourMeter:
    """How much was spent for each key in the last hour, in this process alone; threads share it. `clock` as above."""

    def __init__(self, most: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._lock = Lock()
        self._spent: dict[int, deque[tuple[float, float]]] = {}

    def charge(self, key: int, amount: float) -> None:
        """Note what was spent now."""
        with self._lock:
            self._spent.setdefault(key, deque()).append((self._clock(), amount))

    def find_left(self, key: int) -> float:
        """How much is left; negative after too much was spent at once."""
        return self._most - sum(amount for _, amount in self._list_recent(key))

    def find_wait(self, key: int) -> float:
        """The seconds until something is left, 0 if that is so now."""
        recent = self._list_recent(key)
        over = sum(amount for _, amount in recent) - self._most
        for at, amount in recent:
            if over < 0:
                break
            over -= amount
            if over < 0:
                return at + _HOUR - self._clock()
        return 0.0

    def _list_recent(self, key: int) -> list[tuple[float, float]]:
        with self._lock:
            spent = self._spent.get(key, deque())
            while spent and spent[0][0] <= self._clock() - _HOUR:
                spent.popleft()
            if not spent:
                self._spent.pop(key, None)
            return list(spent)
