#include "config/addresses.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <charconv>
#include <functional>

#include "config/text.h"

namespace mbk::config {
namespace {

constexpr std::string_view kLettersOfNames =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";

Status NoHost(std::string_view text, std::string_view why) {
  return InvalidArgument(fmt::format("{} {}; want a host", Quoted(text), why));
}

bool IsName(std::string_view host) {
  return !host.empty() && host.find_first_not_of(kLettersOfNames) == std::string_view::npos;
}

// With a zone ("fe80::1%eth0") or not.
bool IsIpv6(std::string_view host) {
  const auto zone = host.find('%');
  const std::string_view number = host.substr(0, zone);
  if (zone != std::string_view::npos && !IsName(host.substr(zone + 1))) return false;
  in6_addr parsed{};
  return ::inet_pton(AF_INET6, std::string(number).c_str(), &parsed) == 1;
}

std::optional<int> PortOf(std::string_view digits) {
  int port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc() || end != digits.data() + digits.size() || port < 1 || port > kMaxPort)
    return std::nullopt;
  return port;
}

struct HostAndPort {
  std::string_view host;
  std::optional<std::string_view> port;
  bool bracketed = false;
};

// Nullopt for a bracket that is not closed, or followed by anything but a port.
std::optional<HostAndPort> Split(std::string_view text) {
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    HostAndPort parts{.host = text.substr(1, close - 1), .bracketed = true};
    const std::string_view rest = text.substr(close + 1);
    if (rest.empty()) return parts;
    if (!rest.starts_with(':')) return std::nullopt;
    parts.port = rest.substr(1);
    return parts;
  }
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || text.find(':', colon + 1) != std::string_view::npos)
    return HostAndPort{.host = text};
  return HostAndPort{.host = text.substr(0, colon), .port = text.substr(colon + 1)};
}

// Where an address goes once it is taken apart; `tls` says whether TLS is on, and turns it on or off.
struct Place {
  std::string address_path;
  std::string port_path;
  std::string tls_path;  ///< empty: a scheme says nothing that could be kept
  std::string& address;
  int& port;
  std::function<bool()> has_tls;
  std::function<void(bool)> set_tls;
};

// What was said in the address is as if it had been said by a key of its own.
void TakeOrigin(Resolution& out, const std::string& path, const Origin& from) {
  Origin& origin = out.origins[path];
  origin.source = from.source;
  origin.key = from.key;
  origin.line = from.line;
  origin.role = from.role;
  origin.inherited = false;
}

class Taker {
 public:
  Taker(Resolution& out, const Place& place) : out_(out), place_(place) {}

  void Run() {
    if (origin().rejected) return;
    const std::string given = place_.address;
    const Result<ParsedAddress> parsed = ParseAddress(given);
    if (!parsed.ok()) return out_.Reject(place_.address_path, parsed.status().message());
    if (parsed->tls && !parsed->port && !PortOrigin().is_explicit()) {
      return out_.Reject(place_.address_path,
                         fmt::format("{} leaves the port open; want a host, and its port as {}",
                                     Quoted(given), PortOrigin().documented));
    }
    if (parsed->port && !TakePort(given, *parsed->port)) return;
    if (parsed->tls && !TakeTls(given, *parsed->tls)) return;
    place_.address = parsed->host;
  }

 private:
  bool TakePort(const std::string& given, int port) {
    if (PortOrigin().is_explicit())
      return PortOrigin().rejected || port == place_.port || Contradicts(given, PortOrigin());
    place_.port = port;
    TakeOrigin(out_, place_.port_path, origin());
    return true;
  }

  bool TakeTls(const std::string& given, bool tls) {
    if (place_.tls_path.empty()) return true;
    const Origin& said = out_.OriginOf(place_.tls_path);
    if (said.is_explicit()) return said.rejected || tls == place_.has_tls() || Contradicts(given, said);
    place_.set_tls(tls);
    TakeOrigin(out_, place_.tls_path, origin());
    return true;
  }

  bool Contradicts(const std::string& given, const Origin& said) {
    out_.Reject(place_.address_path,
                fmt::format("{} contradicts {}{}; want the host alone", Quoted(given), said.Name(),
                            origin().source == Source::kEnv && said.source == Source::kConfig
                                ? ", and the environment wins over the file"
                                : ""));
    return false;
  }

  const Origin& origin() const { return out_.OriginOf(place_.address_path); }
  const Origin& PortOrigin() const { return out_.OriginOf(place_.port_path); }

  Resolution& out_;
  const Place& place_;
};

Place PlaceOf(std::string_view section, Storage& storage) {
  return {.address_path = fmt::format("{}.Address", section),
          .port_path = fmt::format("{}.Port", section),
          .tls_path = fmt::format("{}.UseSSL", section),
          .address = storage.address,
          .port = storage.port,
          .has_tls = [&storage] { return storage.use_ssl; },
          .set_tls = [&storage](bool tls) { storage.use_ssl = tls; }};
}

void TakeMilvus(Resolution& out) {
  Milvus& milvus = out.draft.config.milvus;
  Taker(out,
        {.address_path = "Milvus.Grpc.Address",
         .port_path = "Milvus.Grpc.Port",
         .tls_path = "Milvus.Grpc.TLSMode",
         .address = milvus.address,
         .port = milvus.port,
         .has_tls = [&milvus] { return milvus.tls_mode != TlsMode::kDisabled; },
         .set_tls = [&milvus](bool tls) { milvus.tls_mode = tls ? TlsMode::kServer : TlsMode::kDisabled; }})
      .Run();
}

// The store's own address, and the one under which Milvus sees the store.
void TakeStorage(Resolution& out, std::string_view section, Storage& storage) {
  if (storage.provider == Provider::kLocal || out.OriginOf(fmt::format("{}.Provider", section)).rejected)
    return;
  Taker(out, PlaceOf(section, storage)).Run();
  if (storage.milvus_address.empty()) return;
  Taker(out, {.address_path = fmt::format("{}.MilvusAddress", section),
              .port_path = fmt::format("{}.MilvusPort", section),
              .address = storage.milvus_address,
              .port = storage.milvus_port})
      .Run();
}

// What the backups' store inherits follows the store of Milvus, once that is taken apart.
void TakeBackupStorage(Resolution& out) {
  Config& config = out.draft.config;
  Storage& backup = config.backup_storage;
  const Storage& milvus = config.milvus.storage;
  const auto inherits = [&](std::string_view name) {
    return out.OriginOf(fmt::format("{}.{}", kBackupStorage, name)).inherited;
  };
  const bool follows = inherits("Address") && milvus.provider != Provider::kLocal;
  if (follows) {
    backup.address = milvus.address;
    if (inherits("Port")) backup.port = milvus.port;
    if (inherits("UseSSL")) backup.use_ssl = milvus.use_ssl;
    return;
  }
  TakeStorage(out, kBackupStorage, backup);
}

// Few commands pause the collection, and none depends on it: what cannot be asked is warned of.
void MendManagementEndpoint(Resolution& out) {
  std::string& url = out.draft.config.milvus.management_endpoint;
  if (url.empty() || IsHttpUrl(url)) return;
  const bool has_scheme = url.find("://") != std::string::npos;
  const std::string with_scheme = has_scheme ? url : "http://" + url;
  const std::string name = out.OriginOf("Milvus.Management.Endpoint").Name();
  const std::string given = Quoted(WithoutUserInfo(with_scheme));
  if (!has_scheme && IsHttpUrl(with_scheme)) {
    out.warnings.push_back(fmt::format("{}: without a scheme; taken as {}", name, given));
    url = with_scheme;
    return;
  }
  url.clear();
  if (!out.draft.config.backup_pause_gc) return;
  out.warnings.push_back(
      fmt::format("{}: {} is no URL such as http://host:9091; the garbage collection of Milvus is not paused",
                  name, given));
}

}  // namespace

Result<ParsedAddress> ParseAddress(std::string_view text) {
  std::string_view rest = Trimmed(text);
  // Not shown: a user comes with a password.
  if (rest.find('@') != std::string_view::npos) return InvalidArgument("holds a user; want a host");
  ParsedAddress parsed;
  if (const auto scheme_end = rest.find("://"); scheme_end != std::string_view::npos) {
    const std::string scheme = Lower(rest.substr(0, scheme_end));
    if (scheme != "http" && scheme != "https")
      return NoHost(text, "has a scheme that is neither http nor https");
    parsed.tls = scheme == "https";
    rest.remove_prefix(scheme_end + 3);
  }
  if (rest.ends_with('/')) rest.remove_suffix(1);
  if (rest.empty()) return InvalidArgument("must not be empty; want a host");
  if (rest.find_first_of("/?#\\") != std::string_view::npos) return NoHost(text, "holds a path");
  const auto parts = Split(rest);
  if (!parts) return NoHost(text, "has a bracket that is not closed, or more behind it than a port");
  if (parts->port) {
    parsed.port = PortOf(*parts->port);
    if (!parsed.port) return NoHost(text, "has a port that is none");
  }
  const bool is_host = IsIpv6(parts->host) || (!parts->bracketed && IsName(parts->host));
  if (!is_host) return NoHost(text, "is no host");
  parsed.host = parts->host;
  return parsed;
}

bool IsHttpUrl(std::string_view url) {
  const auto scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos) return false;
  const std::string scheme = Lower(url.substr(0, scheme_end));
  if (scheme != "http" && scheme != "https") return false;
  const auto rest = url.substr(scheme_end + 3);
  if (rest.find_first_of(" \t\r\n") != std::string_view::npos) return false;
  auto host = rest.substr(0, rest.find_first_of("/?#"));
  if (const auto at = host.rfind('@'); at != std::string_view::npos) host.remove_prefix(at + 1);
  return ParseAddress(host).ok();
}

void TakeAddressesApart(Resolution& resolution) {
  TakeMilvus(resolution);
  TakeStorage(resolution, kMilvusStorage, resolution.draft.config.milvus.storage);
  TakeBackupStorage(resolution);
  MendManagementEndpoint(resolution);
}

}  // namespace mbk::config
