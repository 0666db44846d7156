"""Each mix of llama.cpp beside `llama_model_quantize`: the same type for each tensor, and the same bytes."""

from __future__ import annotations

import ctypes

import pytest
from eigenformers import _core, gguf
from gguf_models import WORDS, byte_level, falcon_40b, tiny, translator, unigram

MODELS = ["llama", "qwen3_moe", "mixtral", "gpt_oss", "falcon 40b", "bloom", "deepseek_v3", "qwen3_next", "mamba2", "t5"]


def quantized_by_llama_cpp(llama, source, target, file_type, weights):
    params = llama.llama_model_quantize_default_params()
    params.ftype, params.nthread = file_type, 1
    kept = [(ctypes.c_float * len(values))(*values) for values in weights.values()]
    entries = (llama.llama_model_imatrix_data * (len(weights) + 1))()
    for entry, (name, values), data in zip(entries, weights.items(), kept):
        entry.name, entry.data, entry.size = name.encode(), data, len(values)
    if weights:
        params.imatrix = entries
    return llama.llama_model_quantize(str(source).encode(), str(target).encode(), ctypes.byref(params)) == 0


def stored(path):
    file = _core.GgufFile(str(path))
    raw = {name: file[name].tensor().contiguous().view(_core.uint8).numpy() for name in file.names()}
    return {name: (kind, raw[name].tobytes()) for name, _, kind, _ in file.tensors}


@pytest.mark.parity
@pytest.mark.long
@pytest.mark.parametrize("name, weighted", [*((name, False) for name in MODELS), ("llama", True)])
def test_llama_cpp_quantizes_the_same(tmp_path, name, weighted):
    llama = pytest.importorskip("llama_cpp")
    if name == "t5":
        model, tokenizer = translator("t5", d_model=256, d_kv=64, d_ff=512, num_layers=3, num_decoder_layers=3), unigram()
    else:
        layers = {} if name in ("falcon 40b", "qwen3_next") else {"num_hidden_layers": 4}
        model, tokenizer = falcon_40b() if name == "falcon 40b" else tiny(name, **layers), byte_level()
    source = gguf.save_to_gguf(model, tmp_path / "f16.gguf", tokenizer, "f16", check=False)
    matrix, weights = None, {}
    if weighted:
        matrix = gguf.compute_imatrix(model, tokenizer, " ".join(WORDS * 20), chunk_size=64, max_chunks=2)
        weights = matrix.weights()
    written = 0
    for mix, (file_type, _) in _core.gguf_mixes().items():
        ours, peer = tmp_path / f"{mix}.ours.gguf", tmp_path / f"{mix}.peer.gguf"
        quantizes = quantized_by_llama_cpp(llama, source, peer, file_type, weights)
        try:
            gguf.quantize_file(source, ours, mix, imatrix=matrix)
        except NotImplementedError as error:
            assert not quantizes and "importance matrix" in str(error), mix
            continue
        if not quantizes:  # rows that end on no block: F16 here
            assert mix == "Q1_0"
            continue
        assert stored(ours) == stored(peer), mix
        written += 1
    assert written >= (32 if weighted else 24)
