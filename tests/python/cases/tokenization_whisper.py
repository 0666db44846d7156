"""Whisper's tokenizer: what stands in front of a text, times, segments."""

from __future__ import annotations

import json
import os
import tempfile

from cases.tokenization_families import byte_level_vocab

CODES = """en zh de es ru ko fr ja pt tr pl ca nl ar sv it id hi fi vi he uk el ms cs ro da hu ta no th ur hr bg lt la mi
ml cy sk te fa lv bn sr az sl kn et mk br eu is hy ne mn bs kk sq sw gl mr pa si km sn yo so af oc ka be tg sd gu am yi lo
uz fo ht ps tk nn mt sa lb my bo tl mg as tt haw ln ha ba jw su yue""".split()
SPECIAL = ["<|startoftranscript|>", *(f"<|{code}|>" for code in CODES), "<|translate|>", "<|transcribe|>",
           "<|startoflm|>", "<|startofprev|>", "<|nospeech|>", "<|notimestamps|>"]  # fmt: skip


def whisper(lib, **options):
    vocab, merges = byte_level_vocab(False)
    vocab = {token: index for index, token in enumerate(token for token in vocab if not token.startswith(("<", "[")))}
    vocab["<|endoftext|>"] = len(vocab)
    tokenizer = lib.WhisperTokenizer(vocab, merges, extra_special_tokens=SPECIAL)
    tokenizer.add_tokens([lib.AddedToken(f"<|{i * 0.02:.2f}|>", normalized=False) for i in range(1501)])
    tokenizer.set_prefix_tokens(**options)
    return tokenizer


def case_prefix(lib):
    out = []
    for options in ({}, {"language": "French", "task": "translate"}, {"language": "ja", "predict_timestamps": True},
                    {"task": "transcribe"}, {"language": "mandarin"}):  # fmt: skip
        tokenizer = whisper(lib, **options)
        out.append([tokenizer("the cat")["input_ids"], tokenizer("a", "b")["input_ids"], tokenizer.prefix_tokens])
    tokenizer = whisper(lib)
    out.append([list(pair) for pair in tokenizer.get_decoder_prompt_ids(task="translate", language="german")])
    out.append(tokenizer.get_prompt_ids("the hat", return_tensors=None))
    out.append(tokenizer.get_prompt_ids("the hat").tolist())
    out.append(tokenizer.timestamp_ids()[:3])
    for bad in ({"language": "klingon"}, {"language": "xx"}, {"task": "sing"}):
        try:
            whisper(lib, **bad)
        except ValueError as error:
            out.append(str(error)[:60])
    try:
        tokenizer.get_prompt_ids("a <|en|> b")
    except ValueError as error:
        out.append(str(error))
    return out


def case_decode(lib):
    tokenizer = whisper(lib, language="en", task="transcribe", predict_timestamps=True)

    def time(seconds):
        return tokenizer.convert_tokens_to_ids(f"<|{seconds:.2f}|>")

    def words(text):
        return tokenizer(text, add_special_tokens=False)["input_ids"]

    start = tokenizer.prefix_tokens
    rows = {
        "one": [*start, time(0), *words("Hello, (there) the cat."), time(1.5), tokenizer.eos_token_id],
        "two": [time(0), *words(" the cat"), time(2), time(2), *words(" a hät [x] ß"), time(5.5)],
        "next": [time(0), *words(" a"), time(29), time(1), *words(" b"), time(3), time(3), *words(" c"), time(4)],
        "odd": [time(1), *words(" a"), time(5), time(5), time(2), *words(" b"), time(3)],
        "prompt": [tokenizer.convert_tokens_to_ids("<|startofprev|>"), *words("before"), *start, *words("after")],
        "no times": words("plain"), "empty": [],
    }  # fmt: skip
    out = {}
    for name, ids in rows.items():
        out[name] = [
            tokenizer.decode(ids), tokenizer.decode(ids, skip_special_tokens=True),
            tokenizer.decode(ids, decode_with_timestamps=True),
            tokenizer.decode(ids, basic_normalize=True, skip_special_tokens=True),
            tokenizer.decode(ids, basic_normalize=True, remove_diacritics=True, skip_special_tokens=True),
        ]  # fmt: skip
        if ids:
            found = tokenizer.decode(ids, output_offsets=True, skip_special_tokens=True)
            out[name].append([found["text"], [[o["text"], list(o["timestamp"])] for o in found["offsets"]]])
    out["batch"] = tokenizer.batch_decode([rows["one"], rows["two"]], skip_special_tokens=True)
    out["batch times"] = tokenizer.decode([rows["one"], rows["two"]], decode_with_timestamps=True)
    return out


SPOKEN = [
    "Mr. Brown's GOT twenty-one colours (uh), [noise] hmm 1,000,000 of 'em!", "it cost two dollars and fifty cents",
    "$20 million, minus thirty percent; five per cent. point five", "nineteen ninety nine and a half one oh one double oh seven",
    "the twenty first, 32 nd and 274th in the 1960s", "two hundred and five thousand and two", "ones and twos thirties sixth",
    "three point one four one five nine", "£0.05 or ¢7 and $2 and ¢7, 192 point 168 point 0 point 1", "minus minus dollars per 5 cents",
    "he'd been gone, won't y'all've done it? I'm o'clock ÆØ Łódź naïve e\u0301", "zero hundred oh thousand triple nine triple x",
    "one and a half million and a half", "twenty five hundred thousandths 12 twelve 12.5 million", "per se and plus", "", "1 1s 11",
    "eleven twelve seven eight twenty thirty forty-four five", "5-4=1 +3 -x $ y £ %", "ten to the nonillion",
]  # fmt: skip


def case_english(lib):
    """Numbers, contractions, titles, spelling."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "normalizer.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"colours": "colors", "grey": "gray"}, file)
        vocab, merges = byte_level_vocab(False)
        tokenizer = lib.WhisperTokenizer(vocab, merges, normalizer_file=path, extra_special_tokens=SPECIAL)
        files = [os.path.basename(file) for file in tokenizer.save_vocabulary(folder)]
        tokenizer.save_pretrained(folder)
        again = lib.WhisperTokenizer.from_pretrained(folder)
    ids = again("the cat's two grey hats")["input_ids"]
    return [
        [tokenizer.normalize(text) for text in SPOKEN], [tokenizer.basic_normalize(text, True) for text in SPOKEN],
        again.english_spelling_normalizer, files, again.decode(ids, normalize=True, skip_special_tokens=True),
        again.batch_decode([ids], normalize=True, skip_special_tokens=True),
    ]  # fmt: skip


def case_for_pipelines(lib):
    """What pipelines call: segments, and ids without a prompt."""
    tokenizer = whisper(lib)

    def time(seconds):
        return tokenizer.convert_tokens_to_ids(f"<|{seconds:.2f}|>")

    prompt, start = tokenizer.convert_tokens_to_ids(["<|startofprev|>", "<|startoftranscript|>"])
    text = tokenizer("the cat", add_special_tokens=False)["input_ids"]
    ids = [start, time(0), *text, time(2.5), time(2.5), *text, time(5)]
    long = [*ids, time(0), *text, time(1), time(1), *text, time(3)]
    stripped = [[prompt, *text, *ids], [prompt, *text], ids, []]
    return {
        "offsets": [tokenizer._compute_offsets(row, **options) for row in (ids, long, ids[:3])
                    for options in ({}, {"time_precision": 0.04}, {"segment_size": 750})],
        "stripped": [tokenizer._strip_prompt(row, prompt, start) for row in stripped],
    }  # fmt: skip
