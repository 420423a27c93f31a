"""A sentence model at work: text into meaning, by onnxruntime, on this machine and without the network.

Its two packages are the extra `embed`; they are imported when a model is loaded, and not before.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

from bot.duplicates.meaning import pack_meaning
from bot.duplicates.sentence_files import find_sentence_files
from bot.errors import SettingsError

FACT = "sentence_model"
"""The fact of an index that says with which model its meanings were made."""

MAX_TOKENS = 128
MAX_TEXT = 2_000
"""Characters: more than 128 tokens of nearly all texts, and a bound for the tokenizer."""

_OFFLINE = {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "TOKENIZERS_PARALLELISM": "false"}
_OF_TOKENS = 2


@dataclass(frozen=True, slots=True)
class UsedModel:
    """The model with which the meanings of an index were made; `digest` tells it from all others."""

    place: str
    name: str
    digest: str

    def write(self) -> dict[str, str]:
        """As a fact of an index."""
        return {FACT: json.dumps(asdict(self))}


def read_used_model(facts: Mapping[str, str]) -> UsedModel | None:
    """The model of an index, None where it has none; raises ValueError or TypeError for anything else."""
    return UsedModel(**json.loads(facts[FACT])) if facts.get(FACT) else None


class SentenceModel:
    """A model that is loaded. Each text is read alone, so what it means does not depend on what else is read."""

    def __init__(self, used: UsedModel, session: Any, tokenizer: Any) -> None:  # noqa: ANN401 (of packages that may be missing)
        self.used = used
        self._session, self._tokenizer = session, tokenizer
        self._inputs = [each.name for each in session.get_inputs()]

    def encode(self, text: str) -> bytes:
        """The meaning of the start of a text, the mean of what the model says of its tokens; b"" where it has none."""
        import numpy as np

        cut = text[:MAX_TEXT].encode("utf-8", "replace").decode()
        tokens = np.array([self._tokenizer.encode(cut).ids], dtype=np.int64)
        if not tokens.size:
            return b""
        values = {
            "input_ids": tokens,
            "attention_mask": np.ones_like(tokens),
            "token_type_ids": np.zeros_like(tokens),
        }
        found = self._session.run(None, {name: values[name] for name in self._inputs})[0][0]
        vector = found.mean(0) if found.ndim == _OF_TOKENS else found
        return pack_meaning(vector.tolist())


@lru_cache(maxsize=1)
def load_sentence_model(place: str) -> SentenceModel:
    """The model of a folder, or the installed one; raises SettingsError with what is missing and what to do."""
    files = find_sentence_files(place)
    os.environ.update(_OFFLINE)
    try:
        import onnxruntime
        from tokenizers import Tokenizer
    except ImportError as error:
        raise SettingsError(f'a sentence model needs {error.name}; pip install "signpost-bot[embed]"') from error
    try:
        tokenizer = Tokenizer.from_file(str(files.tokenizer))
        tokenizer.no_padding()
        tokenizer.enable_truncation(MAX_TOKENS)
        session = onnxruntime.InferenceSession(
            str(files.model), _make_options(onnxruntime), providers=["CPUExecutionProvider"]
        )
        model = SentenceModel(UsedModel(files.place, files.name, files.digest()), session, tokenizer)
        is_usable = bool(model.encode("It does not start."))
    except SettingsError:
        raise
    except Exception as error:  # both packages raise what they like for a file that they cannot read
        raise SettingsError(f"cannot use the sentence model {files.model}: {error}") from error
    if not is_usable:
        raise SettingsError(f"cannot use the sentence model {files.model}: it gives no vectors")
    return model


def _make_options(onnxruntime: Any) -> Any:  # noqa: ANN401 (of a package that may be missing)
    """One thread, as there is a process a core where there is much to read; errors only."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return options


def reload_model(used: UsedModel) -> SentenceModel:
    """The very model that made the meanings of an index; raises SettingsError where it is not here."""
    model = load_sentence_model(used.place)
    if model.used.digest != used.digest:
        raise SettingsError(f"the sentence model {used.place} is not the one that the index was made with")
    return model
