"""Which engine looks for the needles of all rules: RE2, which is always there, or hyperscan for very many rules."""

from dataclasses import replace
from importlib.util import find_spec
from typing import Literal

from bot.errors import SettingsError
from bot.rules.rule import Ruleset

Engine = Literal["re2", "hyperscan", "auto"]
ENGINES: tuple[Engine, ...] = ("auto", "re2", "hyperscan")
MANY = 3_000
"""Rules from which on hyperscan saves a few hundredths of the time of a long history (benchmarks/README.md)."""


def choose_engine(ruleset: Ruleset, engine: Engine) -> Ruleset:
    """The same rules, looked for by that engine; `auto`: hyperscan where it is installed and there are very many.

    Raises SettingsError where hyperscan is asked for and not installed.
    """
    is_there = find_spec("hyperscan") is not None
    if engine == "re2" or (engine == "auto" and not (is_there and len(ruleset.rules) >= MANY)):
        return ruleset
    if not is_there:
        message = "hyperscan is not installed; pip install 'signpost-bot[hyperscan]', or use --engine re2"
        raise SettingsError(message)
    from bot.rules.hyperscan_scanner import scan_by_hyperscan

    return replace(ruleset, scan=scan_by_hyperscan)
