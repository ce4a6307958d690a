#include <malloc.h>

#include "cli/app.h"

namespace {

// A streamed copy holds buffers of megabytes. glibc raises the size from which it maps memory to that of the
// largest block freed; from then on such buffers come out of its arenas, a dozen of them, each of which keeps
// tens of MiB that were freed. A fixed size gives them back at once. What is freed of smaller blocks may
// stay, up to a limit, which spares small copies their system calls.
void KeepMemoryFlat() {
  mallopt(M_MMAP_THRESHOLD, 256 << 10);
  mallopt(M_TRIM_THRESHOLD, 1 << 20);
}

}  // namespace

int main(int argc, char** argv) {
  KeepMemoryFlat();
  return mbk::cli::Main({argv + 1, argv + argc});
}
