#include "io/tensor_info.h"

#include <algorithm>

namespace ef {

FilePtr byte_swapped_copy(std::span<const std::byte> bytes, size_t item, const std::string& path) {
  std::vector<std::byte> out(bytes.begin(), bytes.end());
  for (size_t i = 0; i + item <= out.size(); i += item) std::reverse(out.begin() + i, out.begin() + i + item);
  return MappedFile::from_memory(path, std::move(out));
}

}  // namespace ef
