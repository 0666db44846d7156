#include "tokenizers/added_vocabulary.h"

#include <algorithm>

#include "tokenizers/unicode.h"
#include "tokenizers/utf8.h"

namespace ef::tokenizers {

std::optional<uint32_t> AddedVocabulary::find(std::string_view content) const {
  const auto it = tables_->ids.find(std::string(content));
  return it == tables_->ids.end() ? std::nullopt : std::optional(it->second);
}
const AddedToken* AddedVocabulary::token(uint32_t id) const {
  const auto it = tables_->by_id.find(id);
  return it == tables_->by_id.end() ? nullptr : &it->second;
}

const std::string* AddedVocabulary::name(uint32_t id) const {
  if (const auto it = tables_->normalized_names.find(id); it != tables_->normalized_names.end()) return &it->second;
  const AddedToken* token = this->token(id);
  return token ? &token->content : nullptr;
}

size_t AddedVocabulary::add(const std::vector<AddedToken>& tokens, const Model& model, const Normalizer* normalizer) {
  auto tables = std::make_shared<Tables>(*tables_);
  size_t ignored = 0;
  for (const AddedToken& token : tokens)
    if (token.special && !token.content.empty() && tables->special_set.insert(token.content).second)
      tables->special.push_back(token);
  const uint32_t model_size = uint32_t(model.vocab().size());
  uint32_t next = model_size;
  if (!tables->ids.empty()) {
    uint32_t top = 0;
    for (auto& [content, id] : tables->ids) top = std::max(top, id);
    if (top >= model_size || model_size == 0) next = top + 1;
  }
  for (const AddedToken& token : tokens) {
    const auto known = tables->ids.find(token.content);
    const bool is_known = known != tables->ids.end();
    if (token.content.empty() || (is_known && tables->by_id.at(known->second) == token)) {
      ignored++;
      continue;
    }
    uint32_t id;
    if (is_known)
      id = known->second;
    else if (const auto in_model = model.token_to_id(token.content))
      id = *in_model;
    else
      id = next++;
    tables->ids[token.content] = id;
    tables->by_id[id] = token;
    if (!tables->special_set.count(token.content)) tables->classic.push_back(token);
  }
  tables->refresh(normalizer);
  tables_ = std::move(tables);
  return tokens.size() - ignored;
}

void AddedVocabulary::Tables::refresh(const Normalizer* normalizer) {
  plain = TokenTrie();
  normalized = TokenTrie();
  normalized_names.clear();
  for (const auto* list : {&special, &classic}) {
    for (const AddedToken& added : *list) {
      const uint32_t id = ids.at(added.content);
      const AddedToken& token = by_id.at(id);        // as it was added last
      if (token.content != added.content) continue;  // another one has its id by now
      if (!token.normalized) {
        plain.add(token.content, id);
        continue;
      }
      NormalizedString text(token.content);
      if (normalizer) normalizer->normalize(text);
      normalized.add(text.text(), id);
      normalized_names[id] = text.text();
    }
  }
}

void AddedVocabulary::refresh(const Normalizer* normalizer) {
  auto tables = std::make_shared<Tables>(*tables_);
  tables->refresh(normalizer);
  tables_ = std::move(tables);
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
    uint32_t done = 0, blank_end = 0;  // end of the last token; of the last run of white space behind one
    const uint32_t size = uint32_t(s.size());
    trie.for_each_match(s, [&](uint32_t begin, uint32_t end, uint32_t id) {
      const AddedToken& token = tables_->by_id.at(id);
      if (encode_special_tokens && is_special(token.content)) return;
      if (token.single_word) {
        const bool left = begin == 0 || !is_word_character(last_char(s.substr(0, begin)));
        const bool right = end == size || !is_word_character(first_char(s.substr(end)));
        if (!left || !right) return;
      }
      if (token.lstrip) {
        while (begin > done && is_white_space(last_char(s.substr(0, begin)))) do
            begin--;
          while (utf8::is_continuation(s[begin]));
        begin = std::max(begin, done);  // the token before may have taken that space
      }
      if (token.rstrip) {
        end = std::max(end, blank_end);  // matches come in order: one inside of the last run ends where it ends
        while (end < size && is_white_space(first_char(s.substr(end)))) end += uint32_t(utf8::length_of(s[end]));
        blank_end = end;
      }
      emit(done, begin);
      emit(begin, end, id);
      done = end;
    });
    emit(done, size);
  });
}

void AddedVocabulary::extract_and_normalize(PreTokenizedString& text, const Normalizer* normalizer) const {
  split(text, tables_->plain);
  text.drop_empty();  // a normalizer may make something of nothing
  if (normalizer) text.normalize([&](NormalizedString& s) { normalizer->normalize(s); });
  split(text, tables_->normalized);
  text.drop_empty();
}

}  // namespace ef::tokenizers
