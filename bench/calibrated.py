"""What 4 bits cost with and without calibration: perplexity and KL divergence of a real model on real text.

    python bench/calibrated.py --model smollm2.gguf --text wiki.test --calibration wiki.valid [--samples 64] [--group 64]

Round to nearest (of torchao's and quanto's kind), HQQ and nf4 take no data; GPTQ and AWQ see the first tokens of
--calibration, never --text. All but nf4 have one scale for --group weights; nf4 has one for 64. Numbers are against the
model in float32, over --tokens tokens in windows of 512.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from typing import Any

if sys.path[0] != os.path.dirname(os.path.abspath(__file__)):
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
HERE = sys.path.pop(0)  # tokenize.py beside this file is not the standard library's

import eigenformers as ef  # noqa: E402

sys.path.append(HERE)
from quantize import log_probabilities, quality  # noqa: E402


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--text", required=True)
    parser.add_argument("--calibration", required=True)
    parser.add_argument("--tokens", type=int, default=10240)
    parser.add_argument("--samples", type=int, default=64, help="pieces of 512 tokens")
    parser.add_argument("--group", type=int, default=64)
    parser.add_argument("--methods", nargs="+", help="some of the table's names; by default all")
    options = parser.parse_args()
    tokenizer = ef.AutoTokenizer.from_pretrained(options.model)

    def pieces(name: str, count: int) -> list[list[int]]:
        with open(name, encoding="utf-8") as file:
            ids = list(tokenizer(file.read(8 * 512 * count), add_special_tokens=False)["input_ids"])
        return [ids[i : i + 512] for i in range(0, len(ids) - 511, 512)][:count]

    texts = [tokenizer.decode(ids) for ids in pieces(options.calibration, options.samples)]
    windows = pieces(options.text, options.tokens // 512)
    group = options.group
    data: dict[str, Any] = {"dataset": texts, "tokenizer": tokenizer}
    configs = {
        "round to nearest": ef.TorchAoConfig({"_type": "Int4WeightOnlyConfig", "_data": {"group_size": group}}),
        "hqq": ef.HqqConfig(nbits=4, group_size=group),
        "nf4": ef.BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype="float32"),
        "gptq": ef.GPTQConfig(bits=4, group_size=group, desc_act=False, sym=False, **data),
        "gptq, act-order": ef.GPTQConfig(bits=4, group_size=group, desc_act=True, sym=False, **data),
        "awq": ef.AwqConfig(bits=4, group_size=group, **data),
    }
    with tempfile.TemporaryDirectory() as folder:
        model = ef.AutoModelForCausalLM.from_pretrained(options.model, dtype="float32")
        reference = [wanted for _, wanted in log_probabilities(model, windows)]
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        perplexity, _ = quality(folder, reference, windows)
        print(f"{'':20}{'s':>8}{'MB':>8}{'ppl':>9}{'KL':>10}\n{'float32':20}{0:8.1f}"
              f"{model.get_memory_footprint() / 1e6:8.1f}{perplexity:9.3f}{0:10.5f}", flush=True)  # fmt: skip
        del model
        for name, config in configs.items():
            if options.methods and name not in options.methods:
                continue
            begin = time.perf_counter()
            model = ef.AutoModelForCausalLM.from_pretrained(folder, dtype="float32", quantization_config=config)
            took = time.perf_counter() - begin
            perplexity, kl = quality(model, reference, windows)
            size = model.get_memory_footprint() / 1e6
            print(f"{name:20}{took:8.1f}{size:8.1f}{perplexity:9.3f}{kl:10.5f}", flush=True)


if __name__ == "__main__":
    main()
