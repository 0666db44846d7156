"""Peak memory of generation behind a long prompt, beyond weights: keys and values, and the tensors of one piece."""

from __future__ import annotations

import subprocess
import sys

import pytest

_PEAK = """
import re, sys
import eigenformers as ef

def peak():  # in MiB, of this program alone
    return int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) / 1024

shared = dict(vocab_size=100, hidden_size=128, intermediate_size=256, eos_token_id=None, max_position_embeddings=4096)
if sys.argv[1] == "slides":
    config = ef.Gemma3TextConfig(**shared, num_hidden_layers=24, num_attention_heads=1, num_key_value_heads=1,
                                 head_dim=256, sliding_window=512, layer_types=["sliding_attention"] * 24)
    model = ef.Gemma3ForCausalLM(config).eval()
else:
    config = ef.LlamaConfig(**shared, num_hidden_layers=24, num_attention_heads=4, head_dim=64)
    model = ef.LlamaForCausalLM(config).eval()
options = dict(cache_implementation="quantized", cache_config={"nbits": 8}) if sys.argv[1] == "quantized" else {}
ids = ef.arange(2032).remainder(90).add(5).unsqueeze(0)
before = peak()
model.to(ef.float16).generate(ids, max_new_tokens=8, do_sample=False, pad_token_id=0, **options)
print(peak() - before)
"""


def _peak(kind):
    run = subprocess.run([sys.executable, "-c", _PEAK, kind], capture_output=True, text=True, check=True)
    return float(run.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_windows_and_integers_take_less():
    everything, slides, integers = _peak("everything"), _peak("slides"), _peak("quantized")
    assert slides < everything - 12
    assert integers < everything - 12
