"""The embedded default model end to end; skipped where its package is not installed."""

from __future__ import annotations

import eigenformers as ef
import pytest
from eigenformers import cli
from eigenformers.default_model import default_model_path

GREEDY = {"do_sample": False, "max_new_tokens": 12}


@pytest.fixture(scope="module")
def pipe():
    try:
        default_model_path()
    except OSError as error:
        pytest.skip(str(error))
    return ef.pipeline("text-generation")


def test_it_completes_a_text(pipe):
    text = pipe("The capital of France is", **GREEDY)[0]["generated_text"]
    assert text.startswith("The capital of France is Paris")


def test_it_answers_in_a_chat(pipe):
    chat = [{"role": "user", "content": "Name the capital of Japan."}]
    answer = pipe(chat, **GREEDY)[0]["generated_text"]
    assert answer[:1] == chat and answer[1]["role"] == "assistant" and "Tokyo" in answer[1]["content"]


def test_a_batch_gives_what_single_prompts_give(pipe):
    # Texts without near ties: padding changes the order of sums, and rounded activations make more of it.
    prompts = ["1, 2, 3, 4, 5,", "A, B, C, D,", "10, 20, 30,"]
    assert pipe(prompts, batch_size=3, **GREEDY) == [pipe(prompt, **GREEDY) for prompt in prompts]


def test_the_streamed_text_is_the_text(pipe):
    streamer = ef.TextIteratorStreamer(pipe.tokenizer, skip_prompt=True, skip_special_tokens=True)
    result = pipe("The capital of France is", streamer=streamer, return_full_text=False, **GREEDY)
    assert "".join(streamer) == result[0]["generated_text"]


def test_seeds_repeat(pipe):
    texts = []
    for seed in (1, 1, 2):
        ef.set_seed(seed)
        texts.append(pipe("I like", max_new_tokens=12, do_sample=True, temperature=1.0))
    assert texts[0] == texts[1] != texts[2]


def test_it_stops_at_a_stop_sequence(pipe):
    text = pipe("The capital of France is", stop_sequence=".", **GREEDY)[0]["generated_text"]
    assert text == "The capital of France is Paris."


def test_the_command_line(pipe, capsys):
    assert cli.main(["generate", "--greedy", "--raw", "--max-new-tokens", "2", "The capital of France is"]) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith("The capital of France is Paris") and "tokens/s" in captured.err
