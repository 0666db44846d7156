#pragma once
#include "tokenizers/encoding.h"

namespace ef::tokenizers {

// Takes white space at both ends of the tokens out of the offsets.
void trim_byte_level_offsets(Encoding& encoding, bool add_prefix_space);
inline void trim_with_overflow(Encoding& encoding, bool add_prefix_space) {
  trim_byte_level_offsets(encoding, add_prefix_space);
  for (Encoding& o : encoding.overflowing) trim_byte_level_offsets(o, add_prefix_space);
}

}  // namespace ef::tokenizers
