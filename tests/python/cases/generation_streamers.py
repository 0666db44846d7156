"""What a streamer passes on after each token: pieces of text, at the same moments."""

from __future__ import annotations

import asyncio
import contextlib
import io

import numpy as np

# Bytes of a made-up vocabulary: words, blanks, newlines, ideographs in one piece and in three, an emoji in four.
_PIECES = [
    *(text.encode() for text in ("Hello", ",", " world", " wor", "ld", "\n", "!\n", " ", "你", "好", "a", "\n\n", "")),
    "雪".encode()[:1],
    "雪".encode()[1:2],
    "雪".encode()[2:],
    "😀".encode()[:2],
    "😀".encode()[2:],
    "é".encode(),
    "한국".encode(),
]
_TEXTS = {
    "words": [0, 1, 2, 1, 3, 4, 10],
    "newlines": [0, 5, 0, 6, 7, 2, 11, 10],
    "ideographs": [8, 9, 10, 8, 7, 9],
    "split": [10, 13, 14, 15, 10, 7, 13, 14, 15],
    "emoji": [0, 16, 17, 7, 16, 17],
    "half_at_end": [0, 7, 13, 14],
    "others": [18, 19, 7, 19],
    "empty_pieces": [12, 12, 0, 12],
    "nothing": [],
}


class PieceTokenizer:
    """Decodes ids by joining byte strings, as byte-level tokenizers do; records the arguments it got."""

    def __init__(self):
        self.seen = []

    def decode(self, ids, **kwargs):
        self.seen.append(sorted(kwargs.items()))
        return b"".join(_PIECES[i] for i in ids).decode("utf-8", errors="replace")


def _array(lib, values):
    if lib.__name__ == "transformers":
        import torch

        return torch.tensor(values, dtype=torch.int64)
    return np.asarray(values, dtype=np.int64)


def _feed(lib, streamer, prompt, tokens):
    streamer.put(_array(lib, [prompt]))
    for token in tokens:
        streamer.put(_array(lib, [token]))
    streamer.end()


def case_pieces(lib):
    class Recording(lib.TextStreamer):
        def on_finalized_text(self, text, stream_end=False):
            pieces.append([text, stream_end])

    found = {}
    for name, tokens in _TEXTS.items():
        for skip_prompt in (False, True):
            pieces = []
            streamer = Recording(PieceTokenizer(), skip_prompt=skip_prompt, skip_special_tokens=True)
            _feed(lib, streamer, [0, 2], tokens)
            found[f"{name} {skip_prompt}"] = pieces
    return found


def case_decode_arguments(lib):
    tokenizer = PieceTokenizer()
    with contextlib.redirect_stdout(io.StringIO()):
        _feed(lib, lib.TextStreamer(tokenizer, skip_special_tokens=True, spaces=False), [0], [1])
    return [[list(item) for item in call] for call in tokenizer.seen]


def case_printed(lib):
    stdout = io.StringIO()
    with contextlib.redirect_stdout(stdout):
        _feed(lib, lib.TextStreamer(PieceTokenizer()), [0, 2], _TEXTS["words"])
    return stdout.getvalue()


def case_iterator(lib):
    streamer = lib.TextIteratorStreamer(PieceTokenizer(), skip_prompt=True, timeout=1.0)
    _feed(lib, streamer, [0, 2], _TEXTS["newlines"])
    return list(streamer)


def case_reused(lib):
    """The same streamer serves a second call, prompt skipped again."""
    streamer = lib.TextIteratorStreamer(PieceTokenizer(), skip_prompt=True)
    _feed(lib, streamer, [0, 2], [10])
    first = list(streamer)
    _feed(lib, streamer, [0, 2], [0])
    return [first, list(streamer)]


def case_async_iterator(lib):
    async def run():
        streamer = lib.AsyncTextIteratorStreamer(PieceTokenizer(), timeout=5.0)
        await asyncio.get_running_loop().run_in_executor(None, _feed, lib, streamer, [0], _TEXTS["ideographs"])
        return [text async for text in streamer]

    return asyncio.run(run())


def case_errors(lib):
    texts = []
    try:
        lib.TextStreamer(PieceTokenizer()).put(_array(lib, [[1], [2]]))
    except ValueError as error:
        texts.append(str(error))
    streamer = lib.TextIteratorStreamer(PieceTokenizer(), timeout=0.01)
    try:
        next(streamer)
    except Exception as error:
        texts.append(type(error).__name__)

    async def wait():
        try:
            await lib.AsyncTextIteratorStreamer(PieceTokenizer(), timeout=0.01).__anext__()
        except Exception as error:
            texts.append(type(error).__name__)

    asyncio.run(wait())
    return texts
