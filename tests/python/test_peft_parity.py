"""Adapter files between the two libraries: what one saves the other loads, with the same logits."""

from __future__ import annotations

import json
import warnings

import eigenformers as ef
import numpy as np
import pytest

pytestmark = pytest.mark.parity
torch = pytest.importorskip("torch")
peft = pytest.importorskip("peft")
transformers = pytest.importorskip("transformers")

IDS = [[3, 1, 4, 1, 5, 9], [2, 6, 5, 3, 5, 8]]
CONFIGS = {
    "plain": {"target_modules": ["q_proj", "v_proj"], "lora_alpha": 16},
    "rslora": {"target_modules": "all-linear", "use_rslora": True, "rank_pattern": {"q_proj": 2}},
    "dora": {"target_modules": ["q_proj", "down_proj"], "use_dora": True},
    "saved": {"target_modules": ["k_proj"], "modules_to_save": ["lm_head"]},
    "embedding": {"target_modules": ["embed_tokens", "o_proj"]},
    "bias": {"target_modules": ["q_proj"], "bias": "lora_only"},
}


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    folder = tmp_path_factory.mktemp("base")
    torch.manual_seed(0)
    config = transformers.Qwen2Config(
        vocab_size=32, hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, bos_token_id=1, eos_token_id=2, pad_token_id=0, initializer_range=0.3,
        tie_word_embeddings=False,
    )  # fmt: skip
    transformers.Qwen2ForCausalLM(config).save_pretrained(folder)
    return folder


def models(base):
    return transformers.AutoModelForCausalLM.from_pretrained(base), ef.AutoModelForCausalLM.from_pretrained(base)


def fill(lib, model):
    for index, (_, p) in enumerate(sorted((n, p) for n, p in model.named_parameters() if p.requires_grad)):
        draw = np.random.RandomState(index).standard_normal(tuple(p.shape)) * 0.3
        with lib.no_grad():
            p.copy_(lib.tensor(draw.tolist()).reshape(tuple(p.shape)))
    return model


def logits(lib, model):
    with lib.no_grad():
        return model.eval()(input_ids=lib.tensor(IDS)).logits.numpy()


@pytest.fixture(autouse=True)
def quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.mark.parametrize("name", CONFIGS)
def test_ours_in_theirs(base, tmp_path, name):
    theirs, ours = models(base)
    model = ef.peft.get_peft_model(ours, ef.peft.LoraConfig(r=4, task_type="CAUSAL_LM", **CONFIGS[name]))
    fill(ef, model).save_pretrained(tmp_path)
    loaded = peft.PeftModel.from_pretrained(theirs, tmp_path)
    assert np.allclose(logits(torch, loaded), logits(ef, model), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", CONFIGS)
def test_theirs_in_ours(base, tmp_path, name):
    theirs, ours = models(base)
    model = peft.get_peft_model(theirs, peft.LoraConfig(r=4, task_type="CAUSAL_LM", **CONFIGS[name]))
    fill(torch, model).save_pretrained(tmp_path / "a")
    loaded = ef.peft.PeftModel.from_pretrained(ours, tmp_path / "a")
    assert np.allclose(logits(ef, loaded), logits(torch, model), rtol=1e-4, atol=1e-4)
    loaded.save_pretrained(tmp_path / "b")
    a, b = (json.loads((tmp_path / x / "adapter_config.json").read_text()) for x in "ab")
    for key in a:
        assert (sorted(a[key]) if isinstance(a[key], list) else a[key]) == b[key], key
    assert list(a) == list(b)
    files = [ef.peft.load_peft_weights(tmp_path / x) for x in "ab"]
    assert {k: v.tolist() for k, v in files[0].items()} == {k: v.tolist() for k, v in files[1].items()}


def test_merged_models_are_equal(base, tmp_path):
    theirs, ours = models(base)
    model = peft.get_peft_model(theirs, peft.LoraConfig(r=4, task_type="CAUSAL_LM", **CONFIGS["dora"]))
    fill(torch, model).save_pretrained(tmp_path)
    loaded = ef.peft.PeftModel.from_pretrained(ours, tmp_path).merge_and_unload()
    merged = model.merge_and_unload().state_dict()
    for key, value in loaded.state_dict().items():
        assert np.allclose(value.numpy(), merged[key].numpy(), rtol=1e-5, atol=1e-6), key


def test_torch_files(base, tmp_path):
    theirs, ours = models(base)
    model = fill(torch, peft.get_peft_model(theirs, peft.LoraConfig(target_modules=["q_proj"])))
    model.save_pretrained(tmp_path / "a", safe_serialization=False)
    loaded = ef.peft.PeftModel.from_pretrained(ours, tmp_path / "a")
    assert np.allclose(logits(ef, loaded), logits(torch, model), rtol=1e-4, atol=1e-4)


def test_transformers_own_adapters(base, tmp_path):
    theirs, ours = models(base)
    ours.add_adapter(ef.peft.LoraConfig(r=2, target_modules=["q_proj"]))
    fill(ef, ours).save_pretrained(tmp_path)
    theirs.load_adapter(str(tmp_path))
    assert np.allclose(logits(torch, theirs), logits(ef, ours), rtol=1e-4, atol=1e-4)
    again = transformers.AutoModelForCausalLM.from_pretrained(tmp_path)
    assert np.allclose(logits(torch, again), logits(ef, ours), rtol=1e-4, atol=1e-4)
