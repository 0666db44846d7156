"""Tokenizers in several threads and processes: forks at any moment, children that start anew, Ctrl-C, one core."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import pytest

MAKE = """
import os, signal, sys, threading, time
import eigenformers as ef
from eigenformers.tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers
engine = Tokenizer(models.WordPiece({"u": 0, "a": 1, "##b": 2, "[P]": 3, "é": 4}, unk_token="u"))
engine.normalizer, engine.pre_tokenizer = normalizers.NFC(), pre_tokenizers.Whitespace()
engine.decoder = decoders.WordPiece()
tok = ef.PreTrainedTokenizerFast(tokenizer_object=engine, pad_token="[P]")
texts = ["ab abb e\\u0301 a c " * 200] * 40
"""


def run(code: str, **environment: str) -> str:
    """What a program prints, which has to end well and in time."""
    done = subprocess.run(
        [sys.executable, "-c", MAKE + textwrap.dedent(code)], env={**os.environ, **environment}, timeout=120,
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


WORK = {
    "encode_batch": "engine.encode_batch(texts)",
    "encode_batch_arrays": "engine.encode_batch_arrays(texts)",
    "decode_batch": "engine.add_tokens(['x']); engine.decode_batch([[1, 2, 4] * 2000] * 20)",
    "call": "tok(texts, padding=True)",
    "changes": "engine.enable_padding(length=3); engine.no_padding(); engine.add_tokens([str(time.time())])",
}


@pytest.mark.parametrize("work", WORK.values(), ids=WORK)
def test_forks_of_a_process_that_tokenizes(work):
    """A child has none of the threads that hold locks at the moment of the fork."""
    run(
        f"""
        stop = False
        def work():
            while not stop:
                {work}
        {work}  # a fork in the midst of an import is Python's affair
        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads:
            thread.start()
        time.sleep(0.1)
        for i in range(12):
            time.sleep(0.002 * i)
            child = os.fork()
            if not child:
                signal.alarm(30)  # a lock that nobody gives back
                engine.no_padding()
                assert engine.encode_batch(["ab", "a é"])[1].ids == [1, 4]
                engine.enable_truncation(1)
                assert engine.encode("a a").ids == [1] and len(engine.decode_batch([[1, 2] * 5000])) == 1
                assert engine.add_tokens([f"new{{i}}"]) == 1
                assert tok(["ab", "a a a"], padding=True)["input_ids"] == [[1, 2, 3], [1, 1, 1]]
                assert tok.decode([1, 2]) == "ab"
                os._exit(0)
            status = os.waitpid(child, 0)[1]
            assert status == 0, status
        stop = True
        for thread in threads:
            thread.join()
        """
    )


def test_children_of_children():
    run(
        """
        engine.encode_batch(texts)
        for _ in range(4):
            child = os.fork()
            if child:
                signal.alarm(60)
                os._exit(os.waitpid(child, 0)[1] != 0)
            engine.enable_padding(length=9)
            assert {len(e.ids) for e in engine.encode_batch(["ab"] * 8)} == {9}
            assert tok("ab")["input_ids"] == [1, 2]
        os._exit(0)
        """
    )


@pytest.mark.parametrize("method", ["spawn", "forkserver", "fork"])
def test_pools_of_processes(tmp_path, method):
    script = tmp_path / "pool.py"
    work = "def work(text):\n    return tok(text)['input_ids'], engine.encode(text).ids\n"
    main = f"""
if __name__ == "__main__":
    import multiprocessing, functools
    with multiprocessing.get_context("{method}").Pool(2) as pool:
        assert pool.map(work, ["ab a"] * 20) == [([1, 2, 1], [1, 2, 1])] * 20
        assert pool.map(tok.encode, ["ab a"] * 20) == [[1, 2, 1]] * 20  # the tokenizer itself is sent
"""
    script.write_text(MAKE + work + main, encoding="utf-8")
    done = subprocess.run([sys.executable, str(script)], timeout=120, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("value, threads", [("false", "1"), ("0", "1"), ("true", "3"), (None, "3")])
def test_tokenizers_parallelism(value, threads):
    """With one thread there are no others, not even waiting ones."""
    out = run(
        """
        engine.encode_batch(texts), engine.decode_batch([[1, 2]] * 20), tok(texts)
        print(len(os.listdir("/proc/self/task")))
        """,
        EIGENFORMERS_NUM_THREADS="3",
        OPENBLAS_NUM_THREADS="1",
        **({} if value is None else {"TOKENIZERS_PARALLELISM": value}),
    )
    assert out.strip() == threads


def test_others_run_meanwhile():
    run(
        """
        texts = texts * 40
        for call in (engine.encode_batch, engine.encode_batch_arrays, tok):
            thread = threading.Thread(target=call, args=(texts,))
            thread.start()
            rounds = 0
            while thread.is_alive():
                time.sleep(0.0005)
                rounds += 1
            assert rounds > 3, (call, rounds)
        """
    )


def test_ctrl_c_leaves_the_tokenizer_as_it_was():
    run(
        """
        signal.signal(signal.SIGINT, signal.default_int_handler)  # what a shell starts behind others ignores it
        texts, ids = texts * 40, [[1, 2, 4] * 2000] * 200
        def interrupt(done):
            wait = 0.05
            while not done.wait(wait):
                os.kill(os.getpid(), signal.SIGINT)
                wait = 1.0  # one that comes where Python cannot raise is lost
        for call in (engine.encode_batch, lambda texts: tok(texts, padding=True, truncation=True, max_length=7),
                     lambda _: engine.decode_batch(ids)):
            done = threading.Event()
            sender = threading.Thread(target=interrupt, args=(done,))
            try:
                sender.start()
                while True:
                    call(texts)
            except KeyboardInterrupt:
                signal.signal(signal.SIGINT, signal.SIG_IGN)
            done.set()
            sender.join()
            signal.signal(signal.SIGINT, signal.default_int_handler)
            assert engine.encode("ab a").ids == tok("ab a")["input_ids"] == [1, 2, 1]
            child = threading.Thread(target=tok, args=("ab a",))
            child.start()
            child.join(20)
            assert not child.is_alive()  # no lock is left behind
        """
    )


@pytest.mark.parametrize("parallel", ["true", "false"])
def test_signals_are_handled_while_a_batch_is_worked_on(parallel):
    run(
        """
        calls = {
            "encode_batch": lambda n: engine.encode_batch(texts * n),
            "encode_batch_arrays": lambda n: engine.encode_batch_arrays(texts * n),
            "decode_batch": lambda n: engine.decode_batch([[1, 2, 4] * 2000] * n),
        }
        handled = 0
        def count(*_):
            global handled
            handled += 1
        signal.signal(signal.SIGALRM, count)
        signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)
        for name, call in calls.items():
            for size in (20 * 2**i for i in range(12)):
                handled = 0
                call(size)
                if handled > 3:  # those that come while none is handled are one
                    break
            else:
                raise AssertionError(name)
        signal.setitimer(signal.ITIMER_REAL, 0)
        """,
        TOKENIZERS_PARALLELISM=parallel,
    )


@pytest.mark.parametrize("parallel", ["true", "false"])
def test_whoever_is_asked_in_the_midst_of_a_call_cannot_change_the_tokenizer(parallel):
    """On any thread, in parts written in Python and at a signal: to use it again is possible."""
    run(
        """
        refused, seen = [], set()
        def meddle():
            assert tok("ab a").input_ids == [1, 2, 1]
            try:
                engine.add_tokens(["new"])
            except Exception as error:
                assert "Already borrowed" in str(error), error
                refused.append(error)
        class Part:
            inside = False
            def normalize(self, text):
                seen.add(threading.get_ident())
                if not Part.inside and len(seen) < 3:
                    Part.inside = True
                    meddle()
                    Part.inside = False
        engine.normalizer = normalizers.Normalizer.custom(Part())
        engine.encode("ab a")
        assert refused
        for _ in range(200):  # until another thread took one
            engine.encode_batch(["ab a"] * 5000)
            if len(seen) > 1 or os.environ["TOKENIZERS_PARALLELISM"] == "false" or os.cpu_count() == 1:
                break
        else:
            raise AssertionError(seen)
        engine.normalizer = normalizers.NFC()
        refused.clear()
        signal.signal(signal.SIGALRM, lambda *_: meddle())
        signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)
        while not refused:
            engine.encode_batch(texts * 100)
        signal.setitimer(signal.ITIMER_REAL, 0)
        assert engine.token_to_id("new") is None or engine.add_tokens(["new"]) == 0
        assert engine.add_tokens(["newer"]) == 1
        """,
        TOKENIZERS_PARALLELISM=parallel,
    )


def test_a_change_that_is_refused_changes_nothing():
    run(
        """
        part = normalizers.Prepend("x")
        others = [Tokenizer(models.WordLevel({"u": 0, "za": 1}, unk_token="u")) for _ in range(2)]
        others[0].normalizer, engine.normalizer, others[1].normalizer = part, part, part
        tokenizers, refused, count = [*others, engine], [], 0
        def change(*_):
            global count
            count, before = count + 1, part.prepend
            try:
                part.prepend = str(count)
            except Exception as error:
                assert "Already borrowed" in str(error)
                refused.append(error)
                assert {t.normalizer.prepend for t in tokenizers} == {part.prepend} == {before}
        signal.signal(signal.SIGALRM, change)
        signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)
        while not refused:
            engine.encode_batch(texts * 100)
        signal.setitimer(signal.ITIMER_REAL, 0)
        part.prepend = "z"  # all still follow it
        assert {t.normalizer.prepend for t in tokenizers} == {"z"}
        assert [t.encode("a").ids for t in others] == [[1], [1]]
        """
    )


def test_parts_that_change_what_they_are_a_part_of():
    """While it decodes; while it is changed itself; and two that change each other."""
    run(
        """
        from eigenformers.tokenizers.decoders import DecodeStream
        def refused(action):
            try:
                action()
            except Exception as error:
                return "Already borrowed" in str(error)
        told = []
        class Decodes:
            def decode_chain(self, tokens):
                told.append(refused(lambda: setattr(engine, "decoder", decoders.Fuse())))
                return tokens
        engine.decoder = decoders.Sequence([decoders.Decoder.custom(Decodes()), decoders.Replace("a", "b" * 60)])
        for work in (lambda: engine.decode([1, 2]), lambda: DecodeStream().step(engine, 1),
                     lambda: engine.decode_batch([[1]])):
            told.clear()
            work()
            assert told and all(told)
        class Normalizes:
            def normalize(self, text):
                told.append(refused(self.action))
        part = Normalizes()
        from eigenformers import AddedToken
        actions = [lambda: engine.encode("a"), lambda: engine.add_tokens(["q"]), engine.no_truncation,
                   lambda: engine.decode_batch([[1]])]
        for i, part.action in enumerate(actions):
            engine.normalizer = normalizers.Normalizer.custom(part)
            told.clear()
            engine.add_tokens([AddedToken(f"new{i}", normalized=True)])
            assert told and all(told)
        both = [Tokenizer(models.WordLevel({"u": 0}, unk_token="u")) for _ in range(2)]
        barrier = threading.Barrier(2)
        class Meets:
            def normalize(self, text):
                barrier.wait(20)
                told.append(refused(self.other.no_truncation))
                barrier.wait(20)
        for own, other in zip(both, both[::-1]):
            part = Meets()
            part.other, own.normalizer = other, normalizers.Normalizer.custom(part)
        told.clear()
        threads = [threading.Thread(target=own.encode, args=("a",)) for own in both]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(40)
        assert told == [True, True]
        """
    )


def test_threads_that_want_different_things():
    """Padding and truncation are state of the engine: each call sees its own."""
    run(
        """
        ways = [{}, {"padding": "max_length", "max_length": 9, "truncation": True}, {"truncation": True, "max_length": 4},
                {"padding": True, "pad_to_multiple_of": 8}, {"padding": "max_length", "max_length": 1100, "padding_side": "left"}]
        batch = ["ab a " * 300, "a"]
        want = [tok(batch, **way) for way in ways]
        want = [(encoding["input_ids"], [e.ids for e in encoding.encodings]) for encoding in want]
        stop, wrong = False, []
        def encode(way, expected):
            while not stop:
                found = tok(batch, **way)
                if (found["input_ids"], [e.ids for e in found.encodings]) != expected:
                    wrong.append(way)
        def change():
            for i in range(10**6):
                tok.add_tokens([f"new{i % 50}"])
                tok._state_to_save(), tok.get_vocab(), tok.build_inputs_with_special_tokens([1])
                if stop:
                    return
        threads = [threading.Thread(target=encode, args=pair) for pair in zip(ways, want)]
        threads.append(threading.Thread(target=change))
        for thread in threads:
            thread.start()
        time.sleep(1.5)
        stop = True
        for thread in threads:
            thread.join()
        assert not wrong, wrong[:3]
        """
    )
