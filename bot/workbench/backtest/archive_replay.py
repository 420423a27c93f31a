"""Rules replayed over an archive, on all cores: from chunks of lines to one tally. Pure."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TextIO

from bot.archive.jsonl import Line
from bot.archive.parallel import work_through
from bot.errors import SettingsError
from bot.workbench.archive_passes import Chunk, read_chunk
from bot.workbench.backtest.replay import format_matches, replay_issue
from bot.workbench.backtest.tally import Tally, merge_tallies
from bot.workbench.backtest.task import Replay, Task, compile_task
from bot.workbench.suggest.message_counts import MessageTally


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What a chunk of an archive gave; `each` are the lines of `--per-issue`, `problem` what ended it early.

    `mined` has the messages of its unmatched issues.
    """

    tally: Tally
    each: tuple[str, ...] = ()
    problem: str | None = None
    mined: MessageTally | None = None

    @property
    def seen(self) -> int:
        """How many issues were replayed."""
        return self.tally.issues


def replay_lines(lines: Chunk, replay: Replay) -> Part:
    """The tally of the issues on the lines; a line that is no issue ends it, and its message is in `problem`."""
    tallies, each, problem = list[Tally](), list[str](), None
    mined = MessageTally() if replay.task.is_mined else None
    try:
        for facts in read_chunk(lines, replay.ruleset):
            if facts is None:
                tallies.append(Tally(pull_requests=1))
                continue
            found, matches = replay_issue(facts, replay)
            tallies += found
            if mined is not None and not found[0].matched:
                mined.add(facts)
            if replay.task.is_per_issue:
                each.append(format_matches(facts.issue, matches))
    except SettingsError as error:
        problem = str(error)
    return Part(tally=merge_tallies(tallies), each=tuple(each), problem=problem, mined=mined)


@dataclass(frozen=True)
class _ReplayWork:
    task: Task

    def prepare(self) -> Callable[[Chunk], Part]:
        return partial(replay_lines, replay=compile_task(self.task))


def replay_archive(lines: Iterable[Line], task: Task, jobs: int) -> Iterator[Part]:
    """The parts of a history, in its order; with `jobs` processes where there are more than a few lines.

    Raises SettingsError for a line that is no issue, after the parts before it, and where a worker dies.
    """
    for part in work_through(lines, _ReplayWork(task), jobs):
        yield part
        if part.problem:
            raise SettingsError(part.problem)


def join_parts(parts: Iterable[Part], out: TextIO | None = None) -> Part:
    """All parts as one; the lines of `--per-issue` go to `out` in order, and are not kept."""
    whole, mined, is_mined = Tally(), MessageTally(), False
    for part in parts:
        whole = merge_tallies([whole, part.tally])
        if part.mined:
            mined.take(part.mined)
            is_mined = True
        if out:
            out.writelines(f"{line}\n" for line in part.each)
    return Part(tally=whole, mined=mined if is_mined else None)
