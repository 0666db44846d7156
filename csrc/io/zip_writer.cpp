#include "io/zip_writer.h"

#include <zlib.h>

#include <algorithm>

#include "io/byte_writer.h"
#include "io/zip_format.h"

namespace ef {
namespace {

uint32_t short_form(uint64_t value) { return value >= 0xffffffff ? 0xffffffff : uint32_t(value); }

constexpr uint16_t kVersion = 45;  // 4.5, the first with zip64
constexpr uint16_t kUtf8Names = 1 << 11;
constexpr uint16_t kDate1980 = 0x21;  // the earliest date there is: equal input gives an equal file
constexpr uint16_t kPaddingExtra = 0x4246;
constexpr uint64_t kAlignment = 64;

// version, flags, method (stored), time, date, CRC, sizes: the run of fields that both headers share.
void put_common(std::string& out, const ZipEntry& entry) {
  put(out, kVersion);
  put(out, kUtf8Names);
  put(out, uint16_t(0));
  put(out, uint16_t(0));
  put(out, kDate1980);
  put(out, entry.crc);
  put(out, short_form(entry.stored_bytes));
  put(out, short_form(entry.size));
  put(out, uint16_t(entry.name.size()));
}

}  // namespace

void ZipWriter::add(const std::string& name, std::span<const std::byte> bytes) {
  check<CheckpointError>(name.size() < 65536, file_.path(), ": an entry name of ", name.size(), " bytes is too long");
  ZipEntry entry;
  entry.name = name;
  entry.stored_bytes = entry.size = bytes.size();
  entry.crc = uint32_t(crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
  headers_.push_back(file_.offset());

  std::string head, extra;
  put(head, kLocalHeader);
  put_common(head, entry);
  if (entry.size >= 0xffffffff) {
    put(extra, kZip64Extra);
    put(extra, uint16_t(16));
    put(extra, entry.size);
    put(extra, entry.stored_bytes);
  }
  const uint64_t plain = file_.offset() + kLocalBytes + name.size() + extra.size() + 4;
  const uint64_t padding = (kAlignment - plain % kAlignment) % kAlignment;
  put(extra, kPaddingExtra);
  put(extra, uint16_t(padding));
  extra.append(padding, 'Z');
  put(head, uint16_t(extra.size()));
  file_.write(head);
  file_.write(name);
  file_.write(extra);
  entry.offset = file_.offset();
  file_.write(bytes);
  entries_.push_back(std::move(entry));
}

void ZipWriter::commit() {
  const uint64_t begin = file_.offset();
  for (size_t i = 0; i < entries_.size(); i++) {
    const ZipEntry& entry = entries_[i];
    std::string head, extra;
    if (entry.size >= 0xffffffff || headers_[i] >= 0xffffffff) {
      std::string body;
      if (entry.size >= 0xffffffff) {
        put(body, entry.size);
        put(body, entry.stored_bytes);
      }
      if (headers_[i] >= 0xffffffff) put(body, headers_[i]);
      put(extra, kZip64Extra);
      put(extra, uint16_t(body.size()));
      extra += body;
    }
    put(head, kDirectoryHeader);
    put(head, kVersion);
    put_common(head, entry);
    put(head, uint16_t(extra.size()));
    head.append(2 + 2 + 2 + 4, '\0');  // no comment, first disk, no attributes
    put(head, short_form(headers_[i]));
    file_.write(head);
    file_.write(entry.name);
    file_.write(extra);
  }
  const uint64_t bytes = file_.offset() - begin, count = entries_.size();
  std::string end;
  if (count >= 0xffff || bytes >= 0xffffffff || begin >= 0xffffffff) {
    const uint64_t at = file_.offset();
    put(end, kEnd64);
    put(end, uint64_t(44));
    put(end, kVersion);
    put(end, kVersion);
    put(end, uint64_t(0));  // this disk, the directory's disk
    put(end, count);
    put(end, count);
    put(end, bytes);
    put(end, begin);
    put(end, kEnd64Locator);
    put(end, uint32_t(0));
    put(end, at);
    put(end, uint32_t(1));
  }
  put(end, kEnd);
  put(end, uint32_t(0));
  put(end, uint16_t(std::min<uint64_t>(count, 0xffff)));
  put(end, uint16_t(std::min<uint64_t>(count, 0xffff)));
  put(end, short_form(bytes));
  put(end, short_form(begin));
  put(end, uint16_t(0));
  file_.write(end);
  file_.commit();
}

}  // namespace ef
