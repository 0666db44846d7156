"""llama.cpp reads the files that we write, and says the same."""

from __future__ import annotations

import eigenformers as ef
import numpy as np
import pytest
from eigenformers import gguf
from gguf_models import (
    ADAPTED,
    DEEPSEEK_YARN,
    ENCODERS,
    FAMILIES,
    TRANSLATORS,
    adapted,
    byte_level,
    encoder,
    falcon_40b,
    greedy,
    long_rope,
    tiny,
    translated,
    translator,
    unigram,
    word_piece,
)


@pytest.mark.parity
@pytest.mark.parametrize("model_type", ENCODERS)
def test_llama_cpp_embeds_the_same(tmp_path, model_type):
    llama_cpp = pytest.importorskip("llama_cpp")
    model, tokenizer = encoder(model_type), word_piece()
    path = gguf.save_to_gguf(model, tmp_path / "m.gguf", tokenizer, "f32")
    tokenizer.model_input_names = ["input_ids", "attention_mask"]
    engine = llama_cpp.Llama(path, n_ctx=64, embedding=True, verbose=False, n_threads=1, pooling_type=0)
    found = np.array(engine.embed("the Owl runs 12"))
    with ef.no_grad():
        wanted = model(**tokenizer("the Owl runs 12", return_tensors="pt")).last_hidden_state[0].numpy()
    np.testing.assert_allclose(found, wanted, atol=2e-2)  # llama.cpp's GELU is a table of half floats


@pytest.mark.parity
@pytest.mark.parametrize("model_type", [*FAMILIES, "long rope", "long rope of long texts", "falcon 40b", "yarn"])
def test_llama_cpp_says_the_same(tmp_path, model_type):
    llama_cpp = pytest.importorskip("llama_cpp")
    if model_type.startswith("long rope"):
        model = long_rope(256 if model_type == "long rope" else 2)
    elif model_type == "yarn":
        model = tiny("deepseek_v3", rope_parameters=DEEPSEEK_YARN)
    else:
        model = falcon_40b() if model_type == "falcon 40b" else tiny(model_type)
    path = gguf.save_to_gguf(model, tmp_path / "m.gguf", byte_level(), "f32")
    engine = llama_cpp.Llama(path, n_ctx=64, verbose=False, n_threads=1)
    found = []
    for token in engine.generate([5, 17, 40], temp=0.0, top_k=1):
        found.append(token)
        if len(found) == 8:
            break
    assert found == greedy(model)[3:]
    assert engine.tokenize(b"the owl 12", add_bos=False) == byte_level()("the owl 12", add_special_tokens=False)["input_ids"]


@pytest.mark.parity
@pytest.mark.parametrize("model_type, changes", TRANSLATORS)
def test_llama_cpp_translates_the_same(tmp_path, model_type, changes):
    llama = pytest.importorskip("llama_cpp")
    model = translator(model_type, **changes)
    path = gguf.save_to_gguf(model, tmp_path / "m.gguf", unigram(), "f32")
    loaded = llama.llama_model_load_from_file(path.encode(), llama.llama_model_default_params())
    assert loaded and llama.llama_model_has_encoder(loaded) and llama.llama_model_decoder_start_token(loaded) == 0
    params = llama.llama_context_default_params()
    params.n_ctx, params.n_threads, params.n_threads_batch = 64, 1, 1
    context = llama.llama_init_from_model(loaded, params)

    def run(step, ids):
        held = (llama.llama_token * len(ids))(*ids)  # the batch points at it
        assert step(context, llama.llama_batch_get_one(held, len(ids))) == 0

    run(llama.llama_encode, [5, 17, 40, 9, 1])
    found = [0]
    for _ in range(8):
        run(llama.llama_decode, found[-1:])
        found.append(int(np.ctypeslib.as_array(llama.llama_get_logits_ith(context, -1), (320,)).argmax()))
    assert found[1:] == translated(model)
    llama.llama_free(context)
    llama.llama_model_free(loaded)


@pytest.mark.parity
@pytest.mark.parametrize("model_type", ["llama", "granite", "smollm3", "bloom", "falcon", "gpt_neox", "gpt2"])
def test_llama_cpp_applies_the_adapter(tmp_path, model_type):
    llama_cpp = pytest.importorskip("llama_cpp")
    model = adapted(model_type, target_modules=ADAPTED[model_type])
    base = gguf.save_to_gguf(tiny(model_type), tmp_path / "m.gguf", byte_level(), "f32")
    lora = gguf.save_lora_to_gguf(model, tmp_path / "l.gguf")
    engine = llama_cpp.Llama(base, lora_path=lora, n_ctx=64, verbose=False, n_threads=1)
    found = []
    for token in engine.generate([5, 17, 40], temp=0.0, top_k=1):
        found.append(token)
        if len(found) == 8:
            break
    assert found == greedy(model)[3:]


@pytest.mark.parity
def test_llama_cpp_splits_by_unigrams(tmp_path):
    llama_cpp = pytest.importorskip("llama_cpp")
    path = gguf.save_to_gguf(tiny("llama"), tmp_path / "m.gguf", unigram(), "f32")
    engine = llama_cpp.Llama(path, vocab_only=True, verbose=False)
    for text in ("the owl, 12!", "  the   owl ", "the ÄÖ"):  # line breaks become spaces by the map, where there is one
        assert engine.tokenize(text.encode(), add_bos=False) == unigram()(text, add_special_tokens=False)["input_ids"], text
