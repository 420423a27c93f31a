"""The sources of a run: rules and settings from the default branch, local folders or shipped packs, and a finder."""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from bot.errors import Problem, SettingsError, explain_cause
from bot.rules.loader import READ, build_ruleset, find_pack, join_rulesets, list_packs, load_rules, read_folder
from bot.rules.ruleset import Ruleset
from bot.tracker.types import Folder, Searcher
from bot.triage.config import (
    Config,
    Sources,
    find_unknown_packs,
    find_unknown_rules,
    make_default_config,
    parse_config,
    read_config,
    refuse_settings,
)

HOME = ".github/signpost"

Stamp = dict[str, tuple[int, ...]]
"""The state of files by their paths: when each was written, its size, its number on the disk, and its mode."""


class FolderReader(Protocol):
    """Reads the files of a folder on the default branch, as a `Tracker` does."""

    def read_folder(self, repository: str, folder: str) -> Folder:
        """The text files; raises TrackerError."""


def read_sources(
    rules: Iterable[str], config_file: str | None, repository: str, tracker: FolderReader | None
) -> Sources:
    """Read rules from `rules`, and settings from `config_file`; what is not given comes from the repository's folder.

    One request reads that folder from the default branch. It is read locally if there is no tracker, or if `rules`
    names it in a checkout; if both rules and settings are given, it is not read.
    Raises SettingsError for settings that cannot be read; the ruleset lists the problems of broken rules.
    """
    places = list(rules)
    is_checked_out = any(Path(place) == Path(HOME) for place in places)
    is_needed = not (places and config_file)
    files, problems = _read_home(repository, None if is_checked_out else tracker) if is_needed else ({}, ())
    config = _read_config(files, config_file)
    if not places and not files and not config.packs:
        where = f"{repository} has no folder {HOME} on its default branch" if tracker else f"there is no folder {HOME}"
        message = f"{where}, and `rules` is empty; run `signpost init`, or set `rules`, for example to pack:claude-code"
        raise SettingsError(message)
    own = load_rules(places) if places else build_ruleset(files)
    packs = [f"pack:{name}" for name in config.packs if f"pack:{name}" not in places]
    ruleset = join_rulesets([own, load_rules(packs), Ruleset(problems=problems)])
    known = {name for rule in ruleset.rules for name in rule.names}
    unknown = find_unknown_rules(config, config_file or f"{HOME}/config.yml", known)
    ruleset = join_rulesets([ruleset, Ruleset(problems=unknown)])
    return Sources(ruleset=ruleset, config=config, template=_read_template(files, config, config_file))


def add_finder(sources: Sources, index: str | None, live: Searcher | None) -> Sources:
    """The sources with a finder of earlier reports, from the index or GitHub's search; unchanged if none is needed."""
    if not (sources.config.duplicates.enabled and (index or live)):
        return sources
    from bot.duplicates.finder import choose_finder

    finder = choose_finder(index, live)
    return replace(sources, find_candidates=finder) if finder else sources


def load_checked(places: list[str]) -> Ruleset:
    """The rules of the places; the problems include those of the settings next to them."""
    ruleset = load_rules(places)
    settings = [problem for place in places for problem in _check_settings(place, ruleset)]
    return join_rulesets([ruleset, Ruleset(problems=tuple(settings))])


def _check_settings(folder: str, ruleset: Ruleset) -> tuple[Problem, ...]:
    """The problems of the settings in a folder of rules; none if the folder has no settings."""
    file = next((file for name in ("config.yml", "config.yaml") if (file := Path(folder) / name).is_file()), None)
    if file is None:
        return ()
    try:
        name = file.as_posix()
        text = _read_file(name)
        config, problems = parse_config(text, name)
        if config is not None:
            _read_template({}, config, name)
            return find_unknown_packs(config, text, name, list_packs()) or _find_unknown(config, file, ruleset)
    except SettingsError as error:
        return (Problem(file.as_posix(), 1, 1, str(error), "settings"),)
    return problems


def _find_unknown(config: Config, file: Path, ruleset: Ruleset) -> tuple[Problem, ...]:
    packs = load_rules(f"pack:{name}" for name in config.packs)
    return find_unknown_rules(
        config, file.as_posix(), {name for rule in (*ruleset.rules, *packs.rules) for name in rule.names}
    )


def _read_home(repository: str, tracker: FolderReader | None) -> tuple[Mapping[str, str], tuple[Problem, ...]]:
    if tracker is None:
        home = Path(HOME)
        return (read_folder(home) if home.is_dir() else {}), ()
    folder = tracker.read_folder(repository, HOME)
    return folder.files, tuple(Problem(HOME, 1, 1, problem, "folder") for problem in folder.problems)


def _read_config(files: Mapping[str, str], config_file: str | None) -> Config:
    homes = (f"{HOME}/config.yml", f"{HOME}/config.yaml")
    name = config_file or next((name for name in homes if name in files), None)
    if name is None:
        return make_default_config()
    text = _read_file(name) if config_file else files[name]
    config = read_config(text, name)
    if problems := find_unknown_packs(config, text, name, list_packs()):
        raise refuse_settings(problems)
    return config


def _read_template(files: Mapping[str, str], config: Config, config_file: str | None) -> str | None:
    if config.template is None:
        return None
    beside = Path(config_file).parent.as_posix() if config_file else HOME
    name = f"{beside}/{config.template}"
    text = _read_file(name) if config_file else files.get(name)
    if text is None:
        message = f"the settings name the template {config.template}, but {name} does not exist; add the file"
        raise SettingsError(message)
    from bot.rules.spec.template_check import check_comment_template

    if problem := check_comment_template(text):
        message = f"{name}: {problem}"
        raise SettingsError(message)
    return text


def _read_file(name: str) -> str:
    try:
        return Path(name).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        message = f"cannot read {name}: {explain_cause(error)}"
        raise SettingsError(message) from error


def read_stamp(paths: Iterable[str]) -> Stamp:
    """The state of all files that are read from these places. A file that vanishes meanwhile is not in it."""
    stamp: Stamp = {}
    for file in _list_files(paths):
        try:
            state = os.stat(file)  # noqa: PTH116 (the names come from os.walk)
        except OSError:
            continue
        stamp[file] = state.st_mtime_ns, state.st_size, state.st_ino, state.st_mode
    return stamp


def _list_files(paths: Iterable[str]) -> Iterator[str]:
    """The files; for a file of rules, all of its folder, because `pack.yml` and settings count, too."""
    for path in paths:
        place = find_pack(path.removeprefix("pack:")) if path.startswith("pack:") else Path(path)
        for folder, inner, names in os.walk(place if place.is_dir() else place.parent):
            inner[:] = [name for name in inner if place.is_dir() and not name.startswith(".")]
            read = (name for name in names if name.endswith(READ) and not name.startswith("."))  # no editor's own files
            yield from (os.path.join(folder, name) for name in read)  # noqa: PTH118 (paths in the thousands)
