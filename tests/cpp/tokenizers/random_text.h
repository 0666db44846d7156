// Random texts of every kind of character.
#pragma once
#include <random>
#include <string>

#include "tokenizers/utf8.h"

namespace ef::tokenizers {

inline std::string random_text(std::mt19937& r, int characters) {
  static const std::u32string kCommon =
      U"  "
      U"\t\n\r'sStTrReEvVmMlLdDſ.,!/"
      U"?_-()aAzZéÉßŒǅʰªº中日あカ한ㄱא0129²½Ⅳ①\u0301\u0903\u200d\ufe0f$+€©　\u00a0\u2028\u0085😀👍";
  std::string out;
  for (int i = 0; i < characters; i++) {
    char32_t c;
    switch (r() % 4) {
      case 0:
        c = r() % 0x110000;
        break;
      case 1:
        c = r() % 0x3000;
        break;
      default:
        c = kCommon[r() % kCommon.size()];
    }
    if (c >= 0xd800 && c < 0xe000) c = U' ';
    utf8::append(out, c);
    if (r() % 3 == 0) out += out.back() == ' ' ? "\n" : " ";
  }
  return out;
}

}  // namespace ef::tokenizers
