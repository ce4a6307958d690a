#include "cli/selection_flags.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>
#include <vector>

#include "base/reach.h"
#include "cli/flags.h"

namespace mbk::cli {

void AddSelectionFlags(CLI::App& app, SelectionFlags& flags) {
  AddFlag(app, "--filter", flags.filter,
          "collections: coll, db.coll or db.*, separated by commas; db. is a database alone");
  AddFlag(app, "-c,--colls,--collections", flags.collections,
          "collections: coll or db.coll, separated by commas");
  AddFlag(app, "-d,--databases", flags.databases,
          "whole databases, separated by commas; one database with -c: the collections of that one");
  AddFlag(app, "-a,--database_collections", flags.database_collections,
          R"(JSON {"db":["coll"]}; an empty list is the whole database)");
}

namespace {

std::vector<std::string> NamesOf(std::string_view list) {
  std::vector<std::string> names;
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    std::string_view name = list.substr(0, comma);
    while (name.starts_with(' ')) name.remove_prefix(1);
    while (name.ends_with(' ')) name.remove_suffix(1);
    if (!name.empty()) names.emplace_back(name);
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return names;
}

// "-d prod -c docs,books" as "prod.docs,prod.books"; empty when it is not that.
std::string CollectionsOfTheDatabase(const SelectionFlags& flags) {
  const std::vector<std::string> databases = NamesOf(flags.databases), names = NamesOf(flags.collections);
  if (databases.size() != 1) return "";
  std::string qualified;
  for (const std::string& name : names) {
    if (name.find('.') != std::string::npos) return "";
    qualified += (qualified.empty() ? "" : ",") + databases.front() + "." + name;
  }
  return qualified;
}

// What all that is given selects together, as a --filter.
Result<std::string> AsFilter(const SelectionFlags& flags) {
  std::vector<std::string> items = NamesOf(flags.filter);
  for (const std::string& database : NamesOf(flags.databases)) items.push_back(database + ".*");
  for (std::string& name : NamesOf(flags.collections)) items.push_back(std::move(name));
  if (!flags.database_collections.empty()) {
    MBK_TRY_ASSIGN(const Filter filter, Filter::FromJson(flags.database_collections));
    for (const auto& [db, selected] : filter.databases()) {
      if (selected.all_collections) items.push_back(db + ".*");
      for (const std::string& name : selected.collections) items.push_back(db + "." + name);
    }
  }
  return fmt::format("{}", fmt::join(items, ","));
}

// The same as -a has it: {"db":["coll"]}, and an empty list for a whole database.
Result<std::string> AsJson(const SelectionFlags& flags) {
  MBK_TRY_ASSIGN(const std::string text, AsFilter(flags));
  MBK_TRY_ASSIGN(const Filter filter, Filter::Parse(text));
  nlohmann::ordered_json json;
  for (const auto& [db, selected] : filter.databases())
    json[db] = selected.all_collections ? std::set<std::string>() : selected.collections;
  return json.dump();
}

// --filter of restore is about names in the target, the others about those in the backup.
Status OnlyOneSelectsOfTheBackup(const SelectionFlags& flags) {
  MBK_TRY_ASSIGN(const std::string json, AsJson(flags));
  return InvalidArgument(fmt::format(
      "-c, -d and -a cannot be combined, but for one database as -d with bare names as -c; for all that they "
      "name write -a {}",
      ShellQuoted(json)));
}

Status OnlyOneSelects(const SelectionFlags& flags) {
  MBK_TRY_ASSIGN(const std::string filter, AsFilter(flags));
  return InvalidArgument(fmt::format(
      "--filter, -c, -d and -a cannot be combined, but for one database as -d with bare names as -c; "
      "for all that they name write --filter {}",
      ShellQuoted(filter)));
}

Result<Filter> OldFilter(const SelectionFlags& flags, Status (&refuse)(const SelectionFlags&)) {
  const bool json = !flags.database_collections.empty(), collections = !flags.collections.empty(),
             databases = !flags.databases.empty();
  if (!json && collections && databases) {
    if (const std::string qualified = CollectionsOfTheDatabase(flags); !qualified.empty())
      return Filter::FromCollections(qualified);
  }
  if (json + collections + databases > 1) return refuse(flags);
  if (json) return Filter::FromJson(flags.database_collections);
  return collections ? Filter::FromCollections(flags.collections) : Filter::FromDatabases(flags.databases);
}

}  // namespace

Result<Filter> CreateFilter(const SelectionFlags& flags) {
  if (flags.filter.empty()) return OldFilter(flags, OnlyOneSelects);
  const bool old =
      !flags.database_collections.empty() || !flags.collections.empty() || !flags.databases.empty();
  if (old) return OnlyOneSelects(flags);
  return Filter::Parse(flags.filter);
}

Result<Filter> RestoreSourceFilter(const SelectionFlags& flags) {
  SelectionFlags of_source = flags;
  of_source.filter.clear();
  return OldFilter(of_source, OnlyOneSelectsOfTheBackup);
}

void AddLoadFlags(CLI::App& app, LoadFlags& flags) {
  AddFlag(app, "--via", flags.via,
          "how rows come in: the server imports files, or rows are inserted; auto is what is quicker")
      .TypeName("import|insert|auto")
      .OneOf({"import", "insert", "auto"})
      .ShowDefault();
  AddFlag(app, "-s,--suffix", flags.suffix, "appended to every collection name");
  AddFlag(app, "-r,--rename", flags.rename,
          "new names: c1:c2, db1.c1:db2.c2 or db1.*:db2.*, separated by commas");
  AddSwitch(app, "--rebuild_index", flags.rebuild_index, "make the indexes again");
  AddSwitch(app, "--restore_index", flags.restore_index, "the same as --rebuild_index");
  AddSwitch(app, "--use_auto_index", flags.use_auto_index, "vector indexes become AUTOINDEX");
  AddSwitch(app, "--meta_only", flags.meta_only, "collections without their rows");
  AddSwitch(app, "--allow_empty", flags.allow_empty, "go on though no collection is selected");
  AddSwitch(app, "--drop_exist_collection", flags.drop_exist_collection,
            "replace a target collection that exists: the old one goes when the new one stands");
  AddSwitch(app, "--drop_first", flags.drop_first,
            "with --drop_exist_collection: the old one goes before the new one is filled");
  AddSwitch(app, "--drop_exist_index", flags.drop_exist_index,
            "with --rebuild_index: replace the indexes of a target collection that exists");
  AddSwitch(app, "--skip_create_collection", flags.skip_create_collection,
            "restore into collections that exist already");
  AddSwitch(app, "--append", flags.append,
            "with --skip_create_collection: also into collections that have rows already");
  AddSwitch(app, "--release", flags.release,
            "with --drop_exist_index: a loaded collection may be released, and is loaded again");
  AddSwitch(app, "--verify", flags.verify,
            "compare all rows with those of the source before a collection takes its name");
  AddSwitch(app, "--restore_alias", flags.restore_alias, "make the aliases again");
  AddSwitch(app, "--restore_load_state", flags.restore_load_state, "load what was loaded");
}

namespace {

// Flags that mean nothing without another, or would destroy without it.
Status CheckLoadFlags(const LoadFlags& flags) {
  if (flags.drop_exist_index && !flags.rebuild_index && !flags.restore_index)
    return InvalidArgument(
        "--drop_exist_index would leave the collections without indexes: add --rebuild_index, which makes "
        "those of the backup in their place");
  if (flags.use_auto_index && !flags.rebuild_index && !flags.restore_index)
    return InvalidArgument("--use_auto_index is about indexes that are made: add --rebuild_index");
  if (flags.drop_first && !flags.drop_exist_collection)
    return InvalidArgument("--drop_first says when --drop_exist_collection drops: add that");
  if (flags.append && !flags.skip_create_collection)
    return InvalidArgument("--append is about collections that exist: add --skip_create_collection");
  if (flags.verify && flags.skip_create_collection)
    return InvalidArgument(
        "--verify compares collections that the run makes, and with --skip_create_collection it makes none: "
        "leave it out, and compare afterwards, with verify --live or compare");
  if (flags.verify && flags.meta_only)
    return InvalidArgument("--verify compares rows, and --meta_only brings none");
  return {};
}

}  // namespace

Result<load::Options> LoadOptionsOf(const LoadFlags& flags) {
  if (!flags.suffix.empty() && !flags.rename.empty())
    return InvalidArgument("suffix and rename flag cannot be set at the same time");
  if (flags.drop_exist_collection && flags.skip_create_collection) {
    return InvalidArgument("drop_exist_collection and skip_create_collection cannot be set at the same time");
  }
  MBK_TRY(CheckLoadFlags(flags));
  load::Options options{
      .via = flags.via == "auto"     ? load::Via::kAuto
             : flags.via == "insert" ? load::Via::kInsert
                                     : load::Via::kImport,
      .rebuild_index = flags.rebuild_index || flags.restore_index,
      .use_auto_index = flags.use_auto_index,
      .meta_only = flags.meta_only,
      .allow_empty = flags.allow_empty,
      .drop_exist_collection = flags.drop_exist_collection,
      .drop_exist_index = flags.drop_exist_index,
      .skip_create_collection = flags.skip_create_collection,
      .append = flags.append,
      .drop_first = flags.drop_first,
      .release = flags.release,
      .verify = flags.verify,
      .restore_alias = flags.restore_alias,
      .restore_load_state = flags.restore_load_state,
  };
  MBK_TRY_ASSIGN(options.renamer,
                 flags.rename.empty() ? Renamer::FromSuffix(flags.suffix) : Renamer::FromRules(flags.rename));
  return options;
}

}  // namespace mbk::cli
