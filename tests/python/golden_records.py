"""Golden records: plain values in JSON, arrays beside them in an .npz."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np


class Record:
    """The record of one area: `<stem>.json` and, when it holds arrays, `<stem>.npz`."""

    def __init__(self, stem: Path):
        self._json = stem.with_suffix(".json")
        self._npz = stem.with_suffix(".npz")

    def write(self, cases: dict[str, Any], about: dict[str, str]) -> None:
        """Store all cases with what recorded them."""
        arrays: dict[str, np.ndarray] = {}

        def plain(value: Any) -> Any:
            if isinstance(value, np.ndarray):
                key = f"a{len(arrays)}"
                arrays[key] = value
                return {"__array__": key}
            if isinstance(value, np.generic):
                return plain(value.item())
            if isinstance(value, float) and not math.isfinite(value):
                return {"__float__": repr(value)}
            if isinstance(value, dict):
                return {str(k): plain(v) for k, v in value.items()}
            if isinstance(value, (list, tuple)):
                return [plain(v) for v in value]
            if value is None or isinstance(value, (bool, int, float, str)):
                return value
            raise TypeError(f"a case returned {type(value)}, which is not a plain value")

        self._json.parent.mkdir(exist_ok=True)
        text = json.dumps(
            {"about": about, "cases": {n: plain(v) for n, v in cases.items()}}, indent=1, ensure_ascii=False
        )
        self._json.write_text(text + "\n", encoding="utf-8")
        if arrays:
            np.savez_compressed(self._npz, **arrays)

    def read(self) -> dict[str, Any]:
        """The cases by name."""
        stored = json.loads(self._json.read_text(encoding="utf-8"))
        arrays = np.load(self._npz) if self._npz.exists() else {}

        def restore(value: Any) -> Any:
            if isinstance(value, dict):
                if "__array__" in value:
                    return arrays[value["__array__"]]
                if "__float__" in value:
                    return float(value["__float__"])
                return {k: restore(v) for k, v in value.items()}
            return [restore(v) for v in value] if isinstance(value, list) else value

        return {name: restore(value) for name, value in stored["cases"].items()}


def compare(found: Any, wanted: Any, rtol: float = 1e-4, atol: float = 1e-5, where: str = "") -> list[str]:
    """Where two values differ, as lines of text; floating numbers to a tolerance, all else exactly."""
    if isinstance(found, np.generic):
        found = found.item()
    if isinstance(found, np.ndarray) or isinstance(wanted, np.ndarray):
        a, b = np.asarray(found), np.asarray(wanted)
        if a.shape != b.shape:
            return [f"{where}: shape {a.shape}, recorded {b.shape}"]
        if a.dtype.kind in "fc" or b.dtype.kind in "fc":
            close = np.isclose(a, b, rtol=rtol, atol=atol, equal_nan=True)
        else:
            close = a == b
        if np.all(close):
            return []
        at = tuple(int(i) for i in np.argwhere(~close)[0])
        return [f"{where}: {int((~close).sum())} of {close.size} differ, first at {at}: {a[at]!r}, recorded {b[at]!r}"]
    if isinstance(found, dict) and isinstance(wanted, dict):
        found = {str(k): v for k, v in found.items()}
        lines = (
            [f"{where}: keys {sorted(set(found) ^ set(wanted))} on one side only"] if set(found) != set(wanted) else []
        )
        return lines + [
            x for k in found if k in wanted for x in compare(found[k], wanted[k], rtol, atol, f"{where}.{k}")
        ]
    if isinstance(found, (list, tuple)) and isinstance(wanted, (list, tuple)):
        if len(found) != len(wanted):
            return [f"{where}: {len(found)} items, recorded {len(wanted)}"]
        return [x for i, (f, w) in enumerate(zip(found, wanted)) for x in compare(f, w, rtol, atol, f"{where}[{i}]")]
    if isinstance(found, bool) or isinstance(wanted, bool) or not isinstance(found, (int, float)):
        return [] if found == wanted and type(found) is type(wanted) else [f"{where}: {found!r}, recorded {wanted!r}"]
    if not isinstance(wanted, (int, float)):
        return [f"{where}: {found!r}, recorded {wanted!r}"]
    if isinstance(found, int) and isinstance(wanted, int):
        return [] if found == wanted else [f"{where}: {found}, recorded {wanted}"]
    same = math.isclose(found, wanted, rel_tol=rtol, abs_tol=atol) or (math.isnan(found) and math.isnan(wanted))
    return [] if same else [f"{where}: {found!r}, recorded {wanted!r}"]
