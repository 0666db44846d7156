#include "tokenizers/added_vocabulary.h"

#include <algorithm>

#include "tokenizers/unicode.h"
#include "tokenizers/utf8.h"

namespace ef::tokenizers {

std::optional<uint32_t> AddedVocabulary::find(std::string_view content) const {
  const auto it = ids_.find(std::string(content));
  return it == ids_.end() ? std::nullopt : std::optional(it->second);
}
const AddedToken* AddedVocabulary::token(uint32_t id) const {
  const auto it = by_id_.find(id);
  return it == by_id_.end() ? nullptr : &it->second;
}

const std::string* AddedVocabulary::name(uint32_t id) const {
  if (const auto it = normalized_names_.find(id); it != normalized_names_.end()) return &it->second;
  const AddedToken* token = this->token(id);
  return token ? &token->content : nullptr;
}

size_t AddedVocabulary::add(const std::vector<AddedToken>& tokens, const Model& model, const Normalizer* normalizer) {
  size_t ignored = 0;
  for (const AddedToken& token : tokens)
    if (token.special && !token.content.empty() && special_set_.insert(token.content).second) special_.push_back(token);
  const uint32_t model_size = uint32_t(model.vocab().size());
  uint32_t next = model_size;
  if (!ids_.empty()) {
    uint32_t top = 0;
    for (auto& [content, id] : ids_) top = std::max(top, id);
    if (top >= model_size || model_size == 0) next = top + 1;
  }
  for (const AddedToken& token : tokens) {
    const auto known = find(token.content);
    if (token.content.empty() || (known && by_id_.at(*known) == token)) {
      ignored++;
      continue;
    }
    uint32_t id;
    if (known)
      id = *known;
    else if (const auto in_model = model.token_to_id(token.content))
      id = *in_model;
    else
      id = next;
    if (id >= next) next = id + 1;  // ids grow from the highest added one on
    ids_[token.content] = id;
    by_id_[id] = token;
    if (!special_set_.count(token.content)) classic_.push_back(token);
  }
  refresh(normalizer);
  return tokens.size() - ignored;
}

void AddedVocabulary::refresh(const Normalizer* normalizer) {
  plain_ = TokenTrie();
  normalized_ = TokenTrie();
  normalized_names_.clear();
  for (const auto* list : {&special_, &classic_}) {
    for (const AddedToken& token : *list) {
      const uint32_t id = ids_.at(token.content);
      if (!token.normalized) {
        plain_.add(token.content, id);
        continue;
      }
      NormalizedString text(token.content);
      if (normalizer) normalizer->normalize(text);
      normalized_.add(text.text(), id);
      normalized_names_[id] = text.text();
    }
  }
}

namespace {
char32_t last_char(std::string_view s) {
  size_t i = s.size() - 1;
  while (utf8::is_continuation(s[i])) i--;
  int length;
  return utf8::decode(s.data() + i, length);
}
char32_t first_char(std::string_view s) {
  int length;
  return utf8::decode(s.data(), length);
}
}  // namespace

void AddedVocabulary::split(PreTokenizedString& text, const TokenTrie& trie) const {
  if (trie.empty()) return;
  text.split([&](std::string_view s, auto emit) {
    uint32_t done = 0;
    const uint32_t size = uint32_t(s.size());
    trie.for_each_match(s, [&](uint32_t begin, uint32_t end, uint32_t id) {
      const AddedToken& token = by_id_.at(id);
      if (encode_special_tokens && is_special(token.content)) return;
      if (token.single_word) {
        const bool left = begin == 0 || !is_word_character(last_char(s.substr(0, begin)));
        const bool right = end == size || !is_word_character(first_char(s.substr(end)));
        if (!left || !right) return;
      }
      if (token.lstrip) {
        while (begin > 0 && is_white_space(last_char(s.substr(0, begin)))) do
            begin--;
          while (utf8::is_continuation(s[begin]));
        begin = std::max(begin, done);  // the token before may have taken that space
      }
      if (token.rstrip)
        while (end < size && is_white_space(first_char(s.substr(end)))) end += uint32_t(utf8::length_of(s[end]));
      emit(done, begin);
      emit(begin, end, id);
      done = end;
    });
    emit(done, size);
  });
}

void AddedVocabulary::extract_and_normalize(PreTokenizedString& text, const Normalizer* normalizer) const {
  split(text, plain_);
  text.drop_empty();  // a normalizer may make something of nothing
  if (normalizer) text.normalize([&](NormalizedString& s) { normalizer->normalize(s); });
  split(text, normalized_);
  text.drop_empty();
}

}  // namespace ef::tokenizers
