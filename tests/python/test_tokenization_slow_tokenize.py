"""`tokenize` of slow tokenizers takes `pair` and `add_special_tokens`, and changes nothing for them, as in transformers."""

import eigenformers as ef


class Letters(ef.PreTrainedTokenizer):
    def __init__(self, **kwargs):
        self.letters = {"<s>": 0, "</s>": 1, "<unk>": 2, "a": 3, "b": 4}
        super().__init__(bos_token="<s>", eos_token="</s>", unk_token="<unk>", **kwargs)

    @property
    def vocab_size(self):
        return len(self.letters)

    def get_vocab(self):
        return dict(self.letters)

    def _tokenize(self, text, **kwargs):
        return list(text)

    def _convert_token_to_id(self, token):
        return self.letters.get(token, 2)

    def _convert_id_to_token(self, index):
        return list(self.letters)[index]

    def build_inputs_with_special_tokens(self, token_ids_0, token_ids_1=None):
        return [0, *token_ids_0, 1]


def test_pair_and_special_tokens_change_nothing():
    tokenizer = Letters()
    assert tokenizer.tokenize("ab[", add_special_tokens=True) == ["a", "b", "["]
    assert tokenizer.tokenize("ab", pair="cd") == ["a", "b"]
    assert tokenizer.tokenize("ab", "cd", True) == ["a", "b"]
