#include "tokenizers/models/word_loop.h"

#include <algorithm>

namespace ef::tokenizers {
namespace {

template <bool kSpans>
class Loop {
 public:
  Loop(const Model& model, std::string_view text, Spelling spelling, Workspace& workspace, WordTokens& out)
      : model_(model), text_(text), spelling_(spelling), remember_(model.remembers()), space_(workspace), out_(out) {
    if (space_.spelling != spelling) {
      space_.short_words.clear();
      space_.long_words.clear();
      space_.spelling = spelling;
    }
    space_.short_words.prepare();
  }

  void run(std::span<const Span> words) {
    if (!remember_) {
      size_t at = out_.ids.size();
      for (const Span word : words) {
        at = put(make(word), word.begin, at);
        out_.ends.push_back(uint32_t(at));
      }
      return finish(at);
    }
    // In blocks: what is remembered of all words of a block is on its way from memory before the first one is needed.
    for (size_t i = 0; i < words.size(); i += kBlock) run_block(words.subspan(i, std::min(kBlock, words.size() - i)));
    space_.admission.count(words.size());
  }

 private:
  static constexpr size_t kBlock = 32;

  void run_block(std::span<const Span> words) {
    WordKey keys[kBlock];
    uint64_t hashes[kBlock];
    const size_t readable = text_.size() < WordKey::kShort ? 0 : text_.size() - WordKey::kShort + 1;
    for (size_t i = 0; i < words.size(); i++) {
      const Span word = words[i];
      const uint32_t n = word.end - word.begin;
      if (n <= WordKey::kShort && word.begin < readable) {
        keys[i] = WordKey::readable(text_.data() + word.begin, n);
      } else if (n <= LongWordCache::kLongestWord) {
        keys[i] = WordKey(of(word));
      } else {
        keys[i].length = n;
        continue;
      }
      hashes[i] = keys[i].hash();
      if (keys[i].is_short())
        __builtin_prefetch(space_.short_words.at(hashes[i]));
      else
        space_.long_words.prefetch(hashes[i]);
    }
    size_t at = out_.ids.size(), room = 0;  // tokens so far, tokens that have room
    const size_t before = out_.ends.size();
    out_.ends.resize(before + words.size());
    for (size_t w = 0; w < words.size(); w++) {
      const Span word = words[w];
      const WordKey& key = keys[w];
      if (room < at + ShortWordCache::kMostTokens) room = make_room(at + 3 * words.size() + 64);
      if (key.is_short()) {
        ShortWordCache::Entry* entry = space_.short_words.at(hashes[w]);
        if (!entry->holds(key)) entry++;
        if (entry->holds(key) && entry->count() <= ShortWordCache::kMostTokens) {
          std::memcpy(&out_.ids[at], entry->ids, sizeof entry->ids);  // all: cheaper than to count
          if constexpr (kSpans) {
            uint32_t begin = word.begin;
            for (size_t i = 0; i < entry->count(); i++) {
              out_.spans[at + i] = {begin, begin + entry->lengths[i]};
              begin += entry->lengths[i];
            }
          }
          at += entry->count();
        } else {
          at = entry->holds(key) ? look_up(word, key, hashes[w], at) : make_short(word, key, hashes[w], at);
          room = out_.ids.size();
        }
      } else {
        at = key.length <= LongWordCache::kLongestWord ? look_up(word, key, hashes[w], at)
                                                       : put(make(word), word.begin, at);
        room = out_.ids.size();
      }
      out_.ends[before + w] = uint32_t(at);
    }
    finish(at);
  }
  void finish(size_t at) {
    out_.ids.resize(at);
    if constexpr (kSpans) out_.spans.resize(at);
  }
  std::string_view of(Span word) const { return text_.substr(word.begin, word.end - word.begin); }
  size_t make_room(size_t n) {
    if (n > out_.ids.capacity()) out_.ids.reserve(2 * n);
    out_.ids.resize(n);
    if constexpr (kSpans) out_.spans.resize(n);
    return n;
  }
  const std::vector<Token>& make(Span word, const WordKey* key = nullptr, uint64_t hash = 0) {
    space_.made.clear();
    space_.key = key, space_.hash = hash;
    model_.tokenize(of(word), spelling_, &space_, space_.made);
    return space_.made;
  }
  // Tokens that cover the word from its begin without gaps can be remembered by their lengths.
  static bool covers(const std::vector<Token>& tokens) {
    uint32_t at = 0;
    for (const Token& t : tokens) {
      if (t.begin != at) return false;
      at = t.end;
    }
    return !tokens.empty();
  }

  size_t put(const std::vector<Token>& tokens, uint32_t begin, size_t at) {
    if (out_.ids.size() < at + tokens.size()) make_room(at + tokens.size() + 64);
    for (const Token& t : tokens) {
      out_.ids[at] = t.id;
      if constexpr (kSpans) out_.spans[at] = {begin + t.begin, begin + t.end};
      at++;
    }
    return at;
  }
  size_t make_short(Span word, const WordKey& key, uint64_t hash, size_t at) {
    const bool admitted = space_.admission.admits(hash);
    if (admitted) space_.long_words.prefetch(hash);  // where it goes if it has many tokens; while they are made
    const auto& tokens = make(word, &key, hash);
    if (admitted && covers(tokens)) {
      ShortWordCache::Entry& entry = ShortWordCache::renew(space_.short_words.at(hash));
      if (tokens.size() <= ShortWordCache::kMostTokens) {
        entry.set(key, tokens.size());
        for (size_t i = 0; i < tokens.size(); i++)
          entry.ids[i] = tokens[i].id, entry.lengths[i] = uint8_t(tokens[i].end - tokens[i].begin);
      } else {
        entry.set(key, ShortWordCache::kInTheOther);
        remember(word, hash, tokens);
      }
    }
    return put(tokens, word.begin, at);
  }
  size_t look_up(Span word, const WordKey& key, uint64_t hash, size_t at) {
    const auto found = space_.long_words.find(of(word), hash);
    if (!found.count) {
      const auto& tokens = make(word, &key, hash);
      if (space_.admission.admits(hash) && covers(tokens)) remember(word, hash, tokens);
      return put(tokens, word.begin, at);
    }
    if (out_.ids.size() < at + found.count) make_room(at + found.count + 64);
    std::memcpy(&out_.ids[at], found.ids, found.count * sizeof(uint32_t));
    if constexpr (kSpans) {
      uint32_t begin = word.begin;
      const uint8_t* lengths = found.lengths();
      for (uint32_t i = 0; i < found.count; begin += lengths[i++]) out_.spans[at + i] = {begin, begin + lengths[i]};
    }
    return at + found.count;
  }
  void remember(Span word, uint64_t hash, const std::vector<Token>& tokens) {
    uint32_t* ids = space_.long_words.add(of(word), hash, tokens.size());
    auto* lengths = reinterpret_cast<uint8_t*>(ids + tokens.size());
    for (const Token& t : tokens) *ids++ = t.id, *lengths++ = uint8_t(t.end - t.begin);
  }

  const Model& model_;
  std::string_view text_;
  Spelling spelling_;
  bool remember_;
  Workspace& space_;
  WordTokens& out_;
};

template <bool kSpans>
void run(const Model& model, std::string_view text, std::span<const Span> words, Spelling spelling,
         Workspace& workspace, WordTokens& out) {
  Loop<kSpans> loop(model, text, spelling, workspace, out);
  if (spelling == Spelling::Bytes || !model.cuts_words()) return loop.run(words);
  // The parts of a word make one word in the result. Those of several words run through the loop together.
  constexpr size_t kTogether = 1 << 10;
  auto& parts = workspace.parts;
  auto& ends = workspace.part_ends;
  for (size_t w = 0; w < words.size();) {
    parts.clear(), ends.clear();
    for (; w < words.size() && parts.size() < kTogether; w++) {
      model.cut(text, words[w], spelling, parts);
      ends.push_back(uint32_t(parts.size()));
    }
    const size_t before = out.ends.size();
    loop.run(parts);
    for (size_t i = 0; i < ends.size(); i++) out.ends[before + i] = out.ends[before + ends[i] - 1];
    out.ends.resize(before + ends.size());
  }
}
}  // namespace

void tokenize_words(const Model& model, std::string_view text, std::span<const Span> words, Spelling spelling,
                    Workspace& workspace, bool spans, WordTokens& out) {
  (spans ? run<true> : run<false>)(model, text, words, spelling, workspace, out);
}

}  // namespace ef::tokenizers
