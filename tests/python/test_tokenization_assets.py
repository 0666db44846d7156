"""Real chat templates and vocabularies against what transformers made of them. Each is skipped where it is missing.

Recorded with the real library by `python -m cases._tokenization_assets` in tests/python.
"""

from __future__ import annotations

import importlib.util
import json
import os
from pathlib import Path

import pytest

HERE = Path(__file__).parent
RECORD = HERE / "golden" / "tokenization_assets.json"

_spec = importlib.util.spec_from_file_location("tokenization_assets", HERE / "cases" / "_tokenization_assets.py")
cases = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(cases)


def needs(name: str) -> str:
    """Folder of an asset; the test is skipped without it."""
    folder = cases.folder_of(name)
    if folder is None:
        pytest.skip(f"the asset '{name}' is missing (set EF_ASSETS to the folder that has it)")
    return folder


def needs_engine(path: str) -> None:
    """Skip where the engine doesn't know a component of this tokenizer.json yet."""
    from eigenformers.tokenization._engine import Tokenizer

    if not os.path.exists(path):
        return
    try:
        Tokenizer.from_file(path)
    except ValueError as error:
        if "unknown" not in str(error):
            raise
        pytest.skip(f"the engine does not know it yet: {error}")


def test_chat_templates():
    import eigenformers

    found = cases.chat_templates(eigenformers, needs("chat-templates"))
    wanted = json.loads(RECORD.read_text())["chat-templates"]
    different = sorted(name for name in set(found) | set(wanted) if found.get(name) != wanted.get(name))
    assert not different


@pytest.mark.parametrize("name", sorted(cases.VOCABULARIES))
def test_vocabulary(name):
    import eigenformers

    folder = needs(name)
    needs_engine(os.path.join(folder, "tokenizer.json"))
    found = cases.vocabulary(eigenformers, name, folder)
    assert found == json.loads(RECORD.read_text())[name]


def test_word_piece_files(tmp_path):
    import eigenformers

    (tmp_path / "tokenizer.json").write_text(json.dumps(cases.word_piece()))
    needs_engine(str(tmp_path / "tokenizer.json"))
    assert cases.word_piece_files(eigenformers) == json.loads(RECORD.read_text())["word_piece_files"]


@pytest.mark.parametrize("name", sorted(cases.NATIVE))
def test_native_vocabulary(name):
    import eigenformers

    folder = needs(cases.NATIVE[name][0])
    assert cases.native(eigenformers, name, folder) == json.loads(RECORD.read_text())[name]
