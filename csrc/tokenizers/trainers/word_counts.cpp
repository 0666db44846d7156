#include "tokenizers/trainers/word_counts.h"

#include <algorithm>
#include <atomic>
#include <filesystem>

#include "core/thread_pool.h"
#include "io/mapped_file.h"
#include "tokenizers/utf8.h"

namespace ef::tokenizers {

void WordCounts::add(Map& map, std::string_view word, uint64_t count) {
  const auto found = map.find(word);
  if (found != map.end())
    found->second += count;
  else
    map.emplace(word, count);
}

void WordCounts::count(Map& map, const Tokenizer& tokenizer, std::string_view text) const {
  check<TokenizerError>(utf8::find_invalid(text) == std::string_view::npos, "train: a text is not valid UTF-8");
  PreTokenizedString pieces(text);
  if (added_tokens_)
    tokenizer.added_vocabulary().extract_and_normalize(pieces, tokenizer.normalizer().get());
  else if (tokenizer.normalizer())
    pieces.normalize([&](NormalizedString& part) { tokenizer.normalizer()->normalize(part); });
  if (tokenizer.pre_tokenizer()) tokenizer.pre_tokenizer()->pre_tokenize(pieces);
  pieces.spell_bytes();
  for (const auto& piece : pieces.pieces())
    if (!pieces.text_of(piece).empty()) add(map, pieces.text_of(piece), 1);
}

void WordCounts::feed(const Tokenizer& tokenizer, std::span<const std::string_view> texts) {
  constexpr size_t kChunk = 16;  // texts that a thread takes at a time
  ThreadPool& pool = ThreadPool::instance();
  std::vector<Map> maps(size_t(pool.size()));
  std::atomic<size_t> next{0};
  pool.run([&](int id, int) {
    for (size_t begin; (begin = next.fetch_add(kChunk)) < texts.size();)
      for (size_t i = begin; i < std::min(begin + kChunk, texts.size()); i++)
        count(maps[size_t(id)], tokenizer, texts[i]);
  });
  for (Map& map : maps)
    for (auto& [word, n] : map) add(counts_, word, n);
}

void WordCounts::feed_file(const Tokenizer& tokenizer, const std::string& path) {
  constexpr size_t kBatch = 1 << 16;  // lines
  std::error_code ignored;
  if (std::filesystem::file_size(path, ignored) == 0 && !ignored) return;  // there is nothing to map
  const auto file = MappedFile::open(path);
  const std::string_view text(reinterpret_cast<const char*>(file->data()), file->size());
  check<TokenizerError>(utf8::find_invalid(text) == std::string_view::npos, path,
                        ": not a text file (not valid UTF-8)");
  std::vector<std::string_view> lines;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size() - 1) + 1;
    lines.push_back(text.substr(at, end - at));
    at = end;
    if (lines.size() == kBatch || at == text.size()) {
      feed(tokenizer, lines);
      lines.clear();
    }
  }
}

std::vector<std::pair<std::string_view, uint64_t>> WordCounts::sorted() const {
  std::vector<std::pair<std::string_view, uint64_t>> out(counts_.begin(), counts_.end());
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace ef::tokenizers
