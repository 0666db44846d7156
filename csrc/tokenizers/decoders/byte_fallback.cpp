// Runs of "<0xE5>" become the characters they spell; a run that is not UTF-8 becomes one U+FFFD a byte.
#include <charconv>

#include "tokenizers/decoders/decoder.h"
#include "tokenizers/utf8.h"

namespace ef::tokenizers {
namespace {

using Tokens = std::vector<std::string>;

class ByteFallback : public Decoder {
 public:
  Tokens decode_chain(Tokens tokens) const override {
    Tokens out;
    std::string run;
    const auto flush = [&] {
      if (run.empty()) return;
      if (utf8::find_invalid(run) == std::string::npos)
        out.push_back(run);
      else
        out.insert(out.end(), run.size(), "\xef\xbf\xbd");
      run.clear();
    };
    for (std::string& token : tokens) {
      unsigned byte = 0;
      const char* p = token.data();
      if (token.size() == 6 && token.starts_with("<0x") && token[5] == '>' &&
          std::from_chars(p + 3, p + 5, byte, 16).ptr == p + 5) {
        run += char(byte);
        continue;
      }
      flush();
      out.push_back(std::move(token));
    }
    flush();
    return out;
  }
  Json to_json() const override { return {{"type", "ByteFallback"}}; }
};

}  // namespace

DecoderPtr read_byte_fallback(const Json&) { return std::make_shared<ByteFallback>(); }

}  // namespace ef::tokenizers
