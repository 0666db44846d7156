"""Gradient checkpointing: the gradients of a plain pass, bit for bit, in less memory."""

from __future__ import annotations

import subprocess
import sys

import eigenformers as ef
import numpy as np
import pytest

SMALL = {"vocab_size": 64, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 3, "num_attention_heads": 4}
S2S = {"vocab_size": 64, "d_model": 32, "encoder_layers": 2, "decoder_layers": 3, "encoder_attention_heads": 4,
       "decoder_attention_heads": 4, "encoder_ffn_dim": 48, "decoder_ffn_dim": 48, "max_position_embeddings": 64,
       "pad_token_id": 0, "decoder_start_token_id": 2}  # fmt: skip
T5 = {"vocab_size": 64, "d_model": 32, "d_kv": 8, "d_ff": 48, "num_layers": 3, "num_heads": 4, "decoder_start_token_id": 0}
MODELS = {
    "bert": (SMALL, "MaskedLM"), "albert": ({**SMALL, "embedding_size": 16}, "MaskedLM"),
    "distilbert": ({"vocab_size": 64, "dim": 32, "hidden_dim": 48, "n_layers": 3, "n_heads": 4}, "MaskedLM"),
    "mpnet": (SMALL, "MaskedLM"), "modernbert": ({**SMALL, "pad_token_id": 0, "local_attention": 4}, "MaskedLM"),
    "deberta-v2": ({**SMALL, "relative_attention": True, "pos_att_type": "p2c|c2p", "position_buckets": 8}, "MaskedLM"),
    "longformer": ({**SMALL, "attention_window": 4}, "SequenceClassification"), "tapas": (SMALL, "SequenceClassification"),
    "llama": (SMALL, "CausalLM"), "bart": (S2S, "Seq2SeqLM"), "marian": ({**S2S, "dropout": 0.2}, "Seq2SeqLM"),
    "t5": (T5, "Seq2SeqLM"), "umt5": (T5, "Seq2SeqLM"),
}  # fmt: skip


def gradients(model, inputs, checkpointed):
    if checkpointed:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    else:
        model.gradient_checkpointing_disable()
    assert model.is_gradient_checkpointing is checkpointed
    model.zero_grad()
    ef.manual_seed(7)
    output = model(**inputs)
    output.loss.backward()
    return output.loss.item(), {n: p.grad.numpy() for n, p in model.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("name", MODELS)
def test_gradients_are_those_of_a_plain_pass(name):
    sizes, head = MODELS[name]
    config = ef.AutoConfig.for_model(name, **sizes)
    ef.manual_seed(0)
    model = getattr(ef, f"AutoModelFor{head}").from_config(config).train()
    assert model.supports_gradient_checkpointing
    ids = ef.tensor(np.random.RandomState(0).randint(3, 64, (2, 12)))
    mask = np.ones((2, 12), np.int64)
    mask[1, 9:] = 0
    inputs = {"input_ids": ids, "attention_mask": ef.tensor(mask)}
    inputs["labels"] = ef.tensor([0, 1]) if head == "SequenceClassification" else ids
    loss, plain = gradients(model, inputs, False)
    again, recomputed = gradients(model, inputs, True)
    assert loss == again
    assert plain.keys() == recomputed.keys()
    for parameter, value in plain.items():
        np.testing.assert_array_equal(value, recomputed[parameter], err_msg=parameter)  # dropout included


def test_frozen_embeddings_leave_the_layers_their_gradients():
    model = ef.BertForMaskedLM(ef.BertConfig(**SMALL)).train()
    model.get_input_embeddings().requires_grad_(False)
    ids = ef.tensor([[5, 6, 7, 8]])
    plain = gradients(model, {"input_ids": ids, "labels": ids}, False)[1]
    recomputed = gradients(model, {"input_ids": ids, "labels": ids}, True)[1]
    assert any("layer.0" in name for name in plain) and plain.keys() == recomputed.keys()


def test_evaluation_and_weights_of_attention_are_as_ever():
    model = ef.BertForMaskedLM(ef.BertConfig(**SMALL))
    model.gradient_checkpointing_enable()
    output = model.train()(ef.tensor([[5, 6, 7]]), output_attentions=True, output_hidden_states=True)
    assert len(output.attentions) == 3 and len(output.hidden_states) == 4
    with pytest.raises(ef.UnsupportedError, match="offload"):
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"offload": True})


_PEAK = """
import re, sys
import eigenformers as ef

def peak():  # of this program alone: getrusage begins with what its parent used
    return int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])

kind, on = sys.argv[1], sys.argv[2] == "True"
if kind == "bert":
    config = ef.BertConfig(vocab_size=100, hidden_size=128, intermediate_size=512, num_hidden_layers=16, num_attention_heads=4)
    model = ef.BertForMaskedLM(config).train()
else:
    config = ef.T5Config(vocab_size=100, d_model=128, d_kv=32, d_ff=512, num_layers=10, num_heads=4, decoder_start_token_id=0)
    model = ef.T5ForConditionalGeneration(config).train()
if on:
    model.gradient_checkpointing_enable()
ids = ef.ones(8, 128, dtype=ef.int64)
before = peak()
model(input_ids=ids, labels=ids).loss.backward()
print(peak() - before)
"""


@pytest.mark.parametrize("kind", ["bert", "t5"])
def test_memory_is_lower(kind):
    used = [
        int(subprocess.run([sys.executable, "-c", _PEAK, kind, str(on)], capture_output=True, text=True, check=True).stdout)
        for on in (False, True)
    ]
    assert used[1] < 0.6 * used[0], used
