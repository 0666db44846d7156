// The numbers of the zip format that reader and writer share.
#pragma once
#include <cstdint>

namespace ef {

constexpr uint32_t kLocalHeader = 0x04034b50, kDirectoryHeader = 0x02014b50, kEnd = 0x06054b50, kEnd64 = 0x06064b50,
                   kEnd64Locator = 0x07064b50;
constexpr uint64_t kEndBytes = 22, kLocatorBytes = 20, kLocalBytes = 30, kDirectoryBytes = 46;
constexpr uint16_t kZip64Extra = 1;

}  // namespace ef
