#pragma once

#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/config.h"

/// The parameters as data: one row says everything about a parameter, and reading, inheriting, showing and
/// documenting are loops over rows.
namespace mbk::config {

/// What a v1 file says in words that v2 no longer has; see v1.h.
struct V1Only {
  struct Side {
    std::string storage_type;
    bool use_iam = false;
  };
  Side milvus;
  Side backup;
  int tls_mode = 0;
  bool cross_storage = false;
  bool http_enabled = true;
  std::string etcd_endpoints;
};

/// A configuration being read.
struct Draft {
  Config config;
  V1Only v1;
};

/// Where a parameter is kept; its type says how it is parsed and printed.
using Field =
    std::variant<std::string& (*)(Draft&), bool& (*)(Draft&), int& (*)(Draft&), std::int64_t& (*)(Draft&),
                 std::vector<std::string>& (*)(Draft&), Provider& (*)(Draft&), AuthType& (*)(Draft&),
                 TlsMode& (*)(Draft&), TransferMode& (*)(Draft&), PathStyle& (*)(Draft&)>;

struct Row {
  std::string path;               ///< as `config show` prints it; empty for a v1 key that has no v2 parameter
  std::vector<std::string> keys;  ///< file keys, the first found wins; the first is the documented one
  std::string env;                ///< environment variable, empty for none
  std::string default_text;
  Field field;
  bool secret = false;
  std::string
      inherits;  ///< path of the row whose value is the default instead of default_text; empty for none
};

/// Every parameter, in the order of `config show`. Rows inherit only from rows before them.
const std::vector<Row>& V2Rows();
/// Every key of a v1 file. A path is that of the v2 parameter which the key decides, though the field may be
/// one of V1Only and its value still to be translated.
const std::vector<Row>& V1Rows();
/// Keys of v1 files of the 0.4 and 0.5 line that have no effect and are accepted without a word; lower case.
const std::vector<std::string>& QuietV1Keys();

/// The v2 row of that path; a path that no row has is a defect and ends the program.
const Row& V2Row(std::string_view path);

/// How the field of a row now reads, in clear.
std::string FormatField(const Row& row, Draft& draft);

/// The paths of the two storage sections.
inline constexpr std::string_view kMilvusStorage = "Milvus.Storage";
inline constexpr std::string_view kBackupStorage = "Backup.Storage";

}  // namespace mbk::config
