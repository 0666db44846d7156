"""Ctrl-C: the step that runs is the last, also inside a long prompt, and what was there before stays usable."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest


def processor_time():
    """Seconds that processes which have ended took of the processors: others that run leave it as it is."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextmanager
def started(command, **options):
    """A process that hears Ctrl-C: a shell starts what runs in the background deaf to it, and children inherit that."""
    run = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL), **options,
    )  # fmt: skip
    try:
        yield run
    finally:
        run.kill()


CODE = """
import sys, threading, time, os, signal
import eigenformers as ef
config = ef.LlamaConfig(vocab_size=64, hidden_size=512, intermediate_size=1024, num_hidden_layers=24,
                        num_attention_heads=8, max_position_embeddings=100000, eos_token_id=None)
model = ef.LlamaForCausalLM(config).eval()
cache = ef.DynamicCache(config=config)
with ef.no_grad():
    model(ef.ones(1, 4, dtype=ef.int64), past_key_values=cache)
    long = ef.ones(1, LENGTH, dtype=ef.int64)
    try:
        print("ready", flush=True)
        CALL
    except KeyboardInterrupt:
        print("stopped", cache.get_seq_length(), [layer.get_seq_length() for layer in cache.layers][-1], flush=True)
        model(ef.ones(1, 1, dtype=ef.int64), past_key_values=cache)
        print("usable", cache.get_seq_length())
"""


@pytest.mark.parametrize(
    "call, length",
    [
        ("model(long, past_key_values=cache)", 12000),
        ("model.generate(long, past_key_values=cache, max_new_tokens=5)", 12000),
        ("model.generate(long[:, :6], max_new_tokens=100000)", 6),
    ],
)
def test_python(call, length):
    code = CODE.replace("LENGTH", str(length)).replace("CALL", call)
    before = processor_time()
    with started([sys.executable, "-c", code], text=True) as run:
        assert run.stdout.readline().strip() == "ready"
        time.sleep(0.5)
        run.send_signal(signal.SIGINT)
        out, errors = run.communicate(timeout=120)
    assert "stopped 4 4" in out and "usable 5" in out, out + errors
    assert processor_time() - before < 15  # 12,000 tokens take several times that, whatever else the machine does


def test_command_line(smollm2):
    command = [sys.executable, "-m", "eigenformers", "generate", "Tell a long story", "--model", smollm2]
    with started([*command, "--max-new-tokens", "4000"]) as run:
        run.stdout.read(20)
        run.send_signal(signal.SIGINT)
        _, errors = run.communicate(timeout=60)
    assert run.returncode == 130
    assert b"Traceback" not in errors
