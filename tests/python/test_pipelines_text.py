"""The pipelines over text, beyond what the golden records compare: batches without padding, order, old arguments."""

from __future__ import annotations

import io
import json
import sys

import eigenformers as ef
import numpy as np
import pytest
from cases._text_models import TEXTS, Folder
from eigenformers import cli
from golden_records import compare

MANY = [text for i in range(7) for text in (*TEXTS, TEXTS[i % 4] + " the" * i)]


@pytest.fixture(scope="module")
def classifier():
    with Folder(ef, "ForSequenceClassification") as folder:
        yield ef.pipeline("text-classification", model=folder)


@pytest.fixture(scope="module")
def folder():
    with Folder(ef, "ForSequenceClassification") as path:
        yield path


def _same(found, wanted):
    """Equal but for the last bits, in which rows of a batch may differ from the row alone."""
    return not compare(found, wanted, rtol=1e-5, atol=1e-6)


def _watch(pipe, monkeypatch):
    """Every batch that the model sees: (rows, length, whether there was padding)."""
    seen = []
    forward = pipe.model.forward

    def watched(**inputs):
        seen.append((*inputs["input_ids"].shape, bool((inputs["attention_mask"] == 0).any())))
        return forward(**inputs)

    monkeypatch.setattr(type(pipe.model), "__call__", lambda self, **inputs: watched(**inputs))
    return seen


def test_batches_hold_one_length_and_results_keep_their_order(classifier, monkeypatch):
    alone = [classifier(text)[0] for text in MANY]
    seen = _watch(classifier, monkeypatch)
    assert _same(classifier(MANY, batch_size=4), alone)
    assert not any(padded for _, _, padded in seen)
    assert max(rows for rows, _, _ in seen) == 4
    assert len(seen) < len(MANY)
    assert [length for _, length, _ in seen] == sorted((length for _, length, _ in seen), reverse=True)


def test_a_generator_is_read_a_window_at_a_time(classifier):
    read = []

    def texts():
        for i in range(200):
            read.append(i)
            yield TEXTS[i % 5]

    results = classifier(texts(), batch_size=2)
    first = next(iter(results))
    assert _same(first, classifier(TEXTS[0])[0])
    assert len(read) < 100


def test_workers_and_batches_of_a_dataset(classifier):
    rows = [{"text": text} for text in MANY]
    results = classifier(ef.pipelines.KeyDataset(rows, "text"), num_workers=2, batch_size=3)
    assert len(results) == len(MANY)
    assert _same(list(results), classifier(MANY))


def test_pieces_of_long_texts_in_batches():
    with Folder(ef, "ForTokenClassification", seed=2) as folder:
        tokenizer = ef.AutoTokenizer.from_pretrained(folder, model_max_length=16)
        pipe = ef.pipeline("ner", model=folder, tokenizer=tokenizer, aggregation_strategy="first", stride=4)
        texts = [" ".join(TEXTS * n) for n in (3, 1, 2)]
        assert _same(pipe(texts, batch_size=4), [pipe(text) for text in texts])
    with Folder(ef, "ForQuestionAnswering") as folder:
        pipe = ef.pipeline("question-answering", model=folder)
        asked = [{"question": "who?", "context": " ".join(TEXTS * n)} for n in (3, 1, 2)]
        assert _same(pipe(asked, batch_size=3), [pipe(item) for item in asked])


def test_answers_of_left_padding_tokenizers_are_in_the_context():
    with Folder(ef, "ForQuestionAnswering") as folder:
        tokenizer = ef.AutoTokenizer.from_pretrained(folder, padding_side="left")
        pipe = ef.pipeline("question-answering", model=folder, tokenizer=tokenizer)
        for answer in pipe(question="who works where?", context=TEXTS[1], top_k=5):
            assert answer["answer"] and TEXTS[1][answer["start"] : answer["end"]] == answer["answer"]


def test_old_arguments(classifier, folder):
    everything = classifier(TEXTS[0], return_all_scores=True)
    assert len(everything[0]) == 2 and everything[0][0]["label"] == "LABEL_0"
    with Folder(ef, "ForTokenClassification", seed=2) as path:
        old = ef.pipeline("ner", model=path, grouped_entities=True)
        assert old(TEXTS) == ef.pipeline("ner", model=path, aggregation_strategy="simple")(TEXTS)
    zero = ef.pipeline("zero-shot-classification", model=folder)
    assert zero(TEXTS[0], "a,b", multi_class=True) == zero(TEXTS[0], "a,b", multi_label=True)
    assert zero(TEXTS[0], "a,b", truncation=True) == zero(TEXTS[0], "a,b")
    with pytest.raises(IndexError, match="48"):
        zero("the " * 100, "a,b", truncation=False)


@pytest.mark.parametrize(
    "call, error, text",
    [
        (lambda pipe: pipe(TEXTS[0], function_to_apply="tanh"), ValueError, "tanh"),
        (lambda pipe: pipe(TEXTS[0], top_k=0), ValueError, "top_k"),
        (lambda pipe: pipe(TEXTS[0], top_k="all"), TypeError, "top_k"),
        (lambda pipe: pipe(7), TypeError, "needed a string"),
        (lambda pipe: pipe([None]), TypeError, "needed a string"),
        (lambda pipe: pipe("the " * 100), IndexError, "48"),
        (lambda pipe: pipe(TEXTS, batch_size=0), ValueError, "batch_size"),
    ],
)
def test_bad_calls_say_what_is_wrong(classifier, call, error, text):
    with pytest.raises(error, match=text):
        call(classifier)


def test_an_empty_text_is_a_text(classifier):
    assert classifier("") == [classifier(["", TEXTS[0]], batch_size=2)[0]]
    assert classifier([]) == []


def test_a_pipeline_of_ones_own(folder, tmp_path, monkeypatch):
    class Shout(ef.Pipeline):
        _load_tokenizer = True

        def _sanitize_parameters(self, times=None, **kwargs):
            return {}, {}, {} if times is None else {"times": times}

        def preprocess(self, inputs):
            return self.tokenizer(inputs, return_tensors="pt")

        def _forward(self, model_inputs):
            return {"logits": self.model(**model_inputs).logits}

        def postprocess(self, model_outputs, times=1):
            return "!" * times + str(int(np.argmax(model_outputs["logits"].numpy())))

    registry = ef.pipelines.PIPELINE_REGISTRY
    registry.register_pipeline("shout", Shout, pt_model=ef.AutoModelForSequenceClassification, type="text")
    try:
        pipe = ef.pipeline("shout", model=folder)
        assert pipe("the", times=2).startswith("!!")
        assert pipe(["the", "the city"], batch_size=2) == [pipe("the"), pipe("the city")]
        direct = ef.pipeline("anything", model=folder, pipeline_class=Shout)
        assert direct("the") == pipe("the")
        pipe.save_pretrained(tmp_path)
        config = json.loads((tmp_path / "config.json").read_text())
        assert config["custom_pipelines"] == {
            "shout": {
                "impl": "test_pipelines_text.Shout", "pt": ["AutoModelForSequenceClassification"], "type": "text",
            }
        }  # fmt: skip
        assert "class Shout" in (tmp_path / "test_pipelines_text.py").read_text()
        assert ef.pipeline(model=str(tmp_path))("the") == pipe("the")
        monkeypatch.setattr(sys.modules[Shout.__module__], "__file__", str(tmp_path / "test_pipelines_text.py"))
        pipe.save_pretrained(tmp_path)  # where the module itself lies
        assert "class Shout" in (tmp_path / "test_pipelines_text.py").read_text()
    finally:
        del registry.supported_tasks["shout"]
    for task in (None, "shout"):
        with pytest.raises(NotImplementedError, match="register_pipeline"):
            ef.pipeline(task, model=str(tmp_path))
    assert ef.pipeline("text-classification", model=str(tmp_path))("the")[0]["label"]
    config["custom_pipelines"]["whisper"] = {}
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(RuntimeError, match="multiple tasks"):
        ef.pipeline(model=str(tmp_path))


def test_saved_and_loaded(tmp_path, classifier):
    classifier.save_pretrained(tmp_path)
    assert ef.pipeline(model=str(tmp_path))(TEXTS) == classifier(TEXTS)


def test_cli_run(tmp_path, folder, capsys, monkeypatch):
    expected = ef.pipeline("text-classification", model=folder)(TEXTS)
    assert cli.main(["run", "sentiment-analysis", "-m", folder, *TEXTS]) == 0
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == expected

    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(TEXTS)))
    assert cli.main(["run", "sentiment-analysis", "-m", folder, "-a", "top_k=2"]) == 0
    assert all(len(json.loads(line)) == 2 for line in capsys.readouterr().out.splitlines())

    rows, results = tmp_path / "in.json", tmp_path / "out.csv"
    rows.write_text(json.dumps([{"text": text, "id": i} for i, text in enumerate(TEXTS)]))
    arguments = ["run", "text-classification", "-m", folder, "-i", str(rows), "--column", "text", "-o", str(results)]
    assert cli.main(arguments) == 0
    assert results.read_text().splitlines()[0] == "input,label,score"
    assert len(results.read_text().splitlines()) == 1 + len(TEXTS)
    assert cli.main(arguments) == 1
    assert "already exists" in capsys.readouterr().err
    assert cli.main(["run", "text-classification", "-m", folder, "-i", str(rows), "--column", "body"]) == 1
    assert "body" in capsys.readouterr().err
    assert cli.main(["run", "nothing", "x"]) == 1
    assert "Unknown task nothing" in capsys.readouterr().err
    assert cli.main(["run", "list"]) == 0
    assert "ner" in capsys.readouterr().out


def test_cli_run_reads_objects_and_lines_of_json(tmp_path, folder, capsys, monkeypatch):
    expected = [json.dumps(one) for one in ef.pipeline("text-classification", model=folder)(TEXTS)]
    lines = tmp_path / "in.jsonl"
    lines.write_text("\n".join(json.dumps({"text": text}) for text in TEXTS) + "\n\n")
    assert cli.main(["run", "text-classification", "-m", folder, "-i", str(lines), "--column", "text"]) == 0
    assert capsys.readouterr().out.splitlines() == expected

    question = {"question": "the", "context": "the city"}
    answerer = tmp_path / "answerer"
    classifier = ef.AutoModelForSequenceClassification.from_pretrained(folder)
    ef.AutoModelForQuestionAnswering.from_config(classifier.config).save_pretrained(answerer)
    ef.AutoTokenizer.from_pretrained(folder).save_pretrained(answerer)
    answer = json.dumps(ef.pipeline("question-answering", model=str(answerer))(question))
    assert cli.main(["run", "question-answering", "-m", str(answerer), json.dumps(question)]) == 0
    monkeypatch.setattr("sys.stdin", io.StringIO("the\tthe city\n"))
    assert cli.main(["run", "question-answering", "-m", str(answerer), "--column", "question,context"]) == 0
    assert capsys.readouterr().out.splitlines() == [answer, answer]

    (tmp_path / "bad.json").write_text('{"a":')
    (tmp_path / "one.json").write_text("{}")
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "five.jsonl").write_text("5\n")
    for name in ("latin.csv", "latin.jsonl"):
        (tmp_path / name).write_bytes(b'text\n"caf\xe9"\n')
    for arguments, text in (
        (["question-answering", "-m", str(answerer), "the"], "needed an object"),
        (["text-classification", "-m", folder, "-i", str(tmp_path / "bad.json"), "--column", "text"], "bad.json"),
        (["text-classification", "-m", folder, "-i", str(tmp_path / "one.json"), "--column", "text"], "needed a list"),
        (["text-classification", "-m", folder, "-i", str(tmp_path / "empty.csv"), "--column", "text"], "is empty"),
        (["text-classification", "-m", folder, "-i", str(tmp_path / "five.jsonl"), "--column", "text"], "five.jsonl: found an"),
        (["text-classification", "-m", folder, "-i", str(tmp_path / "latin.csv"), "--column", "text"], "latin.csv: found the"),
        (["text-classification", "-m", folder, "-i", str(tmp_path / "latin.jsonl"), "--column", "text"], "latin.jsonl: found"),
        (["text-classification", "-m", folder, "-i", str(tmp_path / "none.csv"), "--column", "text"], "doesn't exist"),
        (["text-classification", "-m", folder, "-o", str(tmp_path / "out.jsonl"), "the"], "without --output"),
    ):
        assert cli.main(["run", *arguments]) != 0
        assert text in capsys.readouterr().err
