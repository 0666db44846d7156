"""What `generate` and `chat` share: their options, the loaded pipeline, and the streamer that measures."""

from __future__ import annotations

import argparse
import os
import sys
import time
from typing import Any


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of model and sampling."""
    model = parser.add_argument_group("model")
    model.add_argument("--model", metavar="MODEL", help="folder, .gguf file or Hub id (default: the embedded model)")
    model.add_argument(
        "--dtype", metavar="DTYPE", default="auto", help="of the weights: float32, bfloat16, float16, auto"
    )
    model.add_argument("--threads", type=_positive, metavar="N", help="threads to compute with (default: all cores)")
    model.add_argument("--revision", help="branch, tag or commit on the Hub")
    text = parser.add_argument_group("generation")
    text.add_argument("--system", metavar="TEXT", help="system prompt")
    text.add_argument("--max-new-tokens", type=_positive, default=256, metavar="N", help="at most (default: 256)")
    text.add_argument("--temperature", type=_positive_float, metavar="T", help="higher is more random (default: 0.7)")
    text.add_argument("--top-p", type=float, metavar="P", help="sample from the best tokens with this probability")
    text.add_argument("--top-k", type=_positive, metavar="K", help="sample from the K best tokens")
    text.add_argument("--min-p", type=float, metavar="P", help="drop tokens below P times the best one's probability")
    text.add_argument("--repetition-penalty", type=_positive_float, metavar="R", help="above 1 repeats less")
    text.add_argument("--stop", action="append", metavar="TEXT", help="end at this text (may be given several times)")
    text.add_argument("--seed", type=int, metavar="N", help="the same seed gives the same text")
    how = text.add_mutually_exclusive_group()
    how.add_argument("--do-sample", action="store_true", default=None, help="draw tokens at random (default)")
    how.add_argument("--greedy", dest="do_sample", action="store_false", help="always take the most probable token")
    parser.add_argument("--quiet", action="store_true", help="nothing but the text: no progress bar, no statistics")


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"found {text}, needed 1 or more")
    return value


def _positive_float(text: str) -> float:
    value = float(text)
    if not value > 0:
        raise argparse.ArgumentTypeError(f"found {text}, needed a number above 0")
    return value


def generate_arguments(arguments: argparse.Namespace) -> dict[str, Any]:
    """The options that are set, as arguments of the pipeline's call."""
    names = ("max_new_tokens", "temperature", "top_p", "top_k", "min_p", "repetition_penalty", "do_sample")
    given = {name: getattr(arguments, name) for name in names if getattr(arguments, name) is not None}
    if arguments.stop:
        given["stop_sequence"] = arguments.stop
    return given


def load(arguments: argparse.Namespace) -> Any:
    """The text-generation pipeline. Loading shows a progress bar on a terminal."""
    if arguments.threads is not None:  # read by the core when it is first imported
        os.environ["EIGENFORMERS_NUM_THREADS"] = str(arguments.threads)
    import eigenformers

    if arguments.quiet:
        eigenformers.logging.disable_progress_bar()
    pipe = eigenformers.pipeline(
        "text-generation", model=arguments.model, dtype=arguments.dtype, revision=arguments.revision
    )
    if arguments.seed is not None:
        eigenformers.set_seed(arguments.seed)
    return pipe


class Meter:
    """A streamer that writes text to stdout as it comes, and counts tokens and time."""

    def __init__(self, tokenizer: Any):
        from ..generation.streamers import TextStreamer

        class Printer(TextStreamer):
            def on_finalized_text(self, text: str, stream_end: bool = False) -> None:
                sys.stdout.write(text)
                sys.stdout.flush()

        self._printer = Printer(tokenizer, skip_prompt=True, skip_special_tokens=True)
        self.prompt_tokens = self.new_tokens = 0
        self.started = self.first_token = self.last_token = time.perf_counter()

    def put(self, value: Any) -> None:
        """Receives the prompt, then every token."""
        now = time.perf_counter()
        if self.prompt_tokens == 0:
            self.prompt_tokens = int(value.shape[-1])
            self.started = now
        else:
            self.new_tokens += 1
            self.first_token = now if self.new_tokens == 1 else self.first_token
            self.last_token = now
        self._printer.put(value)

    def end(self) -> None:
        """Writes what is left of the text."""
        self._printer.end()

    def summary(self) -> str:
        """`120 tokens, 52.1 tokens/s; prompt 31 tokens, 410.3 tokens/s`."""
        prefill = self.first_token - self.started
        decode = self.last_token - self.first_token
        parts = [f"{self.new_tokens} tokens"]
        if self.new_tokens > 1 and decode > 0:
            parts.append(f"{(self.new_tokens - 1) / decode:.1f} tokens/s")
        text = ", ".join(parts) + f"; prompt {self.prompt_tokens} tokens"
        return text + (f", {self.prompt_tokens / prefill:.1f} tokens/s" if prefill > 0 and self.new_tokens else "")
