// Appends little-endian numbers to a string of bytes.
#pragma once
#include <string>
#include <type_traits>

namespace ef {

template <class T>
requires std::is_arithmetic_v<T>
void put(std::string& out, T value) { out.append(reinterpret_cast<const char*>(&value), sizeof value); }

}  // namespace ef
