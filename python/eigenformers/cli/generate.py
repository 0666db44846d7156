"""`eigenformers generate`: answers one prompt, streaming."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from . import session

_EXAMPLES = """examples:
  eigenformers generate "Why is the sky blue?"
  eigenformers generate --seed 1 --temperature 0.9 "Write a haiku about rain."
  eigenformers generate --greedy --raw --max-new-tokens 20 "The capital of France is"
  cat question.txt | eigenformers generate --model ./my-model --quiet > answer.txt
"""


def add_parser(commands: Any) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser(
        "generate",
        help="answer or continue one prompt",
        description="Answers a prompt, or continues it with --raw. The text goes to stdout, the rest to stderr.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("prompt", nargs="?", help="the prompt; read from stdin if it is missing or '-'")
    parser.add_argument("--raw", action="store_true", help="continue the text, without the model's chat template")
    session.add_options(parser)
    parser.set_defaults(run=run, parser=parser)


def run(arguments: argparse.Namespace) -> int:
    """Generates and returns the exit code."""
    prompt = arguments.prompt
    if prompt in (None, "-"):
        if prompt is None and sys.stdin.isatty():
            arguments.parser.error('no prompt: eigenformers generate "..." or text on stdin')
        prompt = sys.stdin.read().rstrip("\n")
    if not prompt.strip():
        raise ValueError("the prompt is empty")
    if arguments.raw and arguments.system:
        arguments.parser.error("--system belongs to the chat template, which --raw leaves out")

    pipe = session.load(arguments)
    raw = arguments.raw or not getattr(pipe.tokenizer, "chat_template", None)
    if raw and arguments.system:
        raise ValueError("--system: this model has no chat template to put a system prompt into")
    text: Any = prompt
    if raw:
        sys.stdout.write(prompt)
    else:
        text = [{"role": "system", "content": arguments.system}] if arguments.system else []
        text.append({"role": "user", "content": prompt})
    meter = session.Meter(pipe.tokenizer)
    try:
        pipe(text, streamer=meter, **session.generate_arguments(arguments))
    finally:
        sys.stdout.write("\n")
        sys.stdout.flush()
        if not arguments.quiet and meter.new_tokens:
            print(f"[{meter.summary()}]", file=sys.stderr)
    return 0
