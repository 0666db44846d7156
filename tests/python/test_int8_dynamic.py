"""Int8 on both sides of a product: torchao's Int8DynamicActivationInt8WeightConfig."""

from __future__ import annotations

import eigenformers as ef
import numpy as np
import pytest
from cases._text_models import TEXTS, Folder
from eigenformers.peft import LoraConfig, get_peft_model

CONFIG = ef.TorchAoConfig({"_type": "Int8DynamicActivationInt8WeightConfig", "_data": {}})
WIDE = {"hidden_size": 64, "intermediate_size": 96}


@pytest.fixture(scope="module")
def folder():
    with Folder(ef, "", **WIDE) as path:
        yield path


def test_an_encoder_is_packed_and_close_to_itself(folder):
    tokenizer = ef.AutoTokenizer.from_pretrained(folder)
    inputs = tokenizer(TEXTS, padding=True, return_tensors="pt")
    dense = ef.AutoModel.from_pretrained(folder).eval()
    packed = ef.AutoModel.from_pretrained(folder, quantization_config=CONFIG).eval()
    layer = packed.encoder.layer[0].intermediate.dense
    assert layer.weight.nbytes < 0.3 * dense.encoder.layer[0].intermediate.dense.weight.nbytes
    with ef.no_grad():
        a, b = (m(**inputs).last_hidden_state.numpy().reshape(-1, 64) for m in (dense, packed))
    cosine = (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    assert cosine.min() > 0.999  # 8 bits, a scale for 32 numbers
    assert not np.array_equal(a, b)


def test_a_product_is_that_of_the_rounded_sides():
    """Against numpy: blocks of 32, scale = largest / 127, both sides."""

    def rounded(x):
        blocks = x.reshape(len(x), -1, 32)
        scale = np.abs(blocks).max(-1, keepdims=True) / 127
        half = scale.astype(np.float16).astype(np.float32) if x is weight else scale  # a file's block keeps its scale so
        return (np.rint(blocks / scale) * half).reshape(x.shape)

    rng = np.random.RandomState(0)
    weight, x = rng.standard_normal((48, 64)).astype(np.float32), rng.standard_normal((20, 64)).astype(np.float32)
    with Folder(ef, "", **{**WIDE, "intermediate_size": 48}) as path:
        model = ef.AutoModel.from_pretrained(path)
        with ef.no_grad():
            model.encoder.layer[0].intermediate.dense.weight.copy_(ef.from_numpy(weight))
            model.encoder.layer[0].intermediate.dense.bias.zero_()
        model.save_pretrained(path)
        layer = ef.AutoModel.from_pretrained(path, quantization_config=CONFIG).encoder.layer[0].intermediate.dense
        with ef.no_grad():
            found = layer(ef.from_numpy(x)).numpy()
    expected = rounded(x) @ rounded(weight).T
    assert np.abs(found - expected).max() < 0.01 * np.abs(expected).max()  # ties may round to the other side
    assert np.abs(found - x @ weight.T).max() > 1e-4


def test_rows_that_are_no_multiple_of_32_stay_dense():
    with Folder(ef, "", hidden_size=40, intermediate_size=64) as path:
        model = ef.AutoModel.from_pretrained(path, quantization_config=CONFIG)
        layer = model.encoder.layer[0]
        assert layer.intermediate.dense.weight.dtype == ef.float32
        assert layer.intermediate.dense.weight.nbytes == 40 * 64 * 4
        assert layer.output.dense.weight.nbytes < 40 * 64 * 2


def test_adapters_train_on_it(folder):
    model = ef.AutoModelForSequenceClassification.from_pretrained(folder, quantization_config=CONFIG)
    model = get_peft_model(model, LoraConfig(r=2, target_modules=["query", "value"]))
    model(ef.tensor([[5, 6, 7]]), labels=ef.tensor([1])).loss.backward()
    assert any(float(p.grad.abs().sum()) > 0 for n, p in model.named_parameters() if p.grad is not None and "lora_B" in n)


def test_what_is_refused(folder):
    with pytest.raises(ef.UnsupportedError, match="Int8DynamicActivationInt8WeightConfig"):
        ef.AutoModel.from_pretrained(folder, quantization_config=ef.TorchAoConfig({"_type": "Float8Config", "_data": {}}))
