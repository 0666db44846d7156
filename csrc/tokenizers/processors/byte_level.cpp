// Adds no tokens; with trim_offsets, offsets leave out the white space that byte-level tokens carry.
#include "tokenizers/processors/byte_level.h"

#include <algorithm>

#include "tokenizers/byte_alphabet.h"
#include "tokenizers/processors/post_processor.h"
#include "tokenizers/unicode.h"
#include "tokenizers/utf8.h"

namespace ef::tokenizers {

void trim_byte_level_offsets(Encoding& encoding, bool add_prefix_space) {
  const char32_t space = byte_to_char(' ');
  for (size_t i = 0; i < encoding.size(); i++) {
    uint32_t leading = 0, trailing = 0;
    bool at_start = true;
    for (char32_t c : utf8::chars(encoding.tokens[i].text)) {
      const bool white = c == space || is_white_space(c);
      at_start &= white;
      leading += at_start;
      trailing = white ? trailing + 1 : 0;
    }
    Span& s = encoding.tokens[i].offset;
    if (leading > 0) {
      // The one space in front of the text was added and covers nothing of it.
      const bool first = i == 0 || s.begin == 0;
      if (first && add_prefix_space && leading == 1) leading = 0;
      s.begin = std::min(s.begin + leading, s.end);
    }
    if (trailing > 0 && s.end >= trailing) s.end = std::max(s.end - trailing, s.begin);
  }
}

namespace {

class ByteLevel : public PostProcessor {
 public:
  explicit ByteLevel(const Json& json)
      : add_prefix_space_(get_bool(json, "add_prefix_space", "ByteLevel")),
        trim_offsets_(get_bool(json, "trim_offsets", "ByteLevel")),
        use_regex_(!has(json, "use_regex") || get_bool(json, "use_regex", "ByteLevel")) {}
  size_t added_tokens(bool) const override { return 0; }
  std::vector<Encoding> process(std::vector<Encoding> encodings, bool) const override {
    if (trim_offsets_)
      for (Encoding& e : encodings) trim_with_overflow(e, add_prefix_space_);
    for (size_t i = 0; i < encodings.size(); i++) encodings[i].set_sequence_id(i);
    return encodings;
  }
  Json to_json() const override {
    return {{"type", "ByteLevel"},
            {"add_prefix_space", add_prefix_space_},
            {"trim_offsets", trim_offsets_},
            {"use_regex", use_regex_}};
  }

 private:
  bool add_prefix_space_, trim_offsets_, use_regex_;
};

}  // namespace

PostProcessorPtr read_byte_level_processor(const Json& json) { return std::make_shared<ByteLevel>(json); }

}  // namespace ef::tokenizers
