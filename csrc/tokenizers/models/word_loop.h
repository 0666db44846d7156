// The inner loop of encoding: words to tokens, by memory where a word was seen before, else by the model.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "tokenizers/models/model.h"
#include "tokenizers/models/word_cache.h"
#include "tokenizers/unwritten.h"

namespace ef::tokenizers {

struct WordTokens {
  UnwrittenVector<uint32_t> ids;
  UnwrittenVector<Span> spans;     // bytes of the text
  UnwrittenVector<uint32_t> ends;  // number of tokens up to the end of each word
  void clear() { ids.clear(), spans.clear(), ends.clear(); }
};

// Scratch memory and memory of words, which one thread uses at a time. Models derive their own.
struct Workspace {
  virtual ~Workspace() = default;
  ShortWordCache short_words;
  LongWordCache long_words;
  Admission admission;                       // to both
  Spelling spelling = Spelling::Vocabulary;  // of the remembered words
  const WordKey* key = nullptr;              // of the word that the model is asked for, where it is known, and its hash
  uint64_t hash = 0;
  std::vector<Token> made;
  std::vector<Span> parts;
  std::vector<uint32_t> part_ends;
  WordTokens text;  // of the text that is being encoded, or of several
  std::vector<Span> words, word_parts;
  std::string joined;  // several texts, their words, and where their words, later their tokens, end
  std::vector<Span> joined_words;
  std::vector<uint32_t> text_ends;

  virtual void trim() {  // gives back what one huge text took
    if (text.ids.capacity() > kKept) text = {};
    trim(made), trim(parts), trim(part_ends), trim(words), trim(word_parts), trim(joined), trim(joined_words);
  }

 protected:
  static constexpr size_t kKept = 1 << 18;
  template <class List>
  static void trim(List& list) {
    if (list.capacity() > kKept) List().swap(list);
  }
};

// Appends the tokens of the words of a text; spans only if wanted.
void tokenize_words(const Model& model, std::string_view text, std::span<const Span> words, Spelling spelling,
                    Workspace& workspace, bool spans, WordTokens& out);

}  // namespace ef::tokenizers
