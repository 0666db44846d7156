"""Names of quantization methods: Unsloth's, and the mixes of llama.cpp."""

from __future__ import annotations

import difflib
from typing import Any, NamedTuple

from .. import _core
from ..errors import ConfigError

ALLOWED_QUANTS = {
    "not_quantized": "the model's own dtype: no rounding, the largest file",
    "fast_quantized": "q8_0: quick to make, almost as good as f16",
    "quantized": "q4_k_m: a small file that answers fast",
    "f32": "float32, exact; the largest file and the slowest",
    "bf16": "bfloat16: the dtype most models are trained in",
    "f16": "float16: exact for most weights",
    "q8_0": "8 bits a weight; hardly to tell from f16",
    "q4_k_m": "4 bits, 6 for half of the attention values and of the MLP's second matrices; the usual choice",
    "q5_k_m": "5 bits, 6 for half of the attention values and of the MLP's second matrices",
    "q2_k": "2 bits, 3 for attention values, attention outputs and the MLP's second matrices",
    "q2_k_l": "q2_k with 8 bits for the output and embedding matrices",
    "q3_k_l": "3 bits, 5 for attention values, attention outputs and the MLP's second matrices",
    "q3_k_m": "3 bits, 4 for attention values, attention outputs and the MLP's second matrices",
    "q3_k_s": "3 bits throughout",
    "q4_0": "4 bits, one scale for 32 weights",
    "q4_1": "4 bits, scale and minimum for 32 weights",
    "q4_k_s": "4 bits, 5 in the first layers",
    "q4_k": "another name of q4_k_m",
    "q5_k": "another name of q5_k_m",
    "q5_0": "5 bits, one scale for 32 weights",
    "q5_1": "5 bits, scale and minimum for 32 weights",
    "q5_k_s": "5 bits throughout",
    "q6_k": "6 bits throughout",
    "q3_k_xs": "the old name of q3_k_s",
}
IMATRIX_QUANTS = {  # never without an importance matrix in Unsloth
    "iq1_s": "1.6 bits a weight",
    "iq1_m": "1.75 bits a weight",
    "iq2_xxs": "2.1 bits a weight",
    "iq2_xs": "2.3 bits a weight",
    "iq2_s": "2.5 bits a weight",
    "iq2_m": "2.7 bits a weight",
    "iq3_xxs": "3.1 bits a weight",
    "iq3_s": "3.4 bits a weight",
    "iq3_m": "3.7 bits a weight",
    "iq4_nl": "4.5 bits a weight, values of a fixed uneven scale",
    "iq4_xs": "4.25 bits a weight, values of a fixed uneven scale",
}
_ALIASES = {
    "fast_quantized": "q8_0", "quantized": "q4_k_m", "q4_k": "q4_k_m", "q5_k": "q5_k_m", "q3_k": "q3_k_m",
    "q3_k_xs": "q3_k_s", "none": "not_quantized", "fp16": "f16", "float16": "f16", "fp32": "f32", "float32": "f32",
    "bfloat16": "bf16", "q8": "q8_0", "q4": "q4_0",
}  # fmt: skip


class Method(NamedTuple):
    """What a name stands for."""

    name: str  # as it stands in file names: "Q4_K_M"
    mix: str  # of llama.cpp
    file_type: int  # general.file_type
    output: str | None = None  # type of the output (or tied embedding) matrix, where it is not the mix's
    token_embedding: str | None = None


def method_named(name: str | None, dtype: Any = None) -> Method:
    """The method of a name.

    Args:
        name: a key of `ALLOWED_QUANTS` or `IMATRIX_QUANTS`, or a mix of llama.cpp, in any case; None: q8_0.
        dtype: the model's, for `not_quantized`.

    Raises:
        ValueError: unknown; the message names the nearest known one.

    >>> method_named("quantized").mix
    'Q4_K_M'
    """
    key = "fast_quantized" if name is None else str(name).lower()
    key = _ALIASES.get(key, key)
    if key == "not_quantized":
        key = {"float16": "f16", "bfloat16": "bf16"}.get(str(dtype).rpartition(".")[2], "f32")
    mixes = {mix.lower(): mix for mix in _core.gguf_mixes()}
    if key == "q2_k_l":
        return Method("Q2_K_L", "Q2_K", _core.gguf_mixes()["Q2_K"][0], "Q8_0", "Q8_0")
    if key not in mixes:
        known = sorted({*ALLOWED_QUANTS, *IMATRIX_QUANTS, *mixes})
        near = difflib.get_close_matches(key, known, 1, 0.3)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ConfigError(f"quantization_method: found {name!r}, known are {', '.join(known)}{hint}")
    mix = mixes[key]
    return Method(mix, mix, _core.gguf_mixes()[mix][0])


def methods_named(names: Any, dtype: Any = None) -> list[Method]:
    """The methods of a name or a list of names, each once."""
    if names is not None and not isinstance(names, (str, list, tuple, set)):
        raise ConfigError(f"quantization_method: found {names!r}, needed a name or a list of names")
    chosen = [names] if names is None or isinstance(names, str) else list(names)
    if not chosen:
        raise ConfigError("quantization_method: found an empty list, needed at least one name")
    return list(dict.fromkeys(method_named(name, dtype) for name in chosen))
