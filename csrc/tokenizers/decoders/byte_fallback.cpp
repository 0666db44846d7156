// Runs of "<0xE5>" become the characters they spell; a run that is not UTF-8 becomes one U+FFFD a byte.
#include "tokenizers/decoders/decoder.h"
#include "tokenizers/decoders/text.h"
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
        out.insert(out.end(), run.size(), std::string(kNoCharacter));
      run.clear();
    };
    for (std::string& token : tokens) {
      if (const auto byte = byte_named(token)) {
        run += char(*byte);
        continue;
      }
      flush();
      out.push_back(std::move(token));
    }
    flush();
    return out;
  }
  bool add_to(DecodePlan& plan) const override {
    return !plan.raw && !plan.fused && !plan.byte_runs && (plan.byte_runs = true);
  }
  Json to_json() const override { return {{"type", "ByteFallback"}}; }
};

}  // namespace

DecoderPtr read_byte_fallback(const Json&) { return std::make_shared<ByteFallback>(); }

}  // namespace ef::tokenizers
