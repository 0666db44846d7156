"""The command `eigenformers`: generate, chat, run, export, quantize, inspect, env, version.

Exit codes: 0 done, 1 an error (one line on stderr), 2 wrong usage, 130 stopped with Ctrl-C.
"""

from __future__ import annotations

import argparse
import os
import sys

_EXAMPLES = """examples:
  eigenformers generate "Why is the sky blue?"
  eigenformers generate --greedy --raw "Once upon a time"
  echo "Summarize: ..." | eigenformers generate --model ./my-model
  eigenformers chat --model model.gguf --system "Answer in one sentence."
  eigenformers run sentiment-analysis --model ./my-classifier "What a lovely film."
  eigenformers export ./my-model ./gguf --method q4_k_m
  eigenformers inspect model.gguf
  eigenformers env
"""


def _parser() -> argparse.ArgumentParser:
    from . import chat, generate, gguf, run

    parser = argparse.ArgumentParser(
        prog="eigenformers",
        description="Language models on an ordinary CPU.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="store_true", help="print the version")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    generate.add_parser(commands)
    chat.add_parser(commands)
    run.add_parser(commands)
    gguf.add_parsers(commands)
    commands.add_parser("env", help="print versions and settings, for bug reports").set_defaults(run=_env)
    commands.add_parser("version", help="print the version").set_defaults(run=_version)
    return parser


def _env(arguments: argparse.Namespace) -> int:
    from .environment import print_environment

    print_environment()
    return 0


def _version(arguments: argparse.Namespace) -> int:
    from .environment import own_version

    print(own_version())
    return 0


def main(argv: list[str] | None = None) -> int:
    """Runs a command and returns the exit code. `argv` is `sys.argv[1:]` by default."""
    parser = _parser()
    arguments, rest = parser.parse_known_args(argv)
    if rest and (not hasattr(arguments, "texts") or any(text.startswith("-") for text in rest)):
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    if rest:  # texts that stand behind options
        arguments.texts = [*arguments.texts, *rest]
    if arguments.version:
        return _version(arguments)
    if arguments.command is None:
        parser.error("the following arguments are required: COMMAND")
    try:
        code = arguments.run(arguments)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output has left, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        if os.environ.get("EIGENFORMERS_DEBUG"):
            raise
        text = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
        print(f"eigenformers {arguments.command}: {text or type(error).__name__}", file=sys.stderr)
        return 1
