#include "io/atomic_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace ef {
namespace {

constexpr size_t kBufferBytes = size_t(1) << 16;

std::string folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

AtomicFile::AtomicFile(std::string path) : path_(std::move(path)) {
  static std::atomic<unsigned> counter{0};
  // O_EXCL and a name of our own: two processes that save to one place never write into one file.
  for (int attempt = 0; fd_ < 0; attempt++) {
    temporary_ = str(path_, ".tmp-", getpid(), "-", counter++);
    fd_ = open(temporary_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd_ < 0 && (errno != EEXIST || attempt == 100))
      fail<CheckpointError>(path_, ": cannot be written: ", std::strerror(errno));
  }
}

AtomicFile::~AtomicFile() { discard(); }

void AtomicFile::discard() noexcept {
  if (fd_ < 0) return;
  close(fd_);
  fd_ = -1;
  unlink(temporary_.c_str());
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  if (buffer_.size() + bytes.size() > kBufferBytes) flush();
  if (bytes.size() >= kBufferBytes)
    write_at(offset_, bytes);
  else
    buffer_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  offset_ += bytes.size();
}

void AtomicFile::flush() {
  const std::string pending = std::move(buffer_);
  buffer_.clear();
  write_at(offset_ - pending.size(), std::as_bytes(std::span(pending.data(), pending.size())));
}

void AtomicFile::write_at(uint64_t offset, std::span<const std::byte> bytes) {
  check<CheckpointError>(fd_ >= 0, path_, ": written after commit()");
  while (!bytes.empty()) {
    const ssize_t n = pwrite(fd_, bytes.data(), bytes.size(), off_t(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail<CheckpointError>(path_, ": writing failed at byte ", offset, ": ", std::strerror(errno));
    offset += uint64_t(n);
    bytes = bytes.subspan(size_t(n));
  }
}

void AtomicFile::pad_to(uint64_t multiple) {
  const uint64_t rest = offset_ % multiple;
  if (rest) write(std::string(multiple - rest, '\0'));
}

void AtomicFile::extend_to(uint64_t size) {
  flush();
  const off_t now = lseek(fd_, 0, SEEK_END);
  if (now < 0 || (uint64_t(now) < size && ftruncate(fd_, off_t(size)) != 0))
    fail<CheckpointError>(path_, ": cannot grow to ", size, " bytes: ", std::strerror(errno));
}

void AtomicFile::commit() {
  check<CheckpointError>(fd_ >= 0, path_, ": commit() called twice");
  flush();
  if (fsync(fd_) != 0) fail<CheckpointError>(path_, ": could not be written to disk: ", std::strerror(errno));
  if (rename(temporary_.c_str(), path_.c_str()) != 0)
    fail<CheckpointError>(path_, ": cannot be replaced: ", std::strerror(errno));
  const int fd = fd_;
  fd_ = -1;  // the file is in its place: nothing to remove any more
  const bool closed = close(fd) == 0;
  // The new name itself must reach the disk too; file systems that cannot sync a folder are let be.
  const int folder = open(folder_of(path_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder >= 0) {
    fsync(folder);
    close(folder);
  }
  check<CheckpointError>(closed, path_, ": closing failed: ", std::strerror(errno));
}

}  // namespace ef
