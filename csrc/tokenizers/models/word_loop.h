// The inner loop of encoding: words to tokens, by memory where a word was seen before, else by the model.
#pragma once
#include <span>
#include <string_view>
#include <vector>

#include "tokenizers/models/model.h"
#include "tokenizers/models/word_cache.h"

namespace ef::tokenizers {

struct WordTokens {
  std::vector<uint32_t> ids;
  std::vector<Span> spans;     // bytes of the text
  std::vector<uint32_t> ends;  // number of tokens up to the end of each word
};

// Scratch memory and memory of words, which one thread uses at a time. Models derive their own.
struct Workspace {
  virtual ~Workspace() = default;
  ShortWordCache short_words;
  LongWordCache long_words;
  Spelling spelling = Spelling::Vocabulary;  // of the remembered words
  const WordKey* key = nullptr;              // of the word that the model is asked for, where it is known, and its hash
  uint64_t hash = 0;
  std::vector<Token> made;
  std::vector<Span> parts;
  WordTokens text;  // of the text that is being encoded
};

// Appends the tokens of the words of a text; spans and ends only if wanted.
void tokenize_words(const Model& model, std::string_view text, std::span<const Span> words, Spelling spelling,
                    Workspace& workspace, bool spans, WordTokens& out);

}  // namespace ef::tokenizers
