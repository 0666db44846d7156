"""GGUF: quantizing tensors and files, exporting models for llama.cpp and Ollama, importance matrices.

>>> import eigenformers as ef
>>> from eigenformers import gguf
>>> blocks = gguf.quantize(ef.ones(2, 256), "Q4_K")
>>> tuple(blocks.shape), tuple(gguf.dequantize(blocks, "Q4_K").shape)
((2, 144), (2, 256))
"""

from __future__ import annotations

from .._lazy import lazy_exports

MODULES = {
    "ALLOWED_QUANTS": ".methods",
    "IMATRIX_QUANTS": ".methods",
    "IMatrix": ".imatrix",
    "compute_imatrix": ".imatrix",
    "OLLAMA_TEMPLATES": ".ollama",
    "MODEL_TO_OLLAMA_TEMPLATE_MAPPER": ".ollama",
    "create_ollama_modelfile": ".ollama",
    "dequantize": ".tensors",
    "dynamic_types": ".dynamic",
    "quantize": ".tensors",
    "tensor_types": ".tensors",
    "quantize_file": ".files",
    "save_to_gguf": ".export",
    "save_lora_to_gguf": ".lora",
    "check_export": ".check",
}
__all__ = list(MODULES)  # noqa: PLE0605
__getattr__, __dir__ = lazy_exports(__name__, MODULES)
