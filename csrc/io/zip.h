// Zip archives: stored and deflated entries, also beyond 4 GiB. No passwords, no split archives.
#pragma once
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "io/mapped_file.h"

namespace ef {

struct ZipEntry {
  std::string name;
  uint64_t stored_bytes = 0, size = 0;  // in the archive, and unpacked
  uint64_t offset = 0;                  // of the stored bytes in the file
  uint32_t crc = 0;
  bool deflated = false;
};

// Bytes with what keeps them alive.
struct OwnedBytes {
  FilePtr owner;
  std::span<const std::byte> bytes;
};

class ZipFile {
 public:
  // All deflated entries together may unpack to `max_ratio` times the size of the file, but always to `max_free_bytes`:
  // what claims more is taken for a bomb.
  struct Limits {
    uint64_t max_ratio = 200;
    uint64_t max_free_bytes = uint64_t(64) << 20;
  };
  // Reads the directory and checks every entry's place. CheckpointError for damage, UnsupportedError for encryption and
  // other compression methods.
  explicit ZipFile(FilePtr file);
  ZipFile(FilePtr file, const Limits& limits);
  ZipFile(ZipFile&&) = default;
  ZipFile& operator=(ZipFile&&) = default;

  static bool looks_like_zip(std::span<const std::byte> bytes);
  const std::vector<ZipEntry>& entries() const { return entries_; }  // in directory order
  const ZipEntry* find(std::string_view name) const;
  // Stored entries are views of the file, deflated ones are unpacked and checked (size, CRC). With check_crc stored
  // ones are as well, which reads them whole.
  OwnedBytes read(const ZipEntry& entry, bool check_crc = false) const;
  const FilePtr& file() const { return file_; }

 private:
  FilePtr file_;
  std::vector<ZipEntry> entries_;
  std::unordered_map<std::string_view, size_t> index_;
};

}  // namespace ef
