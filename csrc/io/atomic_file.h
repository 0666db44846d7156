// A file that appears whole or not at all: written beside its place, synced to disk, then renamed.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/error.h"

namespace ef {

class AtomicFile {
 public:
  // CheckpointError when the folder is missing or not writable. A symbolic link at `path` is replaced, not followed.
  explicit AtomicFile(std::string path);
  ~AtomicFile();  // without commit(): removes what was written
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::span<const std::byte> bytes);
  void write(std::string_view text) { write(std::as_bytes(std::span(text.data(), text.size()))); }
  void write_at(uint64_t offset, std::span<const std::byte> bytes);  // anywhere, also behind the end
  void pad_to(uint64_t multiple);                                    // with zeros
  void extend_to(uint64_t size);                                     // with zeros, if the file is shorter
  uint64_t offset() const { return offset_; }                        // where the next write() goes
  void commit();
  const std::string& path() const { return path_; }

 private:
  void flush();
  void discard() noexcept;
  std::string path_, temporary_, buffer_;
  int fd_ = -1;
  uint64_t offset_ = 0;
};

}  // namespace ef
