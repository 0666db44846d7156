"""Models to GGUF files for llama.cpp and Ollama."""

from __future__ import annotations

import os
from typing import Any

from .. import _core
from ..errors import ConfigError, UnsupportedError
from ..modeling.progress import loading_bar
from ..models.gguf_families import gguf_family, grouped_heads, queries_per_key
from .metadata import Entry, config_metadata, expert_count, general_metadata
from .methods import method_named
from .values import moved_positions, plain_model, plain_names
from .vocabulary import tokenizer_metadata

_THROUGH = {"f16": "float16", "bf16": "bfloat16", "f32": None, None: None}


def save_to_gguf(
    model: Any,
    path: str | os.PathLike,
    tokenizer: Any = None,
    quantization_method: str | None = None,
    *,
    first_conversion: str | None = None,
    imatrix: Any = None,
    tensor_types: dict[str, str] | None = None,
    output_tensor_type: str | None = None,
    token_embedding_type: str | None = None,
    pure: bool = False,
    name: str | None = None,
    metadata: dict[str, str] | None = None,
    check: bool = True,
) -> str:
    """Write one GGUF file.

    Weights are quantized a tensor at a time; the file appears under its name when it is whole.

    Args:
        model: a language model of a family that llama.cpp knows, or a BERT without a head (its pooler is left out).
            Adapters on it are merged on the way, a tensor at a time; the model keeps them.
        path: the file.
        tokenizer: its vocabulary and chat template go into the file; without it llama.cpp cannot run the model alone.
        quantization_method: one of `ALLOWED_QUANTS`, `IMATRIX_QUANTS` or llama.cpp's mixes; q8_0 by default.
        first_conversion: `"f16"` or `"bf16"`: weights are rounded to it before they are quantized, as happens where a
            file of that type comes first; None quantizes the weights as they are.
        imatrix: an `IMatrix`, or the path of one: which columns matter.
        tensor_types: regular expression -> type, searched in tensor names (`{"ffn_down": "q6_k"}`); the first counts.
        output_tensor_type: of `output.weight` (or the tied embedding).
        token_embedding_type: of `token_embd.weight`.
        pure: the method's plain type for every matrix, without the mix's exceptions.
        name: `general.name`; by default that of the model's folder.
        metadata: further string entries, such as `{"general.license": "apache-2.0"}`.
        check: read the file back and compare it with the model.

    Returns:
        The path.

    Raises:
        NotImplementedError: a model, tokenizer or setting that the format cannot hold, by name.
        ValueError: an unknown method; the nearest known one is named.
        OSError: weights that are NaN or infinite, a full disk, or a file that does not say what the model says.
    """
    path, model = os.fspath(path), plain_model(model)
    method = method_named(quantization_method, model.dtype)
    if first_conversion is not None and str(first_conversion).lower() not in _THROUGH:
        raise ConfigError(f"first_conversion: found {first_conversion!r}, known are f16, bf16 and f32")
    config = model.config
    encoder = gguf_family(config.model_type).encoder
    if not encoder and not model.can_generate():
        raise UnsupportedError(f"save_to_gguf: {type(model).__name__} is no model that writes text")
    if encoder and model.base_model is not model:
        raise UnsupportedError(
            f"save_to_gguf: {type(model).__name__}: the format has no place for the head; export model.base_model"
        )
    keys, rope_factors = config_metadata(config)
    heads, kv_heads = grouped_heads(config)
    renamed, values = plain_names(model)
    if encoder:  # llama.cpp pools by a rule
        renamed.update({name: "" for name, _ in model.named_parameters() if name.startswith("pooler.")})
        renamed.update({name: "" for name in moved_positions(model)})
    export = _core.GgufExport.from_model(model, config.model_type, heads, kv_heads, renamed, values)
    names = [tensor[0] for tensor in export.tensors]
    if "output.weight" in names and config.model_type.startswith("gemma"):
        raise UnsupportedError(f"GGUF: lm_head apart from the embeddings has no place in architecture {keys[0][2]}")
    for tensor, values in rope_factors.items():
        export.add(tensor, _core.as_tensor(values))
    for value in moved_positions(model).values():
        export.add("position_embd.weight", value)
    if config.model_type == "distilbert":  # llama.cpp adds the first of these to each token
        export.add("token_types.weight", _core.zeros(1, config.hidden_size))
    importance, notes = _importance(imatrix)
    types = export.choose(
        method.mix,
        keys[0][2],
        config.num_hidden_layers,
        queries_per_key(config),
        expert_count(config),
        importance is not None,
        output_tensor_type or method.output,
        token_embedding_type or method.token_embedding,
        list((tensor_types or {}).items()),
        pure,
    )
    entries = keys[:1] + general_metadata(config, name, method.file_type, model.num_parameters()) + keys[1:]
    if tokenizer is not None:
        entries += tokenizer_metadata(tokenizer, config.vocab_size)
    entries += notes + [(key, "string", str(value)) for key, value in (metadata or {}).items()]
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    through = _THROUGH[None if first_conversion is None else str(first_conversion).lower()]
    with loading_bar(description=f"Writing {os.path.basename(path)}") as progress:
        export.write(path, entries, types, importance, None if through is None else getattr(_core, through), progress)
    if check:
        from .check import check_export

        try:
            check_export(model, path, tokenizer)
        except Exception:
            os.remove(path)
            raise
    return path


def _importance(imatrix: Any) -> tuple[dict[str, list[float]] | None, list[Entry]]:
    """Column weights for the writer, and what is noted of their origin in the file."""
    if imatrix is None:
        return None, []
    from .imatrix import IMatrix

    given = imatrix if isinstance(imatrix, IMatrix) else IMatrix.load(imatrix)
    return given.weights(), given.notes()
