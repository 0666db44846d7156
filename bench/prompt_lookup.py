"""Prompt look-up decoding: what it brings where a text repeats itself, and what it costs where nothing does.

    python bench/prompt_lookup.py --model FILE.gguf [--dtype bfloat16] [--rounds 3]

With and without it take turns in one process; printed are the best tokens/s of the rounds, and how many of the guesses
were right. All texts are greedy and equal with and without, except the sampled one, which repeats its seed.
"""

from __future__ import annotations

import argparse
from typing import Any

from contestants import at_least

CODE = "def add(a, b):\n    return a + b\n\ndef sub(a, b):\n    return a - b\n\ndef mul(a, b):\n    return a * b\n\n"
COPY = "Repeat this text: The quick brown fox jumps over the lazy dog. Then it sleeps under the old oak tree until "
COPY += "the morning sun rises over the hills, and the river sings of the road to the sea."
STORY = "Tell me about a lighthouse keeper."


def tasks(tokenizer: Any) -> dict[str, tuple[list[int], dict[str, Any]]]:
    """Name → prompt and options."""

    def chat(text: str) -> list[int]:
        messages = [{"role": "user", "content": text}]
        return tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=True)["input_ids"]

    return {
        "repeat a text": (chat(COPY), {"do_sample": False}),
        "continue code": (tokenizer(CODE)["input_ids"], {"do_sample": False}),
        "tell a story": (chat(STORY), {"do_sample": False}),
        "story, sampled": (chat(STORY), {"do_sample": True, "temperature": 1.0, "top_k": 0}),
    }


def main() -> None:
    """Prints one line a text."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--dtype")
    parser.add_argument("--tokens", type=at_least(1), default=96)
    parser.add_argument("--lookup", type=at_least(1), default=10, help="prompt_lookup_num_tokens")
    parser.add_argument("--rounds", type=at_least(1), default=3)
    arguments = parser.parse_args()
    import eigenformers as ef

    model = ef.AutoModelForCausalLM.from_pretrained(
        arguments.model, **({"dtype": arguments.dtype} if arguments.dtype else {})
    )
    tokenizer = ef.AutoTokenizer.from_pretrained(arguments.model)
    print(f"{'text':<16}{'without':>10}{'with':>10}{'ratio':>8}{'guesses right':>16}")
    for name, (ids, options) in tasks(tokenizer).items():
        best, texts, right = {}, [], ""
        for _ in range(arguments.rounds):
            for lookup in (None, arguments.lookup):
                ef.set_seed(1)
                out = model.generate(ef.tensor([ids]), attention_mask=ef.ones((1, len(ids)), dtype=ef.int64),
                                     max_new_tokens=arguments.tokens, eos_token_id=None,
                                     prompt_lookup_num_tokens=lookup, **options)  # fmt: skip
                took = model._last_generation
                best[lookup] = max(best.get(lookup, 0), (took["new_tokens"] - 1) / took["decode_seconds"])
                texts.append(out.tolist())
                right = f"{took['accepted_tokens']} of {took['guessed_tokens']}"
        assert all(text == texts[0] for text in texts), "the texts differ"
        without, found = best[None], best[arguments.lookup]
        print(f"{name:<16}{without:>10.1f}{found:>10.1f}{found / without:>8.2f}{right:>16}")


if __name__ == "__main__":
    main()
