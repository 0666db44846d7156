"""Writing text from each GGUF type: tokens a second beside llama.cpp, and as a share of what reading the weights allows.

    python bench/gguf_decode.py [--peers llama-venv/bin/python] [--types q4_0 q8_0 ...] [--tokens 48] [--threads 2]

The model is a Llama of random weights whose rows end on every block (1024 wide, 12 layers, 168 million weights); each
file holds one type only (but vectors in F32). A token reads every weight once, so the limit is how often a second all
threads together can read as many bytes as the file has (numpy's max of them, the best of several, in the same run; a
file that fits the last cache is read from there in both cases). Ours and the peer's runs follow one another, the peer's
with flash attention and without; the best of --rounds counts.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time

from contestants import answer, at_least, llama_cpp_model, python_program

TYPES = ["bf16", "q8_0", "q6_k", "q5_k_s", "q5_1", "q5_0", "q4_k_s", "q4_1", "q4_0", "iq4_nl", "iq4_xs", "q3_k_s", "q2_k",
         "tq2_0"]  # fmt: skip
PROMPT = list(range(10, 18))


def ours(path: str, tokens: int) -> float:
    """Tokens a second, without the prompt."""
    import eigenformers as ef

    model = ef.AutoModelForCausalLM.from_pretrained(path)
    ids, settings = ef.tensor([PROMPT]), {"do_sample": False, "eos_token_id": None, "pad_token_id": 0}
    model.generate(ids, max_new_tokens=2, **settings)
    start = time.perf_counter()
    model.generate(ids, max_new_tokens=2, **settings)
    middle = time.perf_counter()
    model.generate(ids, max_new_tokens=2 + tokens, **settings)
    return tokens / (time.perf_counter() - middle - (middle - start))


def llama_cpp(path: str, tokens: int, threads: int, flash: bool) -> float:
    """The same with llama.cpp's own loop: evaluate one token, take the likeliest."""
    model = llama_cpp_model(path, 256, threads, flash)
    model.eval(PROMPT)
    model.eval([5])
    start = time.perf_counter()
    for _ in range(tokens):
        model.eval([model.sample(temp=0.0)])
    return tokens / (time.perf_counter() - start)


def reading_speed(threads: int, size: int) -> float:
    """Bytes a second that all threads read together, of as many as a file has."""
    from concurrent.futures import ThreadPoolExecutor

    import numpy as np

    parts = [np.ones(size // threads // 8, np.int64) for _ in range(threads)]
    best = 0.0
    with ThreadPoolExecutor(threads) as pool:
        for _ in range(12):
            start = time.perf_counter()
            list(pool.map(np.max, parts))
            best = max(best, threads * parts[0].nbytes / (time.perf_counter() - start))
    return best


def measured(python: str, who: str, path: str, tokens: int, threads: int) -> float:
    """In a process of its own; `who` is ours, or llama.cpp plain or with flash attention."""
    task = {"who": who, "path": path, "tokens": tokens, "threads": threads}
    return answer(python, __file__, task, threads)


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=python_program)
    parser.add_argument("--types", nargs="+", default=TYPES)
    parser.add_argument("--tokens", type=at_least(1), default=48)
    parser.add_argument("--rounds", type=at_least(1), default=2)
    parser.add_argument("--threads", type=at_least(1), default=len(os.sched_getaffinity(0)))
    parser.add_argument("--folder", help="where the files are kept; by default they are removed")
    parser.add_argument("--task")
    args = parser.parse_args()
    if args.task:
        task = json.loads(args.task)
        if task["who"] == "ours":
            print(ours(task["path"], task["tokens"]))
        else:
            print(llama_cpp(task["path"], task["tokens"], task["threads"], task["who"] == "flash"))
        return
    import eigenformers as ef
    from eigenformers import gguf

    with tempfile.TemporaryDirectory() as temporary:
        folder = args.folder or temporary
        source = os.path.join(folder, "f16.gguf")
        if not os.path.exists(source):
            config = ef.AutoConfig.for_model(
                "llama", vocab_size=16384, hidden_size=1024, intermediate_size=3072, num_hidden_layers=12,
                num_attention_heads=16, num_key_value_heads=8, max_position_embeddings=512, tie_word_embeddings=True,
            )  # fmt: skip
            tokenizer = ef.PreTrainedTokenizerFast(tokenizer_object=_vocabulary(16384))
            gguf.save_to_gguf(ef.AutoModelForCausalLM.from_config(config), source, tokenizer, "f16", check=False)
        files = {name: os.path.join(folder, f"{name}.gguf") for name in args.types}
        for name, path in files.items():
            if not os.path.exists(path):
                gguf.quantize_file(source, path, name, pure=True)
        print(f"{'':8}{'MB':>8}{'limit':>8}{'ours':>8}{'share':>7}{'peer':>8}{'share':>7}{'ours/peer':>11}")
        for name, path in files.items():
            size = os.path.getsize(path)
            own = peer = 0.0
            for _ in range(args.rounds):
                own = max(own, measured(sys.executable, "ours", path, args.tokens, args.threads))
                for who in ("plain", "flash") if args.peers else ():
                    peer = max(peer, measured(args.peers, who, path, args.tokens, args.threads))
            limit = reading_speed(args.threads, size) / size
            print(f"{name:8}{size / 1e6:8.1f}{limit:8.1f}{own:8.1f}{own / limit:7.2f}{peer:8.1f}{peer / limit:7.2f}"
                  f"{own / peer if peer else 0:11.2f}", flush=True)  # fmt: skip


def _vocabulary(size: int):
    from eigenformers.tokenizers import Tokenizer, decoders, models, pre_tokenizers

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    rest = (f"<{i}>" for i in range(size - len(alphabet) - 1))
    vocab = {token: i for i, token in enumerate([*alphabet, "th", *rest])}
    engine = Tokenizer(models.BPE(vocab=vocab, merges=[("t", "h")]))  # llama.cpp wants at least one
    engine.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    engine.decoder = decoders.ByteLevel()
    return engine


if __name__ == "__main__":
    main()
