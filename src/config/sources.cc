#include "config/sources.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "config/text.h"

namespace mbk::config {
namespace {

constexpr std::size_t kMaxFileBytes = 1 << 20;

bool Exists(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

// Reads one item of a CSV line from the front of `rest`, up to and including its comma.
struct CsvReader {
  std::string_view rest;
  bool more = true;

  // False when a closing quote is missing or followed by anything but a comma.
  bool Next(std::string& item) {
    item.clear();
    return rest.starts_with('"') ? NextQuoted(item) : NextBare(item);
  }

 private:
  bool NextBare(std::string& item) {
    const auto comma = rest.find(',');
    item = rest.substr(0, comma);
    Skip(comma);
    return true;
  }

  bool NextQuoted(std::string& item) {
    for (std::size_t i = 1; i < rest.size(); ++i) {
      if (rest[i] != '"') {
        item += rest[i];
      } else if (i + 1 < rest.size() && rest[i + 1] == '"') {
        item += rest[i++];
      } else {
        return EndAt(i + 1);
      }
    }
    return false;
  }

  bool EndAt(std::size_t position) {
    if (position < rest.size() && rest[position] != ',') return false;
    Skip(position < rest.size() ? position : std::string_view::npos);
    return true;
  }

  void Skip(std::size_t comma) {
    more = comma != std::string_view::npos;
    rest.remove_prefix(more ? comma + 1 : rest.size());
  }
};

// Milvus's own containers have its keys under these names, and scripts hand them on as TO_MINIO_…. On the
// side of --config they are Milvus's alone, as they are for the Go tool.
std::string NameOfMilvus(const std::string& name) {
  for (const auto& [ours, milvus] :
       {std::pair{"ACCESS_KEY", "ACCESS_KEY_ID"}, {"SECRET_KEY", "SECRET_ACCESS_KEY"}}) {
    for (const std::string_view store : {"MINIO_", "MINIO_BACKUP_"}) {
      if (name == fmt::format("{}{}", store, ours)) return fmt::format("{}{}", store, milvus);
    }
  }
  return "";
}

}  // namespace

std::string_view SetFlag(Role role) { return role == Role::kTo ? "--set-to" : "--set"; }

std::optional<Variable> FindVariable(const std::string& name, Role role, const EnvLookup& env) {
  std::vector<std::string> candidates = {name};
  if (role == Role::kTo) {
    candidates = {"TO_" + name};
    if (const std::string milvus = NameOfMilvus(name); !milvus.empty()) candidates.push_back("TO_" + milvus);
  }
  for (std::string& candidate : candidates) {
    if (auto value = env(candidate)) return Variable{std::move(candidate), *std::move(value)};
  }
  return std::nullopt;
}

bool IsKubernetesServiceLink(const Variable& variable) {
  return (variable.name.ends_with("_PORT") || variable.name.ends_with("_ADDRESS")) &&
         (variable.value.starts_with("tcp://") || variable.value.starts_with("udp://") ||
          variable.value.starts_with("sctp://"));
}

Result<std::vector<std::string>> SplitSetFlag(std::string_view flag, Role role) {
  std::vector<std::string> items;
  if (flag.empty()) return items;
  CsvReader reader{.rest = flag};
  while (reader.more) {
    std::string item;
    if (!reader.Next(item)) {
      return InvalidArgument(
          fmt::format("{}: item {}: a quoted item must end with a quote, before a comma or at the end",
                      SetFlag(role), items.size() + 1));
    }
    items.push_back(std::move(item));
  }
  return items;
}

Result<std::vector<Override>> ParseOverrides(const std::vector<std::string>& items, Role role) {
  std::vector<Override> overrides;
  for (const std::string& item : items) {
    const auto equals = item.find('=');
    if (equals == std::string::npos || equals == 0) {
      return InvalidArgument(
          fmt::format("invalid {0} format, want KEY=VALUE: item {1} has no {2}; an item whose value holds a "
                      "comma must be quoted, e.g. {0} '\"KEY=a,b\"'",
                      SetFlag(role), overrides.size() + 1, equals == 0 ? "key" : "'='"));
    }
    overrides.push_back({.key = item.substr(0, equals), .value = item.substr(equals + 1)});
  }
  return overrides;
}

Result<std::string> LocateFile(const std::string& name, const EnvLookup& env, Role role) {
  if (Exists(name)) return name;
  const std::string base = std::filesystem::path(name).filename().string();
  std::string tried = Quoted(name);
  const auto try_directory = [&](const std::string& directory) {
    const std::string path = (std::filesystem::path(directory) / base).string();
    tried += ", " + Quoted(path);
    return path;
  };
  if (const auto directory = env("MILVUSCONF"); directory && !directory->empty()) {
    if (std::string path = try_directory(*directory); Exists(path)) return path;
  } else {
    tried += ", $MILVUSCONF (not set)";
  }
  if (std::string path = try_directory("configs"); Exists(path)) return path;
  const std::string missing =
      fmt::format("cannot locate config file {} (tried: {}); create one of these, ", Quoted(name), tried);
  if (role == Role::kTo) return InvalidArgument(missing + "or name another with --to FILE");
  return InvalidArgument(
      missing +
      "name another with --config FILE, or pass --config \"\" to run with --set, environment "
      "and defaults only");
}

Result<std::string> ReadConfigFile(const std::string& path) {
  const auto fail = [&](std::string_view why) {
    return InvalidArgument(fmt::format("read config file {}: {}", Quoted(path), why));
  };
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return fail("is a directory, want a YAML file");
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(errno != 0 ? std::strerror(errno) : "cannot be opened");
  std::string text(kMaxFileBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) return fail("read failed");
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > kMaxFileBytes) return fail("larger than 1 MiB; this is not a configuration");
  return text;
}

}  // namespace mbk::config
