// Fields in the wire format of protocol buffers.
#pragma once
#include <cstdint>
#include <cstring>
#include <string>

namespace ef::tokenizers {

inline std::string proto_varint(uint64_t n) {
  std::string out;
  for (; n > 127; n >>= 7) out += char(n | 128);
  return out += char(n);
}
inline std::string proto_number(int field, uint64_t n) { return proto_varint(uint64_t(field) << 3) + proto_varint(n); }
inline std::string proto_bytes(int field, const std::string& bytes) {
  return proto_varint(uint64_t(field) << 3 | 2) + proto_varint(bytes.size()) + bytes;
}
inline std::string proto_float(int field, float f) {
  std::string raw(4, 0);
  std::memcpy(raw.data(), &f, 4);
  return proto_varint(uint64_t(field) << 3 | 5) + raw;
}

}  // namespace ef::tokenizers
