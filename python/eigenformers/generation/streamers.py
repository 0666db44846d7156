"""Streamers receive tokens while `generate` runs, and pass on text as soon as it is final."""

from __future__ import annotations

from queue import Queue
from typing import Any

# The blocks of CJK ideographs: such a character is a word by itself and can be shown at once.
_CJK_BLOCKS = (
    (0x4E00, 0x9FFF),
    (0x3400, 0x4DBF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B820, 0x2CEAF),
    (0xF900, 0xFAFF),
    (0x2F800, 0x2FA1F),
)


class BaseStreamer:
    """What `generate(streamer=...)` calls: `put` with the prompt and then with each token, `end` after the last."""

    def put(self, value: Any) -> None:
        """Receives the prompt, int64 [1, length], and then each new token, int64 [1]."""
        raise NotImplementedError()

    def end(self) -> None:
        """Called once when generation is over."""
        raise NotImplementedError()


class TextStreamer(BaseStreamer):
    """Prints text to stdout as whole words become final.

    Args:
        tokenizer: decodes the tokens.
        skip_prompt: don't show the prompt.
        decode_kwargs: passed to `tokenizer.decode`, as `skip_special_tokens=True`.
    """

    def __init__(self, tokenizer: Any, skip_prompt: bool = False, **decode_kwargs: Any):
        self.tokenizer = tokenizer
        self.skip_prompt = skip_prompt
        self.decode_kwargs = decode_kwargs
        self.token_cache: list[int] = []
        self.print_len = 0  # how much of the cache's text has been passed on
        self.next_tokens_are_prompt = True

    def put(self, value: Any) -> None:
        """Takes tokens, passes on what is final: everything after a newline or an ideograph, else whole words."""
        if len(value.shape) > 1 and value.shape[0] > 1:
            raise ValueError("TextStreamer only supports batch size 1")
        if len(value.shape) > 1:
            value = value[0]
        if self.skip_prompt and self.next_tokens_are_prompt:
            self.next_tokens_are_prompt = False
            return
        self.token_cache.extend(value.tolist())
        text = self.tokenizer.decode(self.token_cache, **self.decode_kwargs)
        if text.endswith("\n"):
            final = text[self.print_len :]
            self.token_cache = []
            self.print_len = 0
        else:
            # A later token may change the last word, or complete its last character: it waits for a blank.
            ends_word = len(text) > 0 and self._is_chinese_char(ord(text[-1]))
            final = text[self.print_len :] if ends_word else text[self.print_len : text.rfind(" ") + 1]
            self.print_len += len(final)
        self.on_finalized_text(final)

    def end(self) -> None:
        """Passes on what is left."""
        final = ""
        if self.token_cache:
            final = self.tokenizer.decode(self.token_cache, **self.decode_kwargs)[self.print_len :]
            self.token_cache = []
            self.print_len = 0
        self.next_tokens_are_prompt = True
        self.on_finalized_text(final, stream_end=True)

    def on_finalized_text(self, text: str, stream_end: bool = False) -> None:
        """Receives each final piece of text; here it is printed. Override it to send the text elsewhere."""
        print(text, flush=True, end="\n" if stream_end else "")

    def _is_chinese_char(self, cp: int) -> bool:
        return any(first <= cp <= last for first, last in _CJK_BLOCKS)


class TextIteratorStreamer(TextStreamer):
    """An iterator over the text: run `generate` in a thread and loop over the streamer.

    Args:
        timeout: seconds to wait for the next piece before `queue.Empty` is raised; None waits for ever.

    >>> from threading import Thread
    >>> streamer = TextIteratorStreamer(tokenizer, skip_prompt=True)  # doctest: +SKIP
    >>> Thread(target=model.generate, kwargs=dict(**inputs, streamer=streamer)).start()  # doctest: +SKIP
    >>> for text in streamer:  # doctest: +SKIP
    ...     print(text, end="")
    """

    def __init__(self, tokenizer: Any, skip_prompt: bool = False, timeout: float | None = None, **decode_kwargs: Any):
        super().__init__(tokenizer, skip_prompt, **decode_kwargs)
        self.text_queue: Any = Queue()
        self.stop_signal = None
        self.timeout = timeout

    def on_finalized_text(self, text: str, stream_end: bool = False) -> None:
        """Puts the text into the queue, and the stop signal after the last."""
        self.text_queue.put(text, timeout=self.timeout)
        if stream_end:
            self.text_queue.put(self.stop_signal, timeout=self.timeout)

    def __iter__(self) -> TextIteratorStreamer:
        return self

    def __next__(self) -> str:
        value = self.text_queue.get(timeout=self.timeout)
        if value == self.stop_signal:
            raise StopIteration
        return value


class AsyncTextIteratorStreamer(TextStreamer):
    """An asynchronous iterator over the text. Make it inside a coroutine; `generate` runs in a thread.

    Args:
        timeout: seconds to wait for the next piece before `TimeoutError` is raised; None waits for ever.
    """

    def __init__(self, tokenizer: Any, skip_prompt: bool = False, timeout: float | None = None, **decode_kwargs: Any):
        import asyncio  # slow to import, rarely needed

        super().__init__(tokenizer, skip_prompt, **decode_kwargs)
        self.loop = asyncio.get_running_loop()
        self.text_queue: Any = asyncio.Queue()
        self.stop_signal = None
        self.timeout = timeout

    def on_finalized_text(self, text: str, stream_end: bool = False) -> None:
        """Hands the text to the event loop, and the stop signal after the last."""
        self.loop.call_soon_threadsafe(self.text_queue.put_nowait, text)
        if stream_end:
            self.loop.call_soon_threadsafe(self.text_queue.put_nowait, self.stop_signal)

    def __aiter__(self) -> AsyncTextIteratorStreamer:
        return self

    async def __anext__(self) -> str:
        import asyncio

        try:
            value = await asyncio.wait_for(self.text_queue.get(), self.timeout)
        except asyncio.TimeoutError as error:
            raise TimeoutError(f"no text within {self.timeout} s") from error
        if value == self.stop_signal:
            raise StopAsyncIteration
        return value
