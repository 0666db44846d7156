"""Block types, methods and importance: what a GGUF file holds of each matrix."""

from __future__ import annotations

import os

import eigenformers as ef
import numpy as np
import pytest
from eigenformers import _core, gguf
from eigenformers._core import GgufFile
from gguf_models import WORDS, byte_level, sentencepiece, tensor_kinds, tiny, translator, unigram


@pytest.mark.parametrize("method", ["f16", "bf16", "q8_0", "q4_k_m", "q2_k", "iq4_xs", "q2_k_l", "tq2_0"])
def test_methods_write_what_they_say(tmp_path, method):
    model = tiny("llama")
    out = model.save_pretrained_gguf(tmp_path / "folder", byte_level(), method)
    (path,) = out["gguf_files"]
    assert path.endswith(f"folder.{method.upper()}.gguf")
    file = GgufFile(path)
    types = {name: kind for name, _, kind, _ in file.tensors}
    assert types["output_norm.weight"] == "F32"
    expected = {"q4_k_m": "Q6_K", "q2_k": "Q6_K", "iq4_xs": "Q6_K", "q2_k_l": "Q8_0", "tq2_0": "Q6_K"}
    assert types["output.weight"] == expected.get(method, method.upper())
    assert file.get("general.architecture") == "llama"
    assert file.get("tokenizer.ggml.model") == "gpt2" and file.get("tokenizer.ggml.pre") == "smollm"
    assert "FROM ./folder." in open(out["modelfile_location"]).read()


# llama has rows in another order, gpt2 transposed, mixtral experts, falcon parts that become one.
@pytest.mark.parametrize("model_type", ["llama", "gpt2", "mixtral", "falcon"])
@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float64"])
def test_blocks_become_what_is_asked_for(tmp_path, model_type, dtype):
    path = tiny(model_type).save_pretrained_gguf(str(tmp_path), quantization_method="q4_1")["gguf_files"][0]
    single = ef.AutoModelForCausalLM.from_pretrained(path, dtype="float32").state_dict()
    for name, value in ef.AutoModelForCausalLM.from_pretrained(path, dtype=dtype).state_dict().items():
        assert value.dtype == getattr(ef, dtype) and ef.equal(value, single[name].to(value.dtype)), name


def test_arguments_of_unsloth(tmp_path, monkeypatch):
    """What is about its way of working changes nothing, what would change files is refused, what is unknown named."""
    model, sent = tiny("llama"), []
    known = {"maximum_memory_usage": 0.5, "temporary_location": "x", "max_shard_size": "5GB", "safe_serialization": True}
    out = model.save_pretrained_gguf(tmp_path / "a", None, "q8_0", **known, tags=None, state_dict=None)
    assert len(out["gguf_files"]) == 1
    model.save_pretrained_merged(tmp_path / "b", None, **known)
    for name, value in (("state_dict", {}), ("variant", "fp16"), ("is_main_process", False), ("tags", ["x"])):
        for save in (model.save_pretrained_gguf, model.save_pretrained_merged):
            with pytest.raises(NotImplementedError, match=name):
                save(tmp_path / "c", None, **{name: value or {"x": 1}} if name == "state_dict" else {name: value})
    for save in (model.save_pretrained_gguf, model.save_pretrained_merged):
        with pytest.raises(TypeError, match="shard_count"):
            save(tmp_path / "c", None, shard_count=2)

    class Api:
        def create_repo(self, repo_id, **kwargs):
            return type("Url", (), {"repo_id": repo_id})

        def upload_file(self, **kwargs):
            sent.append(kwargs)

        upload_folder = upload_file

        def create_commit(self, repo_id, operations, **kwargs):
            commits.append(([operation.path_in_repo for operation in operations], kwargs))

    commits: list = []
    monkeypatch.setattr("eigenformers.hub.hub_api", lambda token: Api())
    model.push_to_hub_gguf("me/owl", None, "q8_0", commit_message="first", create_pr=True)
    model.push_to_hub_merged("me/owl", None, commit_message="second", revision="dev")
    assert sent[0]["path_in_repo"] == "owl.Q8_0.gguf" and sent[0]["commit_message"] == "first" and sent[0]["create_pr"]
    assert sent[1]["repo_id"] == "me/owl" and sent[1]["revision"] == "dev"
    model.push_to_hub_gguf("me/owl", None, ["f16", "q8_0"], create_pr=True)
    assert len(commits) == 1 and commits[0][0] == ["owl.F16.gguf", "owl.Q8_0.gguf"] and commits[0][1]["create_pr"]
    for methods in ([], 4):
        with pytest.raises(ValueError, match="quantization_method"):
            model.save_pretrained_gguf(tmp_path / "d", None, methods)


def test_importance_must_be_a_weight():
    for bad in (float("nan"), -1.0, float("inf")):
        with pytest.raises(ValueError, match="importance"):
            gguf.quantize(ef.randn(1, 256), "iq2_xs", ef.full((256,), bad))
    matrix = gguf.IMatrix()
    matrix.sums["x"], matrix.counts["x"] = np.array([1.0, -2.0], np.float32), 1
    with pytest.raises(OSError, match="negative"):
        matrix.weights()


def test_several_methods_and_names(tmp_path):
    model = tiny("llama")
    out = model.save_pretrained_gguf(tmp_path, byte_level(), ["q8_0", "fast_quantized", "not_quantized"])
    assert [os.path.basename(f).split(".")[1] for f in out["gguf_files"]] == ["Q8_0", "F32"]
    with pytest.raises(ValueError, match="did you mean 'q4_k_m'"):
        model.save_pretrained_gguf(tmp_path / "no", byte_level(), ["q8_0", "q4_k_mm"])
    assert not os.path.exists(tmp_path / "no")
    for name in (*gguf.ALLOWED_QUANTS, *gguf.IMATRIX_QUANTS):
        from eigenformers.gguf.methods import method_named

        assert method_named(name, "bfloat16").mix


def test_per_tensor_types_and_pure(tmp_path):
    model = tiny("llama")
    path = gguf.save_to_gguf(model, tmp_path / "m.gguf", None, "q4_k_m",
                             tensor_types={r"blk\.1\.ffn_down": "q8_0"}, token_embedding_type="q5_k")  # fmt: skip
    types = {name: kind for name, _, kind, _ in GgufFile(path).tensors}
    assert types["blk.1.ffn_down.weight"] == "Q8_0" and types["token_embd.weight"] == "Q5_K"
    path = gguf.save_to_gguf(model, tmp_path / "m.gguf", None, "q4_k_m", pure=True)
    assert {kind for _, _, kind, _ in GgufFile(path).tensors} == {"F32", "Q4_K"}
    with pytest.raises(ValueError, match="Q9_K"):
        gguf.save_to_gguf(model, tmp_path / "m.gguf", None, "q4_k_m", tensor_types={"x": "q9_k"})


def test_quantize_round_trip_and_errors():
    ef.manual_seed(1)
    x = ef.randn(3, 512)
    for name, (block, size, writes) in gguf.tensor_types().items():
        if not writes or name in ("F32", "F16", "BF16", "Q1_0"):
            continue
        blocks = gguf.quantize(x, name, np.ones(512, np.float32))
        assert tuple(blocks.shape) == (3, 512 // block * size)
        error = (gguf.dequantize(blocks, name) - x).numpy()
        assert (error**2).mean() ** 0.5 < (1.2 if name.startswith(("TQ", "IQ1")) else 0.6 if name.startswith("IQ2") else 0.4)
    with pytest.raises(ValueError, match="multiple of 256"):
        gguf.quantize(ef.ones(1, 96), "q4_k")
    with pytest.raises(ef.Error, match="must be finite"):
        gguf.quantize(ef.full((1, 32), float("inf")), "q8_0")
    with pytest.raises(ValueError, match="needs a multiple of 34"):
        gguf.dequantize(ef.zeros(1, 33, dtype=ef.uint8), "q8_0")


def test_files_are_quantized_as_models_are(tmp_path):
    model = tiny("qwen3")
    whole = gguf.save_to_gguf(model, tmp_path / "f32.gguf", byte_level(), "f32")
    direct = gguf.save_to_gguf(model, tmp_path / "direct.gguf", byte_level(), "q5_k_m")
    path = gguf.quantize_file(whole, tmp_path / "q.gguf", "q5_k_m")
    a, b = GgufFile(direct), GgufFile(path)
    assert {t[0]: t[1:] for t in a.tensors} == {t[0]: t[1:] for t in b.tensors}
    first, second = _core.open_gguf(direct), _core.open_gguf(path)
    for name in first.keys():
        assert np.array_equal(first.get_tensor(name).numpy(), second.get_tensor(name).numpy()), name
    assert b.get("general.file_type") == 17 and b.get("qwen3.block_count") == 2
    with pytest.raises(NotImplementedError, match="requantizing"):
        gguf.quantize_file(path, tmp_path / "again.gguf", "q2_k")
    gguf.quantize_file(path, tmp_path / "again.gguf", "q2_k", allow_requantize=True)
    with pytest.raises(ValueError, match="same file"):
        gguf.quantize_file(path, path, "q2_k")


def test_importance_matrices(tmp_path):
    model, tokenizer = tiny("llama"), byte_level()
    text = " ".join(WORDS * 20)
    found = gguf.compute_imatrix(model, tokenizer, text, chunk_size=64, max_chunks=3, dataset="words")
    assert found.chunks == 3 and len(found.sums) == 2 * 7 + 1 and found.counts["blk.0.attn_q.weight"] == 3 * 64
    assert np.array_equal(found.sums["blk.1.attn_q.weight"], found.sums["blk.1.attn_v.weight"])
    for name in ("i.gguf", "i.dat"):
        found.save(tmp_path / name)
        again = gguf.IMatrix.load(tmp_path / name)
        assert again.chunks == 3 and again.datasets == ["words"]
        for key, values in found.weights().items():
            np.testing.assert_allclose(again.weights()[key], values, rtol=1e-5)
    plain = gguf.save_to_gguf(model, tmp_path / "p.gguf", tokenizer, "q4_k_s")
    weighted = gguf.save_to_gguf(model, tmp_path / "w.gguf", tokenizer, "q4_k_s", imatrix=tmp_path / "i.gguf")
    file = GgufFile(weighted)
    assert file.get("quantize.imatrix.dataset") == "words" and file.get("quantize.imatrix.chunks_count") == 3
    assert open(plain, "rb").read() != open(weighted, "rb").read()
    raw = open(tmp_path / "i.dat", "rb").read()
    for cut in (0, 3, 9, len(raw) // 2):
        (tmp_path / "cut.dat").write_bytes(raw[:cut])
        with pytest.raises(OSError):
            gguf.IMatrix.load(tmp_path / "cut.dat")
    with pytest.raises(ValueError, match="at least 4096"):
        gguf.compute_imatrix(model, tokenizer, text, chunk_size=4096)


@pytest.mark.parametrize("model_type", ["deepseek_v3", "qwen3_next", "gpt_oss", "mamba2", "lfm2", "t5"])
def test_every_matrix_has_an_importance(tmp_path, model_type):
    model = translator(model_type, d_model=256, d_kv=64, d_ff=256) if model_type == "t5" else tiny(model_type)
    tokenizer = unigram() if model_type == "t5" else byte_level()
    found = gguf.compute_imatrix(model, tokenizer, " ".join(WORDS * 20), chunk_size=32, max_chunks=2)
    path = gguf.save_to_gguf(model, tmp_path / "m.gguf", tokenizer, "iq2_xxs", imatrix=found)
    for name, shape, kind in tensor_kinds(path):
        if not kind.startswith("F") and name not in ("token_embd.weight", "output.weight"):
            assert np.size(found.weights()[name]) == shape[-1] * (shape[0] if len(shape) == 3 else 1), name
            assert np.ptp(found.weights()[name]) > 0, name


def test_importance_of_gpt_oss_experts_is_that_of_what_they_see():
    model = tiny("gpt_oss", num_experts_per_tok=1)
    mlp = model.model.layers[0].mlp
    mlp.experts.down_proj.data.copy_(ef.eye(256).unsqueeze(0).expand(4, 256, 256))
    mlp.experts.down_proj_bias.data.zero_()
    seen = {}
    mlp.register_forward_hook(lambda _, x, y: seen.update(x=x[0].numpy(), y=y.numpy() if hasattr(y, "numpy") else y[0].numpy()))
    mlp.router.register_forward_hook(lambda _, x, y: seen.update(chosen=y.argmax(-1).numpy().reshape(-1)))
    found = gguf.compute_imatrix(model, byte_level(), " ".join(WORDS * 20), chunk_size=64, max_chunks=1)
    for expert in range(4):
        mine = seen["chosen"] == expert
        for name, rows in (("gate", seen["x"]), ("up", seen["x"]), ("down", seen["y"])):
            sums = (rows.reshape(64, 256)[mine] ** 2).sum(0)
            np.testing.assert_allclose(found.sums[f"blk.0.ffn_{name}_exps.weight"][expert], sums, rtol=1e-4, atol=1e-5)
            assert found.counts[f"blk.0.ffn_{name}_exps.weight"][expert] == mine.sum()


def test_importance_of_experts(tmp_path):
    """Each expert has an importance of its own: what llama.cpp's quantizer is given for a tensor of experts."""
    model, tokenizer = tiny("qwen3_moe"), byte_level()
    found = gguf.compute_imatrix(model, tokenizer, " ".join(WORDS * 20), chunk_size=64, max_chunks=3)
    name = "blk.0.ffn_up_exps.weight"
    assert found.sums[name].shape == (4, 256) and found.counts[name].sum() == 2 * 3 * 64  # two experts for each token
    found.sums[name][3], found.counts[name][3] = 0, 0  # one that no token came to
    for file in ("i.gguf", "i.dat"):
        found.save(tmp_path / file)
        again = gguf.IMatrix.load(tmp_path / file).weights()
        for key, values in found.weights().items():
            np.testing.assert_allclose(again[key], values, rtol=1e-5)
    assert found.weights()[name][3 * 256 :] == [1.0] * 256
    path = gguf.save_to_gguf(model, tmp_path / "m.gguf", tokenizer, "q4_0", imatrix=found, pure=True)
    reader, weights = _core.open_gguf(path), np.reshape(found.weights()[name], (4, 256))
    for expert in range(4):
        tree = f"model.layers.0.mlp.experts.{expert}.up_proj"
        alone = gguf.quantize(model.get_submodule(tree).weight.detach(), "q4_0", weights[expert])
        wanted = gguf.dequantize(alone, "q4_0").numpy()
        np.testing.assert_array_equal(reader.get_tensor(f"{tree}.weight").numpy(), wanted)


def test_ollama_modelfiles():
    assert len(gguf.OLLAMA_TEMPLATES) >= 40
    assert set(gguf.MODEL_TO_OLLAMA_TEMPLATE_MAPPER.values()) <= set(gguf.OLLAMA_TEMPLATES)
    text = gguf.create_ollama_modelfile(byte_level(), "meta-llama/Llama-3.1-8B-Instruct", "m.gguf", temperature=0.5)
    assert text.startswith("FROM ./m.gguf\nTEMPLATE") and "<|eot_id|>" in text and 'PARAMETER stop "</s>"' in text
    assert "PARAMETER temperature 0.5" in text
    assert "<|im_start|>" in gguf.create_ollama_modelfile(byte_level(), "someone/unknown", "m.gguf")  # by its template
    assert gguf.create_ollama_modelfile(sentencepiece(), "someone/unknown", "m.gguf") is None
    thinking = gguf.create_ollama_modelfile(None, "Qwen/Qwen3-4B-Thinking-2507", "m.gguf")
    assert "<|im_start|>assistant\n<think>\n{{ .Response }}" in thinking
    packed = gguf.create_ollama_modelfile(None, "unsloth/gpt-oss-20b-unsloth-bnb-4bit", "m.gguf")
    assert packed == gguf.create_ollama_modelfile(None, "openai/gpt-oss-20b", "m.gguf")
    assert 'PARAMETER stop "<|return|>"' in packed
    with pytest.raises(ValueError, match="num_gpus"):
        gguf.create_ollama_modelfile(byte_level(), "Qwen/Qwen3-0.6B", "m.gguf", num_gpus=1)


def test_command_line(tmp_path, capsys):
    from eigenformers.cli import main

    source = gguf.save_to_gguf(tiny("llama"), tmp_path / "a.gguf", byte_level(), "f16")
    assert main(["quantize", source, str(tmp_path / "b.gguf"), "q4_0", "--tensor-type", "ffn_up=q8_0"]) == 0
    assert main(["inspect", str(tmp_path / "b.gguf"), "--tensors"]) == 0
    assert "blk.0.ffn_up.weight  Q8_0" in capsys.readouterr().out
    assert main(["export", source, str(tmp_path / "out"), "-m", "q8_0", "-m", "q5_0"]) == 0
    assert sorted(os.listdir(tmp_path / "out")) == ["Modelfile", "out.Q5_0.gguf", "out.Q8_0.gguf"]
    assert main(["quantize", source, str(tmp_path / "c.gguf"), "q4_x"]) == 1
    assert "did you mean" in capsys.readouterr().err


def test_our_own_mix_keeps_to_its_size(tmp_path):
    model, tokenizer = tiny("llama"), byte_level()
    model.lm_head.weight.data.mul_(3)
    text = " ".join(WORDS * 8)
    types = gguf.dynamic_types(model, tokenizer, text, "q4_k_m", tokens=64)
    assert len(types) == 16 and len(set(types.values())) > 1
    plain = gguf.save_to_gguf(model, tmp_path / "a.gguf", tokenizer, "q4_k_m")
    ours = gguf.save_to_gguf(model, tmp_path / "b.gguf", tokenizer, "q4_k_m", tensor_types=types)
    assert os.path.getsize(ours) <= os.path.getsize(plain)
    found = {t[0]: t[2] for t in GgufFile(ours).tensors}
    assert found["output.weight"] == types[r"^output\.weight$"]
    with pytest.raises(ValueError, match="coarsest types need"):
        gguf.dynamic_types(model, tokenizer, text, 1000, tokens=64)
    with pytest.raises(ValueError, match="needed 5000"):
        gguf.dynamic_types(model, tokenizer, text, tokens=5000)


def test_mxfp4_of_experts_is_exact(tmp_path):
    """Values that MXFP4 holds come back as they were: a gpt-oss checkpoint loses nothing."""
    model = tiny("gpt_oss")
    for layer in model.model.layers:
        for name in ("gate_up_proj", "down_proj"):
            value = getattr(layer.mlp.experts, name)
            grid = gguf.dequantize(gguf.quantize(value.detach().transpose(1, 2), "mxfp4"), "mxfp4")
            setattr(layer.mlp.experts, name, grid.transpose(1, 2).contiguous())
    path = gguf.save_to_gguf(model, tmp_path / "m.gguf", byte_level(), "mxfp4_moe")
    reader, kinds = _core.open_gguf(path), {name: kind for name, _, kind in tensor_kinds(path)}
    assert kinds["blk.0.ffn_gate_exps.weight"] == kinds["blk.1.ffn_down_exps.weight"] == "MXFP4"
    for name in ("gate_up_proj", "gate_up_proj_bias", "down_proj", "down_proj_bias"):
        tree = f"model.layers.1.mlp.experts.{name}"
        np.testing.assert_array_equal(reader.get_tensor(tree).numpy(), model.state_dict()[tree].float().numpy())


@pytest.mark.parametrize("tensor_type", [name for name, (_, _, written) in gguf.tensor_types().items() if written])
def test_weights_whose_squares_overflow(tensor_type):
    """Sums of squares are infinite, and what is searched for is NaN: some code is found all the same."""
    x = np.random.RandomState(0).randn(2, 256).astype(np.float32) * np.float32(1e30)
    blocks = gguf.quantize(x, tensor_type, np.ones(256, np.float32))
    length, size, _ = gguf.tensor_types()[tensor_type]
    assert tuple(blocks.shape) == (2, 256 // length * size)
