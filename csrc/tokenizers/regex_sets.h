// Sets of characters as the library's regular expressions know them.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace ef::tokenizers {

// First and last code point of each run; `normalized` puts them in order, apart from each other.
using Ranges = std::vector<std::pair<char32_t, char32_t>>;

Ranges normalized(Ranges ranges);
Ranges complement(const Ranges& ranges);
Ranges join(Ranges a, const Ranges& b);
Ranges intersection(const Ranges& a, const Ranges& b);
bool contains(const Ranges& set, char32_t code);  // of a normalized one

// \d, \h, \s, and \w, which standing alone also has the superscript digits and fractions of Latin-1; in brackets not.
const Ranges& digits();
const Ranges& hex_digits();
const Ranges& white();
const Ranges& word(bool alone);

// A category, script, block or property by the name in \p{…} or (`posix`) in [:…:]. False: there is none.
bool named_set(const std::string& name, bool in_class, bool posix, Ranges& out);

}  // namespace ef::tokenizers
