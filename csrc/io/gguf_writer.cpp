#include "io/gguf_writer.h"

#include <algorithm>
#include <bit>

#include "io/byte_writer.h"

namespace ef {
namespace {

void put_text(std::string& out, std::string_view text) {
  put(out, uint64_t(text.size()));
  out.append(text);
}

template <class T>
constexpr GgufValueType value_type() {
  using enum GgufValueType;
  if constexpr (std::is_same_v<T, bool>)
    return Bool;
  else if constexpr (std::is_same_v<T, uint8_t>)
    return UInt8;
  else if constexpr (std::is_same_v<T, int8_t>)
    return Int8;
  else if constexpr (std::is_same_v<T, uint16_t>)
    return UInt16;
  else if constexpr (std::is_same_v<T, int16_t>)
    return Int16;
  else if constexpr (std::is_same_v<T, uint32_t>)
    return UInt32;
  else if constexpr (std::is_same_v<T, int32_t>)
    return Int32;
  else if constexpr (std::is_same_v<T, float>)
    return Float32;
  else if constexpr (std::is_same_v<T, uint64_t>)
    return UInt64;
  else if constexpr (std::is_same_v<T, int64_t>)
    return Int64;
  else if constexpr (std::is_same_v<T, double>)
    return Float64;
  else if constexpr (std::is_same_v<T, std::string>)
    return String;
  else
    return Array;
}

template <class T>
void put_value(std::string& out, const T& value) {
  if constexpr (std::is_same_v<T, bool>)
    put(out, uint8_t(value));
  else if constexpr (std::is_arithmetic_v<T>)
    put(out, value);
  else if constexpr (std::is_same_v<T, std::string>)
    put_text(out, value);
  else {
    using E = typename T::value_type;
    put(out, uint32_t(value_type<E>()));
    put(out, uint64_t(value.size()));
    for (const E& element : value) put_value<E>(out, element);
  }
}

void put_stored(std::string& out, const GgufValue& value);

void put_array(std::string& out, const GgufArray& array) {
  put(out, uint32_t(array.element));
  put(out, array.count);
  for (std::string_view text : array.strings()) put_text(out, text);
  for (const GgufValue& inner : array.arrays) put_stored(out, inner);
  const size_t size = gguf_value_size(array.element), start = out.size();
  out.append(reinterpret_cast<const char*>(array.numbers.data()), array.numbers.size());
  if (array.endian == Endian::Big && size > 1)
    for (size_t i = start; i < out.size(); i += size) std::reverse(out.begin() + i, out.begin() + i + size);
}

void put_stored(std::string& out, const GgufValue& value) {
  using enum GgufValueType;
  switch (value.type) {
    case UInt8:
      return put(out, uint8_t(std::get<uint64_t>(value.value)));
    case UInt16:
      return put(out, uint16_t(std::get<uint64_t>(value.value)));
    case UInt32:
      return put(out, uint32_t(std::get<uint64_t>(value.value)));
    case UInt64:
      return put(out, std::get<uint64_t>(value.value));
    case Int8:
      return put(out, int8_t(std::get<int64_t>(value.value)));
    case Int16:
      return put(out, int16_t(std::get<int64_t>(value.value)));
    case Int32:
      return put(out, int32_t(std::get<int64_t>(value.value)));
    case Int64:
      return put(out, std::get<int64_t>(value.value));
    case Float32:
      return put(out, float(std::get<double>(value.value)));
    case Float64:
      return put(out, std::get<double>(value.value));
    case Bool:
      return put(out, uint8_t(std::get<bool>(value.value)));
    case String:
      return put_text(out, std::get<std::string_view>(value.value));
    case Array:
      return put_array(out, *value.array());
  }
}

}  // namespace

GgufWriter::GgufWriter(const std::string& path, uint64_t alignment) : file_(path), alignment_(alignment) {
  check<CheckpointError>(std::has_single_bit(alignment) && alignment >= 8 && alignment <= (1u << 30), path,
                         ": alignment ", alignment, ", needed a power of two from 8");
  if (alignment != 32) set("general.alignment", uint32_t(alignment));
}

void GgufWriter::begin_value(const std::string& key, GgufValueType type) {
  check<CheckpointError>(data_begin_ == 0, file_.path(), ": metadata '", key,
                         "' comes after the first tensor was written");
  check<CheckpointError>(keys_.try_emplace(key, true).second, file_.path(), ": metadata '", key, "' is set twice");
  put_text(metadata_, key);
  put(metadata_, uint32_t(type));
  values_++;
}

template <class T>
void GgufWriter::set(const std::string& key, const T& value) {
  begin_value(key, value_type<T>());
  put_value<T>(metadata_, value);
}
#define EF_GGUF_SET(T)                                         \
  template void GgufWriter::set(const std::string&, const T&); \
  template void GgufWriter::set(const std::string&, const std::vector<T>&);
EF_GGUF_SET(bool)
EF_GGUF_SET(uint8_t)
EF_GGUF_SET(int8_t)
EF_GGUF_SET(uint16_t)
EF_GGUF_SET(int16_t)
EF_GGUF_SET(uint32_t)
EF_GGUF_SET(int32_t)
EF_GGUF_SET(uint64_t)
EF_GGUF_SET(int64_t)
EF_GGUF_SET(float)
EF_GGUF_SET(double)
EF_GGUF_SET(std::string)
#undef EF_GGUF_SET

void GgufWriter::set(const std::string& key, const GgufValue& value) {
  begin_value(key, value.type);
  put_stored(metadata_, value);
}

void GgufWriter::add_tensor(const std::string& name, GgmlType type, const Shape& shape) {
  check<CheckpointError>(data_begin_ == 0, file_.path(), ": tensor '", name,
                         "' is announced after the first was written");
  const GgmlTypeInfo& info = ggml_type_info(type);
  int64_t elements;
  uint64_t nbytes;
  const int64_t row = shape.empty() ? 1 : shape.back();
  check<CheckpointError>(
      checked_count(shape, elements) && row % info.block_length == 0 &&
          !__builtin_mul_overflow(uint64_t(elements) / info.block_length, uint64_t(info.block_bytes), &nbytes),
      file_.path(), ": tensor '", name, "' of shape ", shape, " cannot be stored as ", info.name, " (blocks of ",
      info.block_length, " along the last dimension)");
  check<CheckpointError>(slots_.try_emplace(name, Slot{data_bytes_, nbytes}).second, file_.path(), ": tensor '", name,
                         "' is given twice");
  put_text(descriptions_, name);
  put(descriptions_, uint32_t(shape.size()));
  for (int i = shape.size() - 1; i >= 0; i--) put(descriptions_, uint64_t(shape[i]));
  put(descriptions_, uint32_t(type));
  put(descriptions_, data_bytes_);
  data_bytes_ += (nbytes + alignment_ - 1) / alignment_ * alignment_;
}

void GgufWriter::write_header() {
  std::string head = "GGUF";
  put(head, uint32_t(3));
  put(head, uint64_t(slots_.size()));
  put(head, values_);
  file_.write(head);
  file_.write(metadata_);
  file_.write(descriptions_);
  file_.pad_to(alignment_);
  data_begin_ = file_.offset();
}

void GgufWriter::write(const std::string& name, std::span<const std::byte> bytes) {
  if (data_begin_ == 0) write_header();
  const auto at = slots_.find(name);
  check<CheckpointError>(at != slots_.end(), file_.path(), ": tensor '", name, "' was not announced");
  Slot& slot = at->second;
  check<CheckpointError>(!slot.written, file_.path(), ": tensor '", name, "' is written twice");
  check<CheckpointError>(bytes.size() == slot.nbytes, file_.path(), ": tensor '", name, "' was given ", bytes.size(),
                         " bytes, announced were ", slot.nbytes);
  file_.write_at(data_begin_ + slot.offset, bytes);
  slot.written = true;
}

void GgufWriter::commit() {
  if (data_begin_ == 0) write_header();
  for (const auto& [name, slot] : slots_)
    check<CheckpointError>(slot.written, file_.path(), ": tensor '", name, "' was announced and never written");
  // The last tensor is padded as well, so that its padding exists even when nothing follows.
  if (data_bytes_ > 0) file_.extend_to(data_begin_ + data_bytes_);
  file_.commit();
}

}  // namespace ef
