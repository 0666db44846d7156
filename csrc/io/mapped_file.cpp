#include "io/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace ef {
namespace {

struct Descriptor {
  int fd;
  ~Descriptor() {
    if (fd >= 0) close(fd);
  }
};

std::string reason(int error) {
  switch (error) {
    case ENOENT:
      return "no such file";
    case EACCES:
      return "permission denied";
    case ENOTDIR:
      return "a part of the path is not a folder";
    case ELOOP:
      return "the symbolic link points to itself";
    default:
      return std::strerror(error);
  }
}

}  // namespace

FilePtr MappedFile::open(const std::string& path, bool disable_mmap) {
  // O_NONBLOCK: opening a pipe must not wait for a writer. Regular files ignore it.
  Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (file.fd < 0) fail<CheckpointError>(path, ": cannot be opened: ", reason(errno));
  struct stat info;
  if (fstat(file.fd, &info) != 0) fail<CheckpointError>(path, ": cannot be opened: ", reason(errno));
  check<CheckpointError>(!S_ISDIR(info.st_mode), path, ": is a folder, needed a file");
  check<CheckpointError>(S_ISREG(info.st_mode), path, ": is not a regular file (a pipe or device?)");
  check<CheckpointError>(info.st_size > 0, path, ": is empty; interrupted download?");

  std::shared_ptr<MappedFile> out(new MappedFile);
  out->path_ = path;
  out->size_ = size_t(info.st_size);
  if (!disable_mmap) {
    // Private and writable: parameters may be trained in place where they lie; the file never changes.
    // NORESERVE: pages are copied only when written, so a model larger than memory must not be refused beforehand.
    void* p = mmap(nullptr, out->size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, file.fd, 0);
    if (p != MAP_FAILED) {
      out->data_ = static_cast<const std::byte*>(p);
      out->mapped_ = true;
      return out;
    }
    // Some network and FUSE file systems cannot map; reading works everywhere.
  }
  out->memory_.resize(out->size_);
  for (size_t done = 0; done < out->size_;) {
    const ssize_t n = read(file.fd, out->memory_.data() + done, out->size_ - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail<CheckpointError>(path, ": reading failed at byte ", done, ": ", reason(errno));
    if (n == 0)
      fail<CheckpointError>(path, ": ended at byte ", done, " of ", out->size_, ": truncated while being read");
    done += size_t(n);
  }
  out->data_ = out->memory_.data();
  return out;
}

FilePtr MappedFile::from_memory(std::string path, std::vector<std::byte> bytes) {
  std::shared_ptr<MappedFile> out(new MappedFile);
  out->path_ = std::move(path);
  out->memory_ = std::move(bytes);
  out->data_ = out->memory_.data();
  out->size_ = out->memory_.size();
  return out;
}

MappedFile::~MappedFile() {
  if (mapped_) munmap(const_cast<std::byte*>(data_), size_);
}

void MappedFile::drop_pages(size_t begin, size_t end) const {
  if (!mapped_) return;
  const size_t page = size_t(sysconf(_SC_PAGESIZE));
  // The last page of the file may go as a whole: what lies behind the end of the file belongs to nobody.
  end = end >= size_ ? (size_ + page - 1) / page * page : end / page * page;
  begin = (begin + page - 1) / page * page;
  if (begin < end) madvise(const_cast<std::byte*>(data_) + begin, end - begin, MADV_DONTNEED);
}

void MappedFile::drop_pages(std::span<const std::byte> part) const {
  if (!mapped_ || part.data() < data_ || part.data() + part.size() > data_ + size_) return;
  const size_t begin = size_t(part.data() - data_);
  drop_pages(begin, begin + part.size());
}

std::string describe_foreign_file(std::span<const std::byte> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const auto starts = [&](std::string_view prefix) { return text.substr(0, prefix.size()) == prefix; };
  if (starts("version https://git-lfs")) return "it is a Git LFS pointer, not the weights; run 'git lfs pull'";
  if (starts("<!DOCTYPE") || starts("<!doctype") || starts("<html"))
    return "it is a web page, not the weights; wrong URL or no access?";
  if (starts("GGUF")) return "it looks like a GGUF file";
  if (starts(std::string_view("PK\3\4", 4))) return "it looks like a zip archive, as torch.save writes";
  if (starts(std::string_view("\x1f\x8b", 2))) return "it is compressed with gzip; unpack it first";
  if (text.size() > 9 && text[8] == '{' && text[7] == 0 && text[6] == 0 && text[5] == 0)
    return "it looks like a safetensors file";
  if (text.size() > 262 && text.substr(257, 5) == "ustar") return "it is a tar archive";
  if (starts("\x80\x02") || starts("\x80\x04")) return "it looks like a bare Python pickle";
  return "";
}

}  // namespace ef
