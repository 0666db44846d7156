// Second role: cuts the normalized text into the words that the model looks at one by one.
#pragma once
#include <functional>
#include <memory>
#include <vector>

#include "core/registry.h"
#include "tokenizers/json.h"
#include "tokenizers/pre_tokenized_string.h"
#include "tokenizers/scanners/scanner.h"

namespace ef::tokenizers {

// What most pre-tokenizers come down to: the text is changed, then cut, cut again within the parts, and that's all.
// Whoever follows this needs no list of pieces.
struct Cuts {
  std::function<void(NormalizedString&)> rewrite;
  std::vector<Cutter> cutters;
  Spelling spelling = Spelling::Vocabulary;  // the words are these bytes, or have these blanks, and are not respelled
  bool has_blanks = true;                    // false: the normalizer leaves none in the text
  // Each of these is false when what came before rules it out.
  bool then_cut(Cutter cutter) { return spelling == Spelling::Vocabulary && (cutters.push_back(cutter), true); }
  bool then_rewrite(std::function<void(NormalizedString&)> f) {
    if (rewrite || spelling != Spelling::Vocabulary || !cutters.empty()) return false;
    return rewrite = std::move(f), true;
  }
};

class PreTokenizer {
 public:
  virtual ~PreTokenizer() = default;
  virtual void pre_tokenize(PreTokenizedString& text) const = 0;
  virtual bool add_to(Cuts& cuts) const { return false; }  // false: it cannot be said this way
  virtual bool needs_source() const { return false; }      // asks where in the original a text stands
  virtual Json to_json() const = 0;
  // What a Sequence is made of; null for everything else.
  virtual const std::vector<std::shared_ptr<const PreTokenizer>>* parts() const { return nullptr; }
};
const char* cut_at_white_space(const char* base, const char* at, const char* end, Span*& out, Span* limit);  // a Cutter
using PreTokenizerPtr = std::shared_ptr<const PreTokenizer>;

using PreTokenizerFactory = PreTokenizerPtr (*)(const Json&);
const Registry<PreTokenizerFactory>& pre_tokenizer_registry();
PreTokenizerPtr pre_tokenizer_from_json(const Json& json);                        // null gives nullptr
PreTokenizerPtr make_pre_tokenizer_sequence(std::vector<PreTokenizerPtr> parts);  // one after the other

SplitBehavior split_behavior_from_json(const Json& object, std::string_view where);  // "behavior": "Isolated"

}  // namespace ef::tokenizers
