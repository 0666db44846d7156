#include "tokenizers/processors/special.h"

namespace ef::tokenizers {

SpecialTokenId SpecialTokenId::from_json(const Json& object, std::string_view key, std::string_view where) {
  const Json& pair = require(object, key, where);
  check<TokenizerError>(pair.is_array() && pair.size() == 2 && pair[0].is_string() && pair[1].is_number_unsigned() &&
                            pair[1].get<uint64_t>() <= UINT32_MAX,
                        where, ": '", key, "' must be a token and its id, such as [\"[SEP]\", 102]");
  return {std::make_shared<const std::string>(pair[0].get<std::string>()), pair[1].get<uint32_t>()};
}
Json SpecialTokenId::to_json() const {
  Json out = Json::array();
  out.push_back(*token);
  out.push_back(id);
  return out;
}

void push_special(Encoding& encoding, std::string_view token, uint32_t id, uint32_t type_id) {
  encoding.tokens.push_back({token, {0, 0}, id, type_id, kNoWord, true});
}

Encoding surround(const Encoding& encoding, const std::vector<SpecialTokenId>& before,
                  const std::vector<SpecialTokenId>& after, uint32_t type_id, size_t sequence) {
  const auto surrounded = [&](const Encoding& body) {
    Encoding out;
    out.tokens.reserve(body.size() + before.size() + after.size());
    const auto push = [&](const SpecialTokenId& t) {
      out.keep(t.token);
      push_special(out, *t.token, t.id, type_id);
    };
    for (auto& t : before) push(t);
    for (auto& owner : body.owners) out.keep(owner);
    for (EncodedToken token : body.tokens) {
      token.special = false, token.attention = true;
      out.tokens.push_back(token);
    }
    out.sequence_ranges[sequence] = {before.size(), out.size()};
    for (auto& t : after) push(t);
    return out;
  };
  Encoding out = surrounded(encoding);
  for (const Encoding& part : encoding.overflowing) out.overflowing.push_back(surrounded(part));
  return out;
}

}  // namespace ef::tokenizers
