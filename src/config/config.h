#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/reach.h"
#include "base/status.h"

/// The resolved configuration, in the shape of the v2 schema (spec/config.md §2-3). A v1 file is
/// translated into it while it is read; nothing behind config/ knows that v1 exists.
namespace mbk::config {

enum class Provider { kLocal, kMinio, kS3, kAws, kGcp, kGcpNative, kAzure, kAliyun, kTencent, kHuawei };
/// Canonical spelling, e.g. "minio", "hwc".
std::string_view ProviderName(Provider provider);

enum class AuthType { kStatic, kSharedKey, kServiceAccount, kIam, kDefault };
enum class TlsMode { kDisabled, kServer, kMutual };
enum class TransferMode { kAuto, kDirect, kStreaming };
/// How a bucket is addressed: in the host name or in the path; kAuto decides by endpoint.
enum class PathStyle { kAuto, kPath, kVirtualHost };

struct Auth {
  AuthType type = AuthType::kStatic;
  std::string access_key_id;
  std::string secret_access_key;  ///< secret
  std::string session_token;      ///< secret
  std::string account_key;        ///< secret
  std::string credentials_file;
  std::string endpoint;
};

struct Storage {
  Provider provider = Provider::kMinio;
  std::string address;
  int port = 0;
  std::string region;
  bool use_ssl = false;
  std::string ca_cert_path;                 ///< ours: PEM; empty = the system's CAs
  std::string mtls_cert_path;               ///< ours: PEM, shown to a store that asks for it
  std::string mtls_key_path;                ///< ours
  PathStyle path_style = PathStyle::kAuto;  ///< ours
  std::string account_name;
  std::string bucket_name;
  std::string root_path;
  std::string local_path;
  std::string milvus_address;
  int milvus_port = 0;
  Auth auth;
};

struct Log {
  std::string level;
  bool console = true;
  std::string file_path;
  int file_max_size_mib = 0;
  int file_max_days = 0;
  int file_max_backups = 0;
};

struct Milvus {
  std::string user;
  std::string password;  ///< secret
  std::string address;
  int port = 0;
  TlsMode tls_mode = TlsMode::kDisabled;
  std::string ca_cert_path;
  std::string server_name;
  std::string mtls_cert_path;
  std::string mtls_key_path;
  std::string rest_endpoint;        ///< empty: derived from address, port and tls_mode
  std::string management_endpoint;  ///< URL
  std::string rpc_channel_name;
  std::vector<std::string> etcd_endpoints;
  std::string etcd_root_path;
  Storage storage;
};

struct Config {
  Log log;
  Milvus milvus;
  Storage backup_storage;
  int backup_concurrency_collections = 0;
  int backup_concurrency_segments = 0;
  bool backup_pause_gc = true;
  int restore_concurrency_collections = 0;
  int restore_concurrency_import_jobs = 0;
  int restore_max_segments_per_import_job = 0;
  bool restore_keep_temp_files = false;
  TransferMode transfer_mode = TransferMode::kAuto;
  int transfer_concurrency = 0;
  std::int64_t transfer_multipart_copy_threshold_mib = 0;
  int transfer_silence_seconds = 115;  ///< for which a store that says nothing is borne
  bool server_debug_mode = false;
  std::string server_swagger_base_path;
  std::string cloud_endpoint;
  std::string cloud_api_key;  ///< secret
  std::string cloud_ca_cert_path;
};

/// Where a value came from.
enum class Source { kDefault, kConfig, kEnv, kOverride };
std::string_view SourceName(Source source);

/// One row of `config show`.
struct Parameter {
  std::string path;   ///< e.g. "Milvus.Storage.Auth.SecretAccessKey"
  std::string value;  ///< masked when secret
  Source source = Source::kDefault;
  /// The file key (lower case), or the name of the variable or override; empty for a default.
  std::string source_key;
};

struct Loaded {
  Config config;
  std::vector<Parameter> parameters;  ///< in declaration order of the schema
  std::vector<std::string> warnings;  ///< for stderr, before the log exists
  std::string file;                   ///< the file that was read, empty for none
  int schema_version = 2;             ///< whose names the user's settings have: 1 or 2
  Reach reach;                        ///< how a command with this as its --config loads the very same again
};

using EnvLookup = std::function<std::optional<std::string>(const std::string&)>;
/// The environment of this process.
std::optional<std::string> ProcessEnv(const std::string& name);

/// Which of the two files of a command a configuration is. Each has its own flag and its own variables, so
/// that what is meant for one side never reaches the other.
enum class Role {
  kConfig,  ///< of --config: --set, and variables by their names
  kTo,      ///< of --to: --set-to, and variables by their names with "TO_" before them
};

/// The items of one `--set` or `--set-to` flag: split at commas, an item in double quotes may hold commas (""
/// inside it is a quote). The CLI appends the items of every flag, in order, to LoadOptions::overrides.
Result<std::vector<std::string>> SplitSetFlag(std::string_view flag, Role role = Role::kConfig);

/// The file that is read when --config is not given.
inline constexpr std::string_view kDefaultFile = "backup.yaml";

struct LoadOptions {
  /// As given by --config or --to; empty: no file at all. Looked for as it stands, then by its last component
  /// in $MILVUSCONF and in ./configs.
  std::string file = std::string(kDefaultFile);
  /// Items of the role's flag, each "KEY=VALUE"; of equal keys the last wins.
  std::vector<std::string> overrides;
  EnvLookup env = ProcessEnv;  ///< the whole environment, whatever the role
  Role role = Role::kConfig;
};

/// Find, read, resolve and validate the configuration. Every problem found is in the one error, each with the
/// key to change. All errors are kInvalidArgument. Thread-safe as far as options.env is.
Result<Loaded> Load(const LoadOptions& options);

/// Load with the text of the file in hand; options.file only names it in messages. Reads no files.
Result<Loaded> LoadText(std::string_view text, const LoadOptions& options);

/// The table of `config show`, columns PARAMETER VALUE SOURCE SOURCE_KEY.
std::string FormatTable(const std::vector<Parameter>& parameters);

}  // namespace mbk::config
