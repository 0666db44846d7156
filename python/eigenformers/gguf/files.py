"""GGUF files to GGUF files of another type."""

from __future__ import annotations

import os
from typing import Any

from .. import _core
from ..errors import UnsupportedError
from ..modeling.progress import loading_bar
from ..models.gguf import architecture_of
from .export import _importance
from .methods import method_named

_SPLIT = ("split.no", "split.count", "split.tensors.count")
_PLAIN = ("F32", "F16", "BF16", "F64")


def quantize_file(
    source: str | os.PathLike,
    target: str | os.PathLike,
    quantization_method: str,
    *,
    imatrix: Any = None,
    tensor_types: dict[str, str] | None = None,
    output_tensor_type: str | None = None,
    token_embedding_type: str | None = None,
    pure: bool = False,
    allow_requantize: bool = False,
) -> str:
    """What `llama-quantize` does: the same file, byte for byte.

    Args:
        source: a GGUF file of F32, F16 or BF16 tensors, of any architecture.
        target: the file to write; it appears when it is whole.
        quantization_method: see `eigenformers.gguf.ALLOWED_QUANTS`.
        imatrix, tensor_types, output_tensor_type, token_embedding_type, pure: as in `save_to_gguf`.
        allow_requantize: also take tensors that are quantized already; they lose a second time.

    Returns:
        The path of the target.

    Raises:
        NotImplementedError: quantized tensors without `allow_requantize`, or a type that needs an importance matrix.
        OSError: not a GGUF file, or the disk is full.
    """
    source, target = os.fspath(source), os.fspath(target)
    if os.path.exists(target) and os.path.samefile(source, target):
        raise ValueError(f"quantize_file: source and target are the same file, {source}")
    method = method_named(quantization_method)
    file, export = _core.GgufFile(source), _core.GgufExport.from_file(source)
    architecture = architecture_of(file, source) or ""
    importance, notes = _importance(imatrix)
    heads = _number(file, f"{architecture}.attention.head_count")
    kv_heads = _number(file, f"{architecture}.attention.head_count_kv") or heads
    types = export.choose(
        method.mix,
        architecture,
        _number(file, f"{architecture}.block_count"),
        max(heads // max(kv_heads, 1), 1),
        _number(file, f"{architecture}.expert_count"),
        importance is not None,
        output_tensor_type or method.output,
        token_embedding_type or method.token_embedding,
        list((tensor_types or {}).items()),
        pure,
    )
    for (name, _, stored), chosen in zip(export.tensors, types):
        if stored not in _PLAIN and stored != chosen and not allow_requantize:
            raise UnsupportedError(
                f"quantize_file: requantizing from type {stored} is disabled (tensor {name!r}); quantize from an F16 or "
                "F32 file, or pass allow_requantize=True"
            )
    ours = {"general.quantization_version", "general.file_type", *_SPLIT, *(note[0] for note in notes)}
    entries: list[tuple[str, str, Any]] = [(key, "copy", None) for key in file.keys() if key not in ours]
    entries.append(("general.quantization_version", "uint32", 2))
    entries.append(("general.file_type", "uint32", method.file_type))
    with loading_bar(description=f"Writing {os.path.basename(target)}") as progress:
        export.write(target, entries + notes, types, importance, None, progress)
    return target


def _number(file: Any, key: str) -> int:
    value = file.get(key, 0)
    if isinstance(value, list):  # one value a layer
        value = value[0] if value else 0
    return int(value)
