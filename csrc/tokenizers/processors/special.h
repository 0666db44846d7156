#pragma once
#include <memory>
#include <string>

#include "tokenizers/encoding.h"
#include "tokenizers/json.h"

namespace ef::tokenizers {

// A token that a processor adds: ["[SEP]", 102] in JSON.
struct SpecialTokenId {
  std::shared_ptr<const std::string> token;  // shared with the encodings that show it
  uint32_t id = 0;
  static SpecialTokenId from_json(const Json& object, std::string_view key, std::string_view where);
  Json to_json() const;
};

// Appends a special token that stands for no part of the text.
void push_special(Encoding& encoding, std::string_view token, uint32_t id, uint32_t type_id);
// [before…] encoding [after…], also for what is overflowing, but not for what overflows of that; the sequence keeps its
// number. Between them all is text: padding and the special tokens of an earlier processor lose their marks.
Encoding surround(const Encoding& encoding, const std::vector<SpecialTokenId>& before,
                  const std::vector<SpecialTokenId>& after, uint32_t type_id, size_t sequence);

}  // namespace ef::tokenizers
