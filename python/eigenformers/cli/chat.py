"""`eigenformers chat`: a conversation in the terminal."""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import Any

from . import session

_HELP = """/help          this list
/clear         forget the conversation
/system TEXT   set the system prompt, and forget the conversation
/save FILE     write the conversation as JSON
/exit          leave (also Ctrl-D); Ctrl-C stops an answer"""

_EXAMPLES = """examples:
  eigenformers chat
  eigenformers chat --model ./my-model --system "You are a pirate."
  eigenformers chat --model model.gguf --temperature 0.3 --seed 1

in the conversation:
  """ + _HELP.replace("\n", "\n  ")


def add_parser(commands: Any) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser(
        "chat",
        help="talk with a model",
        description="A conversation with several turns, streaming.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    session.add_options(parser)
    parser.add_argument("--no-prefix-cache", action="store_true", help="compute the whole conversation in every turn")
    parser.set_defaults(run=run, parser=parser)


def run(arguments: argparse.Namespace) -> int:
    """Talks until the user leaves, and returns the exit code."""
    pipe = session.load(arguments)
    if not getattr(pipe.tokenizer, "chat_template", None):
        raise ValueError("this model has no chat template; use `eigenformers generate --raw`")
    conversation = Conversation(pipe, arguments)
    interactive = sys.stdin.isatty()
    if interactive:
        _read_history()
        print("Type a message, /help for commands, /exit to leave.", file=sys.stderr)
    while True:
        try:
            line = input("> " if interactive else "").strip()
        except EOFError:
            return 0
        if line.startswith("/"):
            if not conversation.command(line):
                return 0
        elif line:
            conversation.turn(line)


class Conversation:
    """The messages so far, and what the user can do with them."""

    def __init__(self, pipe: Any, arguments: argparse.Namespace):
        from ..generation import PrefixCache

        self.pipe = pipe
        self.arguments = arguments
        self.prefix_cache = None if arguments.no_prefix_cache else PrefixCache()
        self.system = arguments.system
        self.messages: list[dict[str, str]] = []
        self.clear()

    def clear(self) -> None:
        """Starts over, with the system prompt alone."""
        self.messages = [{"role": "system", "content": self.system}] if self.system else []

    def command(self, line: str) -> bool:
        """Obeys a line that starts with a slash; False means: leave."""
        name, _, rest = line.partition(" ")
        rest = rest.strip()
        if name in ("/exit", "/quit"):
            return False
        if name == "/help":
            print(_HELP, file=sys.stderr)
        elif name == "/clear":
            self.clear()
        elif name == "/system":
            self.system = rest or None
            self.clear()
        elif name == "/save" and rest:
            self.save(rest)
        else:
            problem = "/save needs a file name" if name == "/save" else f"no such command: {name}"
            print(f"{problem} (/help lists the commands)", file=sys.stderr)
        return True

    def save(self, path: str) -> None:
        """Writes model and messages to a JSON file."""
        model = self.arguments.model or "default"
        try:
            with open(os.path.expanduser(path), "w", encoding="utf-8") as file:
                json.dump({"model": model, "messages": self.messages}, file, ensure_ascii=False, indent=2)
                file.write("\n")
        except OSError as error:
            print(f"/save: {error}", file=sys.stderr)
        else:
            print(f"saved {len(self.messages)} messages to {path}", file=sys.stderr)

    def turn(self, text: str) -> None:
        """One message of the user and the answer to it. Ctrl-C keeps what the answer has so far."""
        self.messages.append({"role": "user", "content": text})
        options = session.generate_arguments(self.arguments)
        self._forget_to_fit(options["max_new_tokens"])
        meter = session.Meter(self.pipe.tokenizer)
        answer = _Recorder(meter, self.pipe.tokenizer)
        try:
            self.pipe(self.messages, streamer=answer, prefix_cache=self.prefix_cache, **options)
        except KeyboardInterrupt:
            meter.end()
        except BaseException:
            self.messages.pop()
            raise
        sys.stdout.write("\n")
        sys.stdout.flush()
        if not self.arguments.quiet:
            print(f"[{meter.summary()}]", file=sys.stderr)
        self.messages.append({"role": "assistant", "content": answer.text()})

    def _forget_to_fit(self, new_tokens: int) -> None:
        """Drops the oldest turns of a conversation that leaves no room for the answer."""
        config = self.pipe.model.config
        room = getattr(config, "max_position_embeddings", None) or self.pipe.tokenizer.model_max_length
        first = 1 if self.messages[0]["role"] == "system" else 0
        dropped = 0
        while len(self.messages) - first > 1:
            prompt = self.pipe.tokenizer.apply_chat_template(
                self.messages, add_generation_prompt=True, return_dict=True
            )
            if len(prompt["input_ids"]) + new_tokens <= room:
                break
            del self.messages[first : first + 2]
            dropped += 1
        if dropped:
            print(f"(the conversation is too long: its oldest {dropped} turns are forgotten)", file=sys.stderr)


class _Recorder:
    """Passes everything on to a meter, and keeps the answer's tokens."""

    def __init__(self, meter: session.Meter, tokenizer: Any):
        self._meter = meter
        self._tokenizer = tokenizer
        self._tokens: list[int] | None = None

    def put(self, value: Any) -> None:
        if self._tokens is None:
            self._tokens = []
        else:
            self._tokens.extend(value.reshape(-1).tolist())
        self._meter.put(value)

    def end(self) -> None:
        self._meter.end()

    def text(self) -> str:
        return self._tokenizer.decode(self._tokens or [], skip_special_tokens=True)


def _read_history() -> None:
    """Arrow keys and earlier inputs, where the readline module exists."""
    try:
        import atexit
        import readline
    except ImportError:
        return
    folder = os.path.join(os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state"), "eigenformers")
    path = os.path.join(folder, "chat_history")
    try:
        os.makedirs(folder, exist_ok=True)
        if os.path.exists(path):
            readline.read_history_file(path)
    except OSError:
        return
    readline.set_history_length(1000)

    def write() -> None:
        try:
            readline.write_history_file(path)
        except OSError:
            pass  # losing the history is no reason to end with an error

    atexit.register(write)
