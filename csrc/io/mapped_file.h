// The bytes of one file: mapped from disk, read into memory, or handed over by a decompressor.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace ef {

// Tensors hold the shared_ptr as the owner of the bytes they view.
//
// A mapping is private: whoever writes through such a tensor gets a copy of the pages, and the file never changes.
//
// A mapped file that another process truncates ends this one with SIGBUS when the lost pages are touched; nothing in
// user space prevents that. disable_mmap reads the file into memory at once and is the way out.
class MappedFile {
 public:
  // CheckpointError: missing, a folder, not a regular file, not readable, empty.
  static std::shared_ptr<const MappedFile> open(const std::string& path, bool disable_mmap = false);
  // `path` is then only a name for messages.
  static std::shared_ptr<const MappedFile> from_memory(std::string path, std::vector<std::byte> bytes);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  const std::byte* data() const { return data_; }
  size_t size() const { return size_; }
  std::span<const std::byte> bytes() const { return {data_, size_}; }
  const std::string& path() const { return path_; }
  bool mapped() const { return mapped_; }

  // Tells the system that bytes [begin, end) are not needed soon, so that they stop counting as resident. They stay
  // readable. Only whole pages inside the range are dropped; no effect on memory that is not mapped. What was
  // written to them is lost: they come back as the file has them.
  void drop_pages(size_t begin, size_t end) const;
  void drop_pages(std::span<const std::byte> part) const;

 private:
  MappedFile() = default;
  std::string path_;
  const std::byte* data_ = nullptr;
  size_t size_ = 0;
  bool mapped_ = false;
  std::vector<std::byte> memory_;
};

using FilePtr = std::shared_ptr<const MappedFile>;

// A few words about what the bytes look like instead of what was wanted, for the end of an error message: an unfetched
// Git LFS pointer, a web page, another checkpoint format. Empty when nothing is recognised.
std::string describe_foreign_file(std::span<const std::byte> bytes);

}  // namespace ef
