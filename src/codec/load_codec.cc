#include <dlfcn.h>
#include <fmt/format.h>

#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "base/version.h"
#include "codec/codec_library.h"
#include "codec/row_codec.h"

namespace mbk {
namespace codec {

const char* BuildId() {
  static const std::string id = fmt::format("{} {} {}", kVersion, kGitCommit, kCompiler);
  return id.c_str();
}

namespace {

namespace fs = std::filesystem;

/// Where the library belongs, as seen from the directory of the program: beside it in a checkout and in a
/// build tree, and where packages put it. Neither the environment nor the current directory has a say.
constexpr const char* kDirectories[] = {"lib", "../lib/milvus-backup"};

Result<std::string> FindLibrary() {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (error) return FailedPrecondition("read /proc/self/exe: " + error.message());
  for (const char* directory : kDirectories) {
    const fs::path file = program.parent_path() / directory / kLibraryName;
    if (fs::exists(file, error)) return file.lexically_normal().string();
  }
  return FailedPrecondition(fmt::format(
      "{} is neither in lib/ nor in ../lib/milvus-backup/ of {}: it reads and writes rows, and is "
      "installed with the program",
      kLibraryName, program.parent_path().string()));
}

template <class Function>
Result<Function*> FindEntry(void* library, const std::string& file, const char* name) {
  void* const entry = dlsym(library, name);
  if (entry == nullptr) return FailedPrecondition(fmt::format("{}: has no {}", file, name));
  return reinterpret_cast<Function*>(entry);
}

Result<RowCodec*> Load() {
  MBK_TRY_ASSIGN(const std::string file, FindLibrary());
  // Never closed: what it has made may live to the end. Its symbols stay its own.
  void* const library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return FailedPrecondition(fmt::format("open {}: {}", file, dlerror()));
  MBK_TRY_ASSIGN(auto* const build, FindEntry<decltype(MbkCodecBuild)>(library, file, "MbkCodecBuild"));
  if (std::string_view(build()) != BuildId()) {
    return FailedPrecondition(
        fmt::format("{} is of another build ({}) than this program ({}): install both together", file,
                    build(), BuildId()));
  }
  MBK_TRY_ASSIGN(auto* const codec, FindEntry<decltype(MbkCodec)>(library, file, "MbkCodec"));
  return codec();
}

}  // namespace
}  // namespace codec

Result<RowCodec*> LoadRowCodec() {
  static const Result<RowCodec*> loaded = codec::Load();
  return loaded;
}

}  // namespace mbk
