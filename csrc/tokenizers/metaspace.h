// What the Metaspace pre-tokenizer and decoder have in common: their options.
#pragma once
#include "tokenizers/json.h"

namespace ef::tokenizers {

struct MetaspaceOptions {
  enum class Prepend { Always, First, Never };
  char32_t replacement = U'▁';
  Prepend prepend = Prepend::Always;
  bool split = true;

  static MetaspaceOptions from_json(const Json& json);  // also the older form with add_prefix_space
  Json to_json() const;
};

}  // namespace ef::tokenizers
