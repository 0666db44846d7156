// Joins all tokens into one.
#include "tokenizers/decoders/decoder.h"

namespace ef::tokenizers {
namespace {

using Tokens = std::vector<std::string>;

class Fuse : public Decoder {
 public:
  Tokens decode_chain(Tokens tokens) const override {
    std::string out;
    for (const std::string& token : tokens) out += token;
    return {std::move(out)};
  }
  bool add_to(DecodePlan& plan) const override { return !plan.raw && (plan.fused = true); }
  Json to_json() const override { return {{"type", "Fuse"}}; }
};

}  // namespace

DecoderPtr read_fuse(const Json&) { return std::make_shared<Fuse>(); }

}  // namespace ef::tokenizers
