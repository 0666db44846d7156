"""Pipelines over real weights against the real library's answers. Each is skipped where its weights are missing."""

from __future__ import annotations

import json

import eigenformers as ef
import pytest
from cases import _pipelines_assets as cases
from golden_records import compare


@pytest.mark.parametrize("name", sorted(cases.ASSETS))
def test_real_weights(name):
    folder = cases.folder_of(name)
    if folder is None:
        pytest.skip(f"the asset '{name}' is missing (set EF_ASSETS to the folder that has it)")
    with open(cases.RECORD, encoding="utf-8") as file:
        recorded = json.load(file)[name]
    differences = compare(cases.ASSETS[name](ef, folder), recorded["found"], rtol=1e-4, atol=1e-4)
    assert not differences, "\n".join(differences[:20])
