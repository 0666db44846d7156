"""Streamers across threads. What they pass on, and when, is compared in the golden cases."""

from __future__ import annotations

import threading

import eigenformers as ef
import numpy as np
import pytest
from cases.generation_streamers import PieceTokenizer


def test_tensors_are_taken():
    streamer = ef.TextIteratorStreamer(PieceTokenizer())
    streamer.put(ef.from_numpy(np.array([[0, 2]])))
    streamer.put(ef.from_numpy(np.array([10])))
    streamer.end()
    assert "".join(streamer) == "Hello worlda"


def test_iteration_in_another_thread():
    streamer = ef.TextIteratorStreamer(PieceTokenizer(), skip_prompt=True, timeout=10)

    def produce():
        streamer.put(np.array([[0]]))
        for token in (0, 1, 2, 5):
            streamer.put(np.array([token]))
        streamer.end()

    thread = threading.Thread(target=produce)
    thread.start()
    assert "".join(streamer) == "Hello, world\n"
    thread.join()


def test_base_streamer_is_abstract():
    with pytest.raises(NotImplementedError):
        ef.BaseStreamer().put(np.array([1]))
    with pytest.raises(NotImplementedError):
        ef.BaseStreamer().end()


def test_async_streamer_needs_a_running_loop():
    with pytest.raises(RuntimeError):
        ef.AsyncTextIteratorStreamer(PieceTokenizer())
