"""README.md beside an adapter."""

from __future__ import annotations

import os
import re
from typing import Any

from ..utils.files import atomic_write
from .config import PEFT_VERSION


def write_model_card(model: Any, folder: str) -> None:
    """Write README.md with the fields that the Hub reads, or set these in the one that is there."""
    path = os.path.join(folder, "README.md")
    config = model.active_peft_config
    base = config.base_model_name_or_path or getattr(model.get_base_model(), "name_or_path", None) or ""
    fields = {"library_name": "peft"}
    if base:
        fields["base_model"] = base
    tags = [f"base_model:adapter:{base}"] if base else []
    tags += [str(config.peft_type).lower(), "eigenformers"]
    if str(config.task_type) == "CAUSAL_LM":
        fields["pipeline_tag"] = "text-generation"
    header, body = "", f"# {os.path.basename(os.path.abspath(folder))}\n\nAn adapter, trained with eigenformers.\n"
    if os.path.isfile(path):
        with open(path, encoding="utf-8") as file:
            found = re.match(r"(?:---\n(.*?)---\n)?(.*)", file.read(), re.DOTALL)
        header, body = found[1] or "", found[2].lstrip("\n")
    known = [line for line in header.splitlines() if line]
    lines = known + [f"{key}: {value}" for key, value in fields.items() if not _has_key(known, key)]
    if not _has_key(known, "tags"):
        lines += ["tags:", *(f"- {tag}" for tag in tags)]
    if "### Framework versions" not in body:
        body += f"\n### Framework versions\n\n- PEFT {PEFT_VERSION}\n"
    atomic_write(path, "---\n" + "\n".join(lines) + "\n---\n\n" + body)


def _has_key(lines: list[str], key: str) -> bool:
    return any(line.startswith(key + ":") for line in lines)
