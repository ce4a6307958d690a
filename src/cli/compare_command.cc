#include <fmt/core.h>

#include <set>

#include "cli/command.h"
#include "cli/compare_report.h"
#include "cli/flags.h"
#include "service/session.h"

namespace mbk::cli {
namespace {

struct CompareFlags {
  std::string to;
  std::vector<std::string> collections;  ///< "coll", "db.coll", each perhaps with ":other"
  bool load = false;
  bool same_id_ok = false;
  std::int64_t max_differences = 20;
};

// Of two pairs with one left side only one would be compared, and nobody told. "a" and "default.a" are one.
Status CheckNamedOnce(const std::string& name, std::set<CollectionName>& before) {
  MBK_TRY_ASSIGN(const Filter named, Filter::FromCollections(name));
  for (const auto& [db, selected] : named.databases()) {
    for (const std::string& collection : selected.collections) {
      if (!before.insert({db, collection}).second)
        return InvalidArgument(
            fmt::format("collection {} is named twice, and can be compared with one other alone", name));
    }
  }
  return {};
}

// "a:b,db.c" says which collections are compared, and which of them have another name there.
Result<LiveCompareOptions> OptionsOf(const CompareFlags& flags) {
  std::string names, rules;
  std::set<CollectionName> lefts;
  for (const std::string& item : flags.collections) {
    const std::size_t colon = item.find(':');
    const std::string name = item.substr(0, colon);
    MBK_TRY(CheckNamedOnce(name, lefts));
    names += (names.empty() ? "" : ",") + name;
    if (colon != std::string::npos) rules += (rules.empty() ? "" : ",") + item;
  }
  LiveCompareOptions options{.load = flags.load,
                             .same_id_ok = flags.same_id_ok,
                             .compare = {.max_differences = flags.max_differences}};
  MBK_TRY_ASSIGN(options.filter, Filter::FromCollections(names));
  if (!rules.empty()) {
    MBK_TRY_ASSIGN(options.renamer, Renamer::FromRules(rules));
  }
  if (flags.to.empty() && rules.empty())
    return InvalidArgument(
        "a collection is compared with itself: name another server (--to) or collection (-c a:b)");
  return options;
}

// A question that makes no sense, found out by asking the servers.
Output Misused(const Status& why) {
  return {.json = {{"error", {{"code", CodeName(why.code())}, {"message", why.message()}}}},
          .notes = {"Error: " + why.message()},
          .exit_code = kUsage};
}

Result<Output> RunIt(const CompareFlags& flags, const LiveCompareOptions& options, Invocation& invocation) {
  invocation.progress.Enter(Step::kConnect);
  MBK_TRY_ASSIGN(const config::Loaded other, flags.to.empty() ? Result<config::Loaded>(invocation.loaded)
                                                              : invocation.load_other(flags.to));
  MBK_TRY_ASSIGN(auto left, service::Session::Open(invocation.loaded, {.server = true}, invocation.context));
  Result<std::unique_ptr<service::Session>> right =
      service::Session::Open(other, {.server = true}, invocation.context);
  if (!right.ok()) return right.status().WithContext(flags.to);
  const Result<std::vector<ComparedCollection>> compared = RunCompare(
      options, left->client(), (*right)->client(), left->run(invocation.progress), invocation.context);
  if (compared.status().code() == Code::kInvalidArgument) return Misused(compared.status());
  MBK_TRY_ASSIGN(const std::vector<ComparedCollection> all, compared);
  return Output{
      .text = ComparisonText(all), .json = {{"collections", cli::ToJson(all)}}, .exit_code = ExitCodeOf(all)};
}

}  // namespace

void AddCompare(CLI::App& root, std::vector<Command>& commands) {
  auto flags = std::make_shared<CompareFlags>();
  CLI::App& app = AddCommand(
      root, "compare", "compare live collections row by row",
      "Every row of both sides is read, every value of it compared. What differs is named by its key, and by "
      "its\n"
      "fields. Both sides must be loaded, and not be written to meanwhile.\n\n"
      "Exit codes: 0 equal, 3 not all could be proved, 4 different.\n\n"
      "Examples:\n"
      "  milvus-backup compare --to other.yaml -c coll:coll_bak\n"
      "  milvus-backup compare -c coll:coll_copy             two collections of one server");
  AddFlag(app, "--to", flags->to, "configuration file of the other Milvus; this one's when not given")
      .TypeName("FILE");
  AddFlag(app, "-c,--collections", flags->collections,
          "comma list of COLL or COLL:COLL2, each with a database or not")
      .TypeName("COLL[:COLL2]")
      .Required();
  AddSwitch(app, "--load", flags->load, "load collections that are not loaded, and release them again");
  AddSwitch(app, "--same_id_ok", flags->same_id_ok,
            "compare what looks like one collection: of a server made from the other's volumes");
  AddFlag(app, "--max_differences", flags->max_differences, "how many keys that differ are named")
      .TypeName("N")
      .NotNegative()
      .ShowDefault();
  commands.push_back({&app, [flags]() -> Result<Run> {
                        MBK_TRY_ASSIGN(LiveCompareOptions options, OptionsOf(*flags));
                        return Run([flags, options](Invocation& i) { return RunIt(*flags, options, i); });
                      }});
  commands.back().after_stop = [flags] { return AfterStopOf(flags->load); };
}

}  // namespace mbk::cli
