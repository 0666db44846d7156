#include "tokenizers/decode_stream.h"

namespace ef::tokenizers {

std::optional<std::string> DecodeStream::step(const Tokenizer& tokenizer, const std::vector<uint32_t>& ids) {
  const auto unfinished = [](const std::string& s) { return s.ends_with("\xef\xbf\xbd"); };
  if (prefix_.empty() && !ids_.empty()) {
    std::string prefix = tokenizer.decode(ids_, skip_special_tokens_);
    if (!unfinished(prefix)) prefix_ = std::move(prefix), prefix_index_ = ids_.size();
  }
  ids_.insert(ids_.end(), ids.begin(), ids.end());
  const std::string text = tokenizer.decode(ids_, skip_special_tokens_);
  if (text.size() <= prefix_.size() || unfinished(text)) return std::nullopt;
  check<TokenizerError>(text.starts_with(prefix_), "DecodeStream: Invalid prefix encountered: the decoder changed '",
                        prefix_, "', which was given out already, to '", text, "'");
  std::string fresh = text.substr(prefix_.size());
  // Keep only the ids since the last prefix: the next text is the difference of two short decodes.
  const size_t index = ids_.size() - prefix_index_;
  ids_.erase(ids_.begin(), ids_.begin() + ptrdiff_t(prefix_index_));
  prefix_ = tokenizer.decode(ids_, skip_special_tokens_);
  prefix_index_ = index;
  return fresh;
}

}  // namespace ef::tokenizers
