#include "ops/runs/by_hand.h"

#include <fmt/core.h>

#include "ops/select/filter.h"

namespace mbk::runs {
namespace {

// A record is a text that anybody may have written who can write to the bucket: its names end no string here.
std::string PythonQuoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\' || code < 0x20 || code == 0x7F)
      quoted += fmt::format("\\x{:02x}", code);
    else
      quoted += c;
  }
  return quoted + "\"";
}

std::string Client(const CollectionName& name) {
  const bool is_default = name.db.empty() || name.db == kDefaultDatabase;
  return fmt::format("with pymilvus: MilvusClient(…{})",
                     is_default ? "" : ", db_name=" + PythonQuoted(name.db));
}

}  // namespace

std::string DropByHand(const CollectionName& name) {
  return fmt::format("{}.drop_collection({})", Client(name), PythonQuoted(name.name));
}

std::string RenameByHand(const CollectionName& from, std::string_view to) {
  return fmt::format("{}.rename_collection({}, {})", Client(from), PythonQuoted(from.name), PythonQuoted(to));
}

}  // namespace mbk::runs
