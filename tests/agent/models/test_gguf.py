"""GGUF files: named like folders, converted once."""

from pathlib import Path

import pytest

from agent.errors import BadModel
from agent.models import local_folder
from agent.models.gguf import converted, gguf_of


def test_a_gguf_file_or_a_folder_with_one_is_recognised(tmp_path: Path) -> None:
    """A folder with a model of its own, or with several files, is not taken for one of them."""
    file = tmp_path / "small.gguf"
    file.write_bytes(b"GGUF")
    assert gguf_of(file) == gguf_of(str(tmp_path)) == file
    (tmp_path / "other.gguf").write_bytes(b"GGUF")
    assert gguf_of(tmp_path) is None
    (tmp_path / "other.gguf").unlink()
    (tmp_path / "config.json").write_text("{}")
    assert gguf_of(tmp_path) is None
    assert local_folder(tmp_path) == tmp_path
    assert local_folder("some/hub-id") == "some/hub-id"


@pytest.mark.parametrize("content", [b"", b"GGUF", b"no model at all" * 1000])
def test_a_broken_file_is_refused_and_leaves_nothing(tmp_path: Path, content: bytes) -> None:
    """One sentence with the remedy; the cache holds no half-made folder."""
    file = tmp_path / "broken.gguf"
    file.write_bytes(content)
    with pytest.raises(BadModel, match=r"broken\.gguf cannot be read as a GGUF model.*Fetch it again"):
        converted(file, tmp_path / "cache")
    assert [path for path in (tmp_path / "cache").iterdir() if path.is_dir()] == []


def test_a_converted_file_is_not_converted_again(tmp_path: Path) -> None:
    """The folder is known by the file's content, wherever the file lies."""
    file = tmp_path / "m.gguf"
    file.write_bytes(b"GGUF and more")
    with pytest.raises(BadModel):
        converted(file, tmp_path / "cache")
    (lock,) = (tmp_path / "cache").iterdir()
    lock.with_suffix("").mkdir()
    (tmp_path / "elsewhere").mkdir()
    assert converted(file.rename(tmp_path / "elsewhere/m.gguf"), tmp_path / "cache") == lock.with_suffix("")
