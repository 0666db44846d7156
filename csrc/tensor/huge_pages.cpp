#include "tensor/huge_pages.h"

#include <sys/mman.h>
#include <time.h>

#include <atomic>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

namespace ef {
namespace {

constexpr double kSlowPage = 1.5e-3;  // seconds; zeroing one takes 0.1 to 0.2 ms
std::atomic<bool> slow_pages{false};

double cpu_seconds() {  // of this thread: waiting for a core says nothing of memory
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return double(now.tv_sec) + 1e-9 * double(now.tv_nsec);
}

}  // namespace

bool huge_pages_are_quick() { return !slow_pages; }

void fill_huge_page(char* page) {
  madvise(page, kHugePage, MADV_HUGEPAGE);
  madvise(page, kHugePage, MADV_POPULATE_WRITE);
}

void make_huge_page(char* page) {
  if (slow_pages) return;
  const double begin = cpu_seconds();
  fill_huge_page(page);
  if (cpu_seconds() - begin > kSlowPage) slow_pages = true;
}

}  // namespace ef
