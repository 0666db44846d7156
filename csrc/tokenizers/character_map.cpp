#include "tokenizers/character_map.h"

#include <cstring>

namespace ef::tokenizers {

CharacterMap::CharacterMap(Maker maker)
    : entries_([maker = std::move(maker)](char32_t c) {
        std::string text;
        Entry out{};
        out.alone = !(c >= 0xd800 && c < 0xe000) && maker(c, text) && text.size() <= sizeof out.text;
        out.length = out.alone ? uint8_t(text.size()) : 0;
        std::memcpy(out.text, text.data(), out.length);
        return out;
      }) {}

}  // namespace ef::tokenizers
