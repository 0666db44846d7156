"""Real chat templates and vocabularies against what transformers made of them. Each is skipped where it is missing.

Recorded with the real library by `python tests/python/cases/_tokenization_assets.py`.
"""

from __future__ import annotations

import importlib.util
import json
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


def test_chat_templates():
    import eigenformers

    found = cases.chat_templates(eigenformers, needs("chat-templates"))
    wanted = json.loads(RECORD.read_text())["chat-templates"]
    different = sorted(name for name in set(found) | set(wanted) if found.get(name) != wanted.get(name))
    assert not different


@pytest.mark.parametrize("name", sorted(cases.VOCABULARIES))
def test_vocabulary(name):
    import eigenformers

    found = cases.vocabulary(eigenformers, name, needs(name))
    assert found == json.loads(RECORD.read_text())[name]
