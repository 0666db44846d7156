// Writes zip archives as torch.save does: nothing compressed, data aligned.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "io/atomic_file.h"
#include "io/zip.h"

namespace ef {

// Each entry begins at a multiple of 64 bytes, so that it can be used from a mapping.
class ZipWriter {
 public:
  explicit ZipWriter(const std::string& path) : file_(path) {}
  void add(const std::string& name, std::span<const std::byte> bytes);
  void add(const std::string& name, std::string_view text) {
    add(name, std::as_bytes(std::span(text.data(), text.size())));
  }
  void commit();

 private:
  AtomicFile file_;
  std::vector<ZipEntry> entries_;
  std::vector<uint64_t> headers_;
};

}  // namespace ef
