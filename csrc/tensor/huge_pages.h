// Huge pages for what is read again and again: looking up the address of every 4 kB takes a third of a decode step on
// Zen 4.
#pragma once
#include <cstddef>

namespace ef {

constexpr size_t kHugePage = 2 << 20;

// Whether they come quickly. In a virtual machine whose free memory was given back to the host a fresh one takes
// milliseconds, five times as long as the same bytes in small pages; this is false from the first such one on.
bool huge_pages_are_quick();
// Makes a huge page of memory at a multiple of kHugePage, unless they are known to be slow.
void make_huge_page(char* page);
// The same however slow they are.
void fill_huge_page(char* page);

}  // namespace ef
