"""Versions as people state them, and ranges of them. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache, total_ordering
from itertools import zip_longest
from typing import NamedTuple

_VERSION = re.compile(
    r"(?<![\w.])(?<!\d:)(?:v|version[ -]?|core-)?(?P<release>\d{1,8}(?:\.\d{1,8}){1,4})"
    r"(?:[-._+]?(?P<pre>alpha|beta|a|b|rc|c|pre|preview|dev|nightly|canary|next|snapshot)[-._]?(?P<number>\d{1,8})?(?![a-z]))?",
    re.IGNORECASE,
)
_MODEL = re.compile(
    r"(?:sonnet|opus|haiku|claude|gpt|gemini|llama|mistral|grok|qwen|deepseek)[ -]*(?:v|version)?\s*$", re.IGNORECASE
)
_MODEL_BEHIND = re.compile(r"[ -]*(?:sonnet|opus|haiku)\b", re.IGNORECASE)
_OTHER_PROGRAMS = """
    alma almalinux alpine amazonlinux android arch archlinux bigsur catalina centos chromeos darwin
    darwinkernel debian distro fedora freebsd ios ipados kali kernel linux mac macos macosx manjaro mint
    monterey nixos openbsd opensuse operatingsystem os osx platform pop_os raspbian redhat rhel rocky
    rockylinux sequoia sonoma suse system tahoe ubuntu ventura win windows windowsnt windowsserver windows_nt
    winnt wsl
    asdf brew bun cargo choco chocolatey clang conda corepack deno dotnet electron fnm gcc glibc go golang
    gradle homebrew java jdk jvm libc llvm maven mise musl net node nodejs npm npx nvm openjdk openssl perl
    php pip pipx pnpm python ruby rust rustc scoop swift typescript uv v8 volta winget xcode yarn
    alacritty bash cmd cygwin fish ghostty gitbash gnome gnometerminal hyper iterm kitty konsole mingw msys
    nushell powershell powershellcore pwsh tabby terminal terminalapp terminus tmux warp wezterm
    windowsterminal zellij zsh
    androidstudio clion codium cursor emacs goland ide idea insiders intellij intellijidea jetbrains neovim
    nvim phpstorm plugin pycharm rider rubymine sublime sublimetext vim visualstudio visualstudiocode vscode
    vscodium webstorm windsurf zed
    action aider cline codex copilot gemini haiku openrouter opus playwright posh roo router sonnet
    aws awscli boto3 brave browser chrome chromium curl desktop desktopapp docker dockerdesktop edge firefox
    gcloud gh git jq kubectl kubernetes litellm openssh podman rg ripgrep safari sdk ssh tailscale
"""
"""What people name beside the product that they report, without what joins its words and without the number."""

_PLAIN = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+-]{0,39}")
_FILLERS = (
    "a at cli edition enterprise home is js lts number pro proxy release runtime server stable the tool use using v ver"
    " vers version versions"
)
_WORD = re.compile(r"[^\W\d_][\w.!+]*|\d+")
_LONGEST_NAME = 3
_CLAUSE = re.compile(r"[;|\n)\u2014]|,(?!\s*(?:[Vv]ersion\b|$))|\.\s|\s[-\u2013]\s|\d\.\d")
_NAMED = re.compile(r"\b(?![Vv]ersion)[A-Z][\w.+-]*[ :@/(=]*(?:[Vv]ersion|v)?[ :]*$")
_BETWEEN = re.compile(r"(?:[\s:=@/(\[\"'`*_-]|\b(?:cli|version|ver|v|is|release|native|extension)\b)*", re.IGNORECASE)
_ALONE = re.compile(r"([^\W\d_]+)[)\]]")
_OPENS = re.compile(r"\s*[(\[]\s*")
_OF_A_SYSTEM = re.compile(
    r"(?:\.\d+)*(?:(?:-\d+)+-(?!g[0-9a-f])[a-z]|[-+.](?:generic|microsoft|wsl|arch\d|azure|zen|pve|el\d|fc\d|amzn\d|linuxkit"
    r"|windows\.\d)| ?lts\b)",
    re.IGNORECASE,
)
"""What follows the number of a kernel, of a distribution, or of a program that was packed for one."""

_SHORTEST_NAME = 4
_AROUND = 60
_BUILD_NUMBER = 1_000
_PARTS_OF_AN_IP_ADDRESS = 4
_LARGEST_PART_OF_AN_IP_ADDRESS = 255
_RANGE_PART = re.compile(r"\s*(?P<operator><=|>=|==|!=|<|>|=)?\s*(?P<version>v?\d[\w.+-]*)\s*\Z")
_PRE_ORDER = {
    "dev": 0,
    "nightly": 0,
    "canary": 0,
    "snapshot": 0,
    "next": 0,
    "alpha": 1,
    "a": 1,
    "beta": 2,
    "b": 2,
    "preview": 3,
    "pre": 3,
    "rc": 3,
    "c": 3,
}


@total_ordering
@dataclass(frozen=True, slots=True)
class Version:
    """A version number: semver, PEP 440 or calendar. `2.1` equals `2.1.0`; a pre-release is lower than its release."""

    release: tuple[int, ...]
    pre: tuple[int, int] | None = None

    def _padded(self, other: "Version") -> list[tuple[int, int]]:
        return list(zip_longest(self.release, other.release, fillvalue=0))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and self.pre == other.pre and all(a == b for a, b in self._padded(other))

    def __lt__(self, other: "Version") -> bool:
        for mine, theirs in self._padded(other):
            if mine != theirs:
                return mine < theirs
        last = (9, 0)
        return (self.pre or last) < (other.pre or last)

    def __hash__(self) -> int:
        trimmed = self.release
        while trimmed and trimmed[-1] == 0:
            trimmed = trimmed[:-1]
        return hash((trimmed, self.pre))


class StatedVersion(NamedTuple):
    """A version found in a text, its place, and its text (without `v`)."""

    version: Version
    text: str
    start: int
    end: int


def find_versions(text: str, product: str = "") -> tuple[StatedVersion, ...]:
    """The versions of a product in a text, the most trusted first.

    A number next to the product's name comes first. Then come, in the order of the text, numbers without a name before
    them, and then the rest. Versions of other programs (`Node 22.15.0`, `on macOS 15.3.1`), of models (`Sonnet 4.6`)
    and of kernels are left out, and so are IP addresses and builds with a part of four digits (`1.3883.0`).
    """
    names = _compile_names(product)
    trusted = [(rank, _read(match)) for match in _VERSION.finditer(text) if (rank := _rank(match, names)) is not None]
    return tuple(stated for _, stated in sorted(trusted, key=lambda pair: pair[0]))


_OTHERS, _SKIPPED = frozenset(_OTHER_PROGRAMS.split()), frozenset(_FILLERS.split())


@lru_cache(maxsize=64)
def _compile_names(product: str) -> "re.Pattern[str] | None":
    """The product's name however its words are joined, or its first word alone; None where there is no name."""
    words = re.findall(r"[^\W_]+", product)
    if not words:
        return None
    whole = r"[\s_-]*".join(map(re.escape, words))
    return re.compile(rf"{whole}|{re.escape(words[0])}" if len(words[0]) >= _SHORTEST_NAME else whole, re.IGNORECASE)


def _rank(match: re.Match[str], names: "re.Pattern[str] | None") -> int | None:
    """How sure it is that this is the product's: 0 beside its name, 1 nobody's, 2 behind a word; None: it is not."""
    before = match.string[max(0, match.start() - _AROUND) : match.start()]
    if not _is_product(match, before) or _OF_A_SYSTEM.match(match.string, match.end("release")):
        return None
    clause = before[max((cut.end() for cut in _CLAUSE.finditer(before)), default=0) :]
    if names and _is_behind(names, clause):
        return 0
    if _is_another(clause):
        return None
    if opened := _OPENS.match(match.string, match.end()):
        if names and names.match(match.string, opened.end()):
            return 0
        if (alone := _ALONE.match(match.string, opened.end())) and alone[1].lower() in _OTHERS:
            return None
    return 2 if _NAMED.search(clause) else 1


def _is_behind(names: "re.Pattern[str]", clause: str) -> bool:
    """Whether the text before a number ends with the product's name."""
    last = max((found.end() for found in names.finditer(clause)), default=-1)
    return last >= 0 and bool(_BETWEEN.fullmatch(clause, last))


def _is_another(clause: str) -> bool:
    """Whether a text ends with the name of another program: `Node.js version:`, `on macOS`, `Windows 11 Pro`."""
    words = [re.sub(r"[^\w]", "", word).lower() for word in _WORD.findall(clause)]
    while words and (words[-1] in _SKIPPED or words[-1].isdigit()):
        words.pop()
    ends = ("".join(words[-length:]) for length in range(1, _LONGEST_NAME + 1))
    return any(end in _OTHERS or end.rstrip("0123456789") in _OTHERS for end in ends)


def _is_product(match: re.Match[str], before: str) -> bool:
    parts = [int(part) for part in match["release"].split(".")]
    if len(parts) == _PARTS_OF_AN_IP_ADDRESS and max(parts) <= _LARGEST_PART_OF_AN_IP_ADDRESS and not match["pre"]:
        return False
    has_patch = parts[2:] != []
    if not has_patch and (_MODEL.search(before[-24:]) or _MODEL_BEHIND.match(match.string, match.end())):
        return False
    return max(parts[1:]) < _BUILD_NUMBER


def _read(match: re.Match[str]) -> StatedVersion:
    release = tuple(int(part) for part in match["release"].split("."))
    pre = (_PRE_ORDER[match["pre"].lower()], int(match["number"] or 0)) if match["pre"] else None
    end = match.end() if match["pre"] else match.end("release")
    return StatedVersion(Version(release, pre), match.string[match.start("release") : end], match.start("release"), end)


def parse_version(text: str) -> Version:
    """A version that a maintainer wrote (`2.1.96`, `v3`, `1.0-beta.2`); raises ValueError if it is invalid."""
    match = _VERSION.fullmatch(text if "." in text else f"{text}.0")
    if not match:
        message = f"{text!r} is not a version; write it like 2.1.96"
        raise ValueError(message)
    return _read(match).version


def find_plain_version(stated: Iterable[str]) -> str:
    """The first stated version that has only the characters of versions, at most 40; "" without one."""
    return next((value for value in stated if _PLAIN.fullmatch(value)), "")


class VersionRange(NamedTuple):
    """A range as in `>=1.2, <1.5`: all parts must hold. `is_unknown` asks that no version is stated."""

    parts: tuple[tuple[str, Version], ...] = ()
    is_unknown: bool = False

    def contains(self, version: Version | None) -> bool:
        """Whether the version lies in the range; an unknown one lies in `unknown` only."""
        if version is None or self.is_unknown:
            return self.is_unknown and version is None
        return all(_holds(version, operator, bound) for operator, bound in self.parts)


def _holds(version: Version, operator: str, bound: Version) -> bool:
    match operator:
        case "<":
            return version < bound
        case "<=":
            return version <= bound
        case ">":
            return version > bound
        case ">=":
            return version >= bound
        case "!=":
            return version != bound
        case _:
            return version == bound


def parse_range(text: str) -> VersionRange:
    """Read a range: `<2.1.96`, `>=1.2, <1.5`, `2.0.76` (exactly) or `unknown`; raises ValueError with what is wrong."""
    if text.strip().lower() == "unknown":
        return VersionRange(is_unknown=True)
    parts = []
    for part in text.split(","):
        match = _RANGE_PART.fullmatch(part)
        if not match:
            message = f'{part.strip()!r} is not a version range; write it like "<2.1.96", ">=1.2, <1.5" or "unknown"'
            raise ValueError(message)
        parts.append((match["operator"] or "==", parse_version(match["version"])))
    return VersionRange(tuple(parts))
