"""The rules of a command: their files, all of them as one set, and the settings in their folder."""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from bot.archive.jsonl import IssueArchive
from bot.archive.stats import Opinion
from bot.errors import SettingsError, explain_cause
from bot.output.console import list_rules
from bot.rules.loader import read_place
from bot.rules.ruleset import Ruleset
from bot.triage.config import Config, make_default_config, read_config
from bot.workbench.archive_passes import RuledArchive, compile_rules


@dataclass(frozen=True)
class AskedRules:
    """Rules at places (folders, rule files, pack:NAME); `files` are the texts of each place by path."""

    places: tuple[str, ...]
    files: tuple[Mapping[str, str], ...]

    @cached_property
    def ruleset(self) -> Ruleset:
        """All rules as one set; the set lists their problems."""
        return compile_rules(self.files)

    def print_problems(self) -> None:
        """Print the problems of the rules to stderr, one per line."""
        for problem in self.ruleset.problems:
            print(problem, file=sys.stderr)

    def make_archive(self, issues: IssueArchive, jobs: int) -> RuledArchive:
        """Past issues, to be read with these rules in `jobs` processes."""
        return RuledArchive(issues=issues, rules=self.files, jobs=jobs)

    def read_config(self, file: str | None) -> Config:
        """The settings in a file, or else in the first config.yml next to the rules; raises SettingsError."""
        path = self.find_config(file)
        if path is None:
            return make_default_config()
        try:
            return read_config(path.read_text("utf-8"), str(path))
        except (OSError, UnicodeDecodeError) as error:
            message = f"cannot read {path}: {explain_cause(error)}"
            raise SettingsError(message) from error

    def read_opinions(self, ledger: str | None, config: Config) -> Mapping[str, Opinion] | None:
        """The opinion on the guidance of each rule, from a ledger, by content hash; raises LedgerError."""
        if not ledger:
            return None
        from bot.signals.file import read_any_ledger
        from bot.signals.votes import count_votes, summarize_votes

        votes = count_votes(read_any_ledger(Path(ledger)), config.votes.meanings, self.ruleset.hashes)
        return summarize_votes(votes)

    def find_config(self, file: str | None) -> Path | None:
        """That file, or else the first config.yml next to the rules, if there is one."""
        beside = (Path(place) / name for place in self.places for name in ("config.yml", "config.yaml"))
        return Path(file) if file else next((path for path in beside if path.is_file()), None)

    def read_former(self, revision: str) -> tuple[Mapping[str, str], ...]:
        """The files of each place as of a git revision; raises SettingsError."""
        from bot.cli.options.git_revision import read_revision

        return tuple(read_revision(place, revision) for place in self.places)


def read_rules(asked: list[list[str]] | None) -> AskedRules:
    """The rules that `--rules` names, or else those of the repository; raises SettingsError if there are none."""
    return _read_places(list_rules(asked))


def find_rules(asked: list[list[str]] | None) -> AskedRules:
    """The rules that `--rules` names, or else those of the repository, if it has any."""
    places = list_rules(asked)
    return _read_places(places if asked or Path(places[0]).is_dir() else ())


def _read_places(places: Iterable[str]) -> AskedRules:
    unique = tuple(dict.fromkeys(places))
    return AskedRules(unique, tuple(read_place(place) for place in unique))
