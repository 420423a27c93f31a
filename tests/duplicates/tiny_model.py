"""A sentence model of few words, in the formats of real ones: what onnxruntime and tokenizers read.

An ONNX file is a message of Protocol Buffers (https://onnx.ai/onnx/repo-docs/IR.html,
https://protobuf.dev/programming-guides/encoding/); this one looks each token up in a table.
"""

import json
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

WORDS: Mapping[str, Sequence[float]] = {
    "[UNK]": (0.1, 0.1, 0.1, 0.1),
    "crashes": (1.0, 0.0, 0.0, 0.2),
    "dies": (0.9, 0.1, 0.0, 0.2),
    "flickers": (0.0, 1.0, 0.0, 0.2),
    "slow": (0.0, 0.0, 1.0, 0.2),
}
_FLOAT, _INT64 = 1, 7
_OPSET = 17
INPUTS = ("input_ids", "attention_mask", "token_type_ids")


def write_tiny_model(
    folder: Path, words: Mapping[str, Sequence[float]] = WORDS, inputs: Sequence[str] = INPUTS
) -> Path:
    """A folder with model.onnx and tokenizer.json."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(make_onnx(list(words.values()), inputs))
    (folder / "tokenizer.json").write_text(json.dumps(make_tokenizer(list(words))), encoding="utf-8")
    return folder


def make_tokenizer(words: Sequence[str]) -> dict[str, object]:
    """Whole words, in lower case."""
    vocabulary = {word: number for number, word in enumerate(words)}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": {"type": "Lowercase"},
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": None,
        "decoder": None,
        "model": {"type": "WordLevel", "vocab": vocabulary, "unk_token": "[UNK]"},
    }


def make_onnx(table: Sequence[Sequence[float]], inputs: Sequence[str] = INPUTS) -> bytes:
    """A model that answers with the row of each token: one Gather."""
    numbers = [number for row in table for number in row]
    initial = (
        *(_number(1, size) for size in (len(table), len(table[0]))),
        _number(2, _FLOAT),
        _text(8, "table"),
        _field(9, struct.pack(f"<{len(numbers)}f", *numbers)),
    )
    node = (_text(1, "table"), _text(1, "input_ids"), _text(2, "last_hidden_state"), _text(4, "Gather"))
    graph = (
        _field(1, *node),
        _text(2, "tiny"),
        _field(5, *initial),
        *(_field(11, *_tensor(name, _INT64, ("batch", "sequence"))) for name in inputs),
        _field(12, *_tensor("last_hidden_state", _FLOAT, ("batch", "sequence", "width"))),
    )
    return b"".join((_number(1, 8), _field(7, *graph), _field(8, _number(2, _OPSET))))


def _tensor(name: str, kind: int, shape: Sequence[str]) -> tuple[bytes, bytes]:
    sizes = _field(2, *(_field(1, _text(2, size)) for size in shape))
    return _text(1, name), _field(2, _field(1, _number(1, kind), sizes))


def _field(number: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return _count(number << 3 | 2) + _count(len(content)) + content


def _text(number: int, text: str) -> bytes:
    return _field(number, text.encode())


def _number(number: int, value: int) -> bytes:
    return _count(number << 3) + _count(value)


def _count(value: int) -> bytes:
    """Seven bits a byte, the lowest first."""
    low, high = value & 0x7F, value >> 7
    return bytes([low | 0x80]) + _count(high) if high else bytes([low])
