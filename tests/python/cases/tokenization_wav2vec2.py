"""Wav2Vec2CTCTokenizer: characters to ids, frames to text, offsets, several languages in a file."""

from __future__ import annotations

import json
import os
import tempfile

from cases.tokenization import plain

ENGLISH = ["<pad>", "<s>", "</s>", "<unk>", "|", *"EATHNO'", "ING"]
LANGUAGES = {"eng": ENGLISH, "fra": ["<pad>", "<s>", "</s>", "<unk>", "|", *"aeiouéz", "th"]}


def frames(value):
    """Offsets as plain numbers."""
    return json.loads(json.dumps(value, default=int))


def make(lib, folder, vocab=None, **options):
    path = os.path.join(folder, "vocab.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump({t: i for i, t in enumerate(ENGLISH)} if vocab is None else vocab, file)
    return lib.Wav2Vec2CTCTokenizer(path, **options)


def case_texts(lib):
    out = []
    for options in ({}, {"do_lower_case": True}, {"word_delimiter_token": "O", "replace_word_delimiter_char": "_"}):
        with tempfile.TemporaryDirectory() as folder:
            tok = make(lib, folder, **options)
            out.append(plain([
                tok(["HE ATE  THE ONION", "eating at <pad> noon", "HEATING"], padding=True), tok("THE", "HEN"), tok([["HE", "ATE"]], is_split_into_words=True),
                tok.tokenize("HE ATE ING"), len(tok), tok.vocab_size, tok.get_vocab(), tok.word_delimiter_token_id, tok.special_tokens_map,
                tok.num_special_tokens_to_add(True), [os.path.basename(file) for file in tok.save_vocabulary(folder, "x")],
            ]))  # fmt: skip
            tok.add_tokens(["  new ", lib.AddedToken("AA", lstrip=True)])
            tok.save_pretrained(folder)
            again = lib.AutoTokenizer.from_pretrained(folder)
            out.append(
                plain(
                    [
                        type(again).__name__,
                        again("THE AA HEN  new x")["input_ids"],
                        len(again),
                        again.word_delimiter_token,
                    ]
                )
            )
    return out


def case_frames(lib):
    """What a model heard, frame by frame."""
    rows = [[8, 8, 0, 5, 5, 4, 4, 6, 0, 6, 7, 5, 4], [4, 4, 12, 12, 0, 12, 1, 3, 99, 4, 8], [0, 0], [], [8], [4, 0, 4]]
    out = []
    with tempfile.TemporaryDirectory() as folder:
        for tok in (make(lib, folder), make(lib, folder, do_lower_case=True, replace_word_delimiter_char="-")):
            for row in rows:
                for options in (
                    {},
                    {"skip_special_tokens": True},
                    {"group_tokens": False},
                    {"spaces_between_special_tokens": True},
                ):
                    out.append(tok.decode(row, **options))
                for options in (
                    {"output_char_offsets": True},
                    {"output_word_offsets": True, "skip_special_tokens": True},
                ):
                    if row:
                        found = tok.decode(row, **options)
                        out.append([found.text, frames(found.char_offsets), frames(found.word_offsets)])
            out.append(tok.batch_decode(rows, skip_special_tokens=True))
            found = tok.batch_decode(rows[:2], output_char_offsets=True, output_word_offsets=True)
            out.append([found["text"], frames(found["char_offsets"]), frames(found.word_offsets)])
            out.append([tok.convert_ids_to_tokens([4, 99, 1], skip_special_tokens=True), tok.convert_ids_to_tokens(99)])
    return out


def case_languages(lib):
    vocab = {name: {t: i for i, t in enumerate(tokens)} for name, tokens in LANGUAGES.items()}
    out = []
    with tempfile.TemporaryDirectory() as folder:
        tok = make(lib, folder, vocab, target_lang="eng")
        out.append([tok("HE thé")["input_ids"], tok.decode([8, 5, 4, 11])])
        tok.set_target_lang("fra")
        out.append(
            [tok("HE thé azING")["input_ids"], tok.decode([8, 5, 4, 11, 12]), tok.target_lang, tok.vocab_size, len(tok)]
        )
        tok.save_pretrained(folder)
        out.append(lib.AutoTokenizer.from_pretrained(folder)("thé")["input_ids"])
        for call in (lambda: tok.set_target_lang("xx"), lambda: make(lib, folder).set_target_lang("eng")):
            try:
                call()
            except ValueError as error:
                out.append(str(error)[-60:])
    return out
