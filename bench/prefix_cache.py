"""Time to the first token of a chat's turns, without and with PrefixCache.

    python bench/prefix_cache.py --model FILE.gguf [--dtype bfloat16] [--turns 4]

The two take turns in one process and hear the same conversation; the best of the rounds is printed.
"""

from __future__ import annotations

import argparse
from typing import Any

from contestants import at_least

QUESTION = "Tell me more about the sea, its ships, its harbours, its weather and the people who live beside it. "


def first_tokens(model: Any, tokenizer: Any, cache: Any, turns: int) -> list[tuple[int, float]]:
    """Prompt length and seconds to the first token of each turn."""
    import eigenformers as ef

    messages, out = [], []
    for turn in range(turns):
        messages.append({"role": "user", "content": QUESTION * 4 + str(turn)})
        ids = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=True)["input_ids"]
        mask = ef.ones((1, len(ids)), dtype=ef.int64)
        answer = model.generate(ef.tensor([ids]), attention_mask=mask, max_new_tokens=48, do_sample=False,
                                prefix_cache=cache)  # fmt: skip
        out.append((len(ids), model._last_generation["prefill_seconds"]))
        text = tokenizer.decode(answer[0, len(ids) :].tolist(), skip_special_tokens=True)
        messages.append({"role": "assistant", "content": text})
    return out


def main() -> None:
    """Prints one line a turn."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--dtype")
    parser.add_argument("--turns", type=at_least(1), default=4)
    parser.add_argument("--rounds", type=at_least(1), default=3)
    arguments = parser.parse_args()
    import eigenformers as ef

    model = ef.AutoModelForCausalLM.from_pretrained(
        arguments.model, **({"dtype": arguments.dtype} if arguments.dtype else {})
    )
    tokenizer = ef.AutoTokenizer.from_pretrained(arguments.model)
    without, shared = [], []
    for _ in range(arguments.rounds):
        without.append(first_tokens(model, tokenizer, None, arguments.turns))
        shared.append(first_tokens(model, tokenizer, ef.PrefixCache(), arguments.turns))
    print(f"{'turn':<6}{'prompt':>8}{'without, ms':>14}{'with, ms':>12}{'ratio':>8}")
    for turn in range(arguments.turns):
        a, b = (min(run[turn][1] for run in runs) * 1000 for runs in (without, shared))
        print(f"{turn + 1:<6}{without[0][turn][0]:>8}{a:>14.1f}{b:>12.1f}{a / b:>8.1f}")


if __name__ == "__main__":
    main()
