"""The command line: options, texts, exit codes. The model is a fake; `make demo` runs the real one."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys

import eigenformers as ef
import numpy as np
import pytest
from cases.pipelines_text_generation import CharTokenizer, CountingModel
from eigenformers import cli


class StreamingModel(CountingModel):
    """Streams what it generates; `interrupt` plays Ctrl-C after that many tokens."""

    interrupt: int | None = None

    def generate(self, input_ids=None, attention_mask=None, streamer=None, **kwargs):
        sequences = super().generate(input_ids, attention_mask, **kwargs)
        streamer.put(input_ids)
        for n, token in enumerate(np.asarray(sequences)[0, input_ids.shape[1] :].tolist()):
            if n == self.interrupt:
                raise KeyboardInterrupt
            streamer.put(np.array([token]))
        streamer.end()
        return sequences


StreamingModel.__name__ = "LlamaForCausalLM"


class ChatTokenizer(CharTokenizer):
    chat_template = "a template"

    def apply_chat_template(self, messages, add_generation_prompt=True, return_tensors=None, **kwargs):
        kwargs = {"continue_final_message": False, "return_dict": True, "tools": None, "documents": None, **kwargs}
        return super().apply_chat_template(messages, add_generation_prompt, return_tensors=return_tensors, **kwargs)


@pytest.fixture
def fake(monkeypatch):
    model = StreamingModel(ef)
    model.config.max_position_embeddings = 1000
    made = {}

    def pipeline(task, **kwargs):
        made.update(kwargs, task=task)
        return ef.TextGenerationPipeline(model=model, tokenizer=made["tokenizer"], task=task)

    made["tokenizer"] = ChatTokenizer(ef)
    made["model_object"] = model
    monkeypatch.setattr(ef, "pipeline", pipeline, raising=False)
    monkeypatch.setattr(ef, "set_seed", lambda seed: made.update(seed=seed), raising=False)
    return made


def run(*argv, stdin="", monkeypatch=None):
    if monkeypatch is not None:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
    return cli.main(list(argv))


def test_generate_streams_an_answer_and_counts(fake, capsys):
    assert run("generate", "hi", "--seed", "3", "--model", "m", "--dtype", "float32") == 0
    captured = capsys.readouterr()
    assert captured.out == "ABC\n"
    assert "5 tokens" in captured.err and "prompt 7 tokens" in captured.err
    assert fake["task"] == "text-generation" and fake["model"] == "m" and fake["dtype"] == "float32"
    assert fake["seed"] == 3
    assert fake["tokenizer"].calls[-1]["text"] == "u:hi|a:"


def test_generate_options_reach_generate(fake, capsys):
    options = "--max-new-tokens 5 --temperature 0.5 --top-p 0.9 --top-k 4 --min-p 0.1 --repetition-penalty 1.2".split()
    assert run("generate", "hi", "--system", "S", *options, "--do-sample", "--stop", "x", "--stop", "y") == 0
    seen = fake["model_object"].calls[0]["kwargs"]
    expected = {
        "max_new_tokens": 5,
        "temperature": 0.5,
        "top_p": 0.9,
        "top_k": 4,
        "min_p": 0.1,
        "repetition_penalty": 1.2,
        "do_sample": True,
        "stop_strings": ["x", "y"],
    }
    assert {name: seen[name] for name in expected} == expected
    assert fake["tokenizer"].calls[-1]["text"] == "s:S|u:hi|a:"
    run("generate", "hi", "--greedy")
    greedy = fake["model_object"].calls[1]["kwargs"]
    assert greedy["do_sample"] is False and "temperature" not in greedy


def test_generate_raw_continues_the_text(fake, capsys):
    assert run("generate", "--raw", "--quiet", "ab") == 0
    captured = capsys.readouterr()
    assert captured.out == "abcde\n" and captured.err == ""


def test_generate_without_a_template_continues_the_text(fake, capsys):
    fake["tokenizer"] = CharTokenizer(ef)
    assert run("generate", "ab", "--quiet") == 0
    assert capsys.readouterr().out == "abcde\n"
    assert run("generate", "ab", "--system", "S") == 1
    assert "no chat template" in capsys.readouterr().err


def test_generate_reads_stdin(fake, capsys, monkeypatch):
    assert run("generate", "--quiet", stdin="from\nstdin\n", monkeypatch=monkeypatch) == 0
    assert fake["tokenizer"].calls[-1]["text"] == "u:from\nstdin|a:"
    assert run("generate", "-", stdin="  \n", monkeypatch=monkeypatch) == 1
    assert capsys.readouterr().err == "eigenformers generate: the prompt is empty\n"


def test_threads_are_set_for_the_core(fake, monkeypatch):
    monkeypatch.delenv("EIGENFORMERS_NUM_THREADS", raising=False)
    run("generate", "hi", "--threads", "3")
    assert os.environ["EIGENFORMERS_NUM_THREADS"] == "3"


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["nonsense"],
        ["generate", "a", "--no-such-option"],
        ["generate", "a", "--max-new-tokens", "0"],
        ["generate", "a", "--max-new-tokens", "many"],
        ["generate", "a", "--temperature", "-1"],
        ["generate", "a", "--greedy", "--do-sample"],
        ["generate", "a", "--raw", "--system", "S"],
        ["chat", "extra"],
    ],
)
def test_wrong_usage_is_exit_code_2(argv, capsys):
    with pytest.raises(SystemExit) as exit:
        cli.main(argv)
    assert exit.value.code == 2 and "usage: eigenformers" in capsys.readouterr().err


@pytest.mark.parametrize("command", [[], ["generate"], ["chat"]])
def test_help_has_examples(command, capsys):
    with pytest.raises(SystemExit) as exit:
        cli.main([*command, "--help"])
    assert exit.value.code == 0 and "examples:\n  eigenformers" in capsys.readouterr().out


def test_errors_are_one_line_and_exit_code_1(fake, capsys, monkeypatch):
    def fail(task, **kwargs):
        raise OSError("model.gguf: found no such file")

    monkeypatch.setattr(ef, "pipeline", fail, raising=False)
    assert run("generate", "hi") == 1
    assert capsys.readouterr().err == "eigenformers generate: model.gguf: found no such file\n"
    monkeypatch.setenv("EIGENFORMERS_DEBUG", "1")
    with pytest.raises(OSError):
        run("generate", "hi")


def test_ctrl_c_is_exit_code_130(fake, capsys):
    fake["model_object"].interrupt = 2
    assert run("generate", "hi") == 130
    assert "2 tokens" in capsys.readouterr().err


# Chat


def test_chat_keeps_the_conversation(fake, capsys, monkeypatch):
    assert run("chat", "--system", "S", stdin="hi\n\nyou\n/clear\nnew\n", monkeypatch=monkeypatch) == 0
    texts = [call["text"] for call in fake["tokenizer"].calls]
    assert "s:S|u:hi|a:ABC|u:you|a:" in texts and texts[-1] == "s:S|u:new|a:"
    assert capsys.readouterr().out == "ABC\nABC\nABC\n"


def test_chat_commands(fake, capsys, monkeypatch, tmp_path):
    file = tmp_path / "talk.json"
    script = f"hi\n/save {file}\n/save\n/save {tmp_path}\n/nonsense\n/help\n/system T\nhi\n/exit\nnever read\n"
    assert run("chat", "--quiet", "--model", "m", stdin=script, monkeypatch=monkeypatch) == 0
    errors = capsys.readouterr().err
    assert "saved 2 messages" in errors and "needs a file name" in errors and "no such command: /nonsense" in errors
    assert "/clear" in errors and "Is a directory" in errors
    talk = json.loads(file.read_text(encoding="utf-8"))
    assert talk == {
        "model": "m",
        "messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "ABC"}],
    }
    assert fake["tokenizer"].calls[-1]["text"] == "s:T|u:hi|a:"


def test_ctrl_c_stops_an_answer_but_not_the_chat(fake, capsys, monkeypatch):
    fake["model_object"].interrupt = 2
    assert run("chat", stdin="hi\nmore\n", monkeypatch=monkeypatch) == 0
    assert fake["tokenizer"].calls[-1]["text"] == "u:hi|a:AB|u:more|a:"


def test_chat_forgets_the_oldest_turns(fake, capsys, monkeypatch):
    fake["model_object"].config.max_position_embeddings = 40
    talk = "aaaaaaaaaa\nbbbbbbbbbb\ncccccccccc\n"
    assert run("chat", "--system", "S", "--max-new-tokens", "8", stdin=talk, monkeypatch=monkeypatch) == 0
    assert "forgotten" in capsys.readouterr().err
    assert fake["tokenizer"].calls[-1]["text"] == "s:S|u:cccccccccc|a:"


def test_chat_needs_a_template(fake, capsys, monkeypatch):
    fake["tokenizer"] = CharTokenizer(ef)
    assert run("chat", monkeypatch=monkeypatch) == 1
    assert "no chat template" in capsys.readouterr().err


# The rest


def _env():
    """The environment of a child process that imports what this one imports."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


def test_env_and_version(capsys):
    assert cli.main(["version"]) == 0
    assert capsys.readouterr().out.strip() == ef.__version__
    assert cli.main(["env"]) == 0
    lines = dict(line[2:].split(": ", 1) for line in capsys.readouterr().out.strip().splitlines())
    assert lines["eigenformers"] == ef.__version__ and lines["Python"] == ".".join(map(str, sys.version_info[:3]))
    assert lines["numpy"] == np.__version__ and "Default model" in lines and int(lines["CPU cores"]) >= 1
    assert ef._core.isa_name() in lines["Instruction set"] and int(lines["Threads"]) == ef.get_num_threads()


def test_help_starts_without_the_core_and_the_third_parties():
    """`--help` must be instant: it imports neither numpy nor the extension module nor any dependency."""
    code = (
        "import sys\nfrom eigenformers.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'numpy', 'jinja2', 'huggingface_hub', 'tqdm', 'eigenformers._core'} & set(sys.modules)\n"
        "sys.exit(', '.join(heavy) or 0)"
    )
    result = subprocess.run([sys.executable, "-c", code], env=_env(), capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_broken_pipe_is_quiet():
    reader, writer = os.pipe()
    os.close(reader)
    result = subprocess.run(
        [sys.executable, "-m", "eigenformers", "env"], stdout=writer, stderr=subprocess.PIPE, env=_env()
    )
    os.close(writer)
    assert result.returncode == 1 and result.stderr == b""


def test_version_flag():
    import eigenformers

    done = subprocess.run([sys.executable, "-m", "eigenformers", "--version"], capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, eigenformers.__version__)
    done = subprocess.run([sys.executable, "-m", "eigenformers"], capture_output=True, text=True)
    assert done.returncode == 2 and "COMMAND" in done.stderr
