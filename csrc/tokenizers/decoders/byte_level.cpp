// Reads the printable spelling of bytes back.
#include "tokenizers/byte_alphabet.h"
#include "tokenizers/decoders/decoder.h"
#include "tokenizers/utf8.h"

namespace ef::tokenizers {
namespace {

class ByteLevel : public TokenDecoder {
 public:
  // The options mean nothing here, but files have them.
  explicit ByteLevel(const Json& json)
      : add_prefix_space_(get_bool(json, "add_prefix_space", "ByteLevel")),
        trim_offsets_(get_bool(json, "trim_offsets", "ByteLevel")),
        use_regex_(!has(json, "use_regex") || get_bool(json, "use_regex", "ByteLevel")) {}
  std::vector<std::string> decode_chain(std::vector<std::string> tokens) const override {
    std::string bytes;
    for (std::string& token : tokens) bytes += piece(std::move(token), false);
    return {utf8::lossy(bytes)};
  }
  bool first_differs() const override { return false; }
  std::string piece(std::string token, bool) const override {
    auto raw = bytes_of_token(token);
    return raw ? std::move(*raw) : token;  // an added token with other characters is itself
  }
  bool add_to(DecodePlan& plan) const override {
    return !plan.byte_runs && !plan.fused && TokenDecoder::add_to(plan) && (plan.raw = true);
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

DecoderPtr read_byte_level_decoder(const Json& json) { return std::make_shared<ByteLevel>(json); }

}  // namespace ef::tokenizers
