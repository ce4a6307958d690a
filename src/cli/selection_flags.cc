#include "cli/selection_flags.h"

#include <CLI/CLI.hpp>

namespace mbk::cli {

void AddSelectionFlags(CLI::App& app, SelectionFlags& flags) {
  app.add_option("--filter", flags.filter, "collections: coll, db.coll, db.* or db., separated by commas");
  app.add_option("-c,--colls,--collections", flags.collections,
                 "collections: coll or db.coll, separated by commas");
  app.add_option("-d,--databases", flags.databases, "whole databases, separated by commas");
  app.add_option("-a,--database_collections", flags.database_collections,
                 R"(JSON {"db":["coll"]}; an empty list is the whole database)");
}

Result<Filter> CreateFilter(const SelectionFlags& flags) {
  if (!flags.filter.empty()) return Filter::Parse(flags.filter);
  if (!flags.database_collections.empty()) return Filter::FromJson(flags.database_collections);
  if (!flags.collections.empty()) return Filter::FromCollections(flags.collections);
  return Filter::FromDatabases(flags.databases);
}

Result<Filter> RestoreSourceFilter(const SelectionFlags& flags) {
  if (!flags.collections.empty()) return Filter::FromCollections(flags.collections);
  if (!flags.databases.empty()) return Filter::FromDatabases(flags.databases);
  if (!flags.database_collections.empty()) return Filter::FromJson(flags.database_collections);
  return Filter();
}

void AddLoadFlags(CLI::App& app, LoadFlags& flags) {
  app.add_option("--via", flags.via,
                 "how rows come in: the server imports files, or rows are inserted; auto is what is quicker")
      ->type_name("import|insert|auto")
      ->check(CLI::IsMember({"import", "insert", "auto"}))
      ->capture_default_str();
  app.add_option("-s,--suffix", flags.suffix, "appended to every collection name");
  app.add_option("-r,--rename", flags.rename,
                 "new names: c1:c2, db1.c1:db2.c2 or db1.*:db2.*, separated by commas");
  app.add_flag("--rebuild_index", flags.rebuild_index, "make the indexes again");
  app.add_flag("--restore_index", flags.restore_index, "the same as --rebuild_index");
  app.add_flag("--use_auto_index", flags.use_auto_index, "vector indexes become AUTOINDEX");
  app.add_flag("--meta_only", flags.meta_only, "collections without their rows");
  app.add_flag("--drop_exist_collection", flags.drop_exist_collection,
               "drop a target collection that exists");
  app.add_flag("--drop_exist_index", flags.drop_exist_index,
               "drop the indexes of a target collection that exists");
  app.add_flag("--skip_create_collection", flags.skip_create_collection,
               "restore into collections that exist");
  app.add_flag("--restore_alias", flags.restore_alias, "make the aliases again");
  app.add_flag("--restore_load_state", flags.restore_load_state, "load what was loaded");
}

Result<load::Options> LoadOptionsOf(const LoadFlags& flags) {
  if (!flags.suffix.empty() && !flags.rename.empty())
    return InvalidArgument("suffix and rename flag cannot be set at the same time");
  if (flags.drop_exist_collection && flags.skip_create_collection) {
    return InvalidArgument("drop_exist_collection and skip_create_collection cannot be set at the same time");
  }
  load::Options options{
      .via = flags.via == "auto"     ? load::Via::kAuto
             : flags.via == "insert" ? load::Via::kInsert
                                     : load::Via::kImport,
      .rebuild_index = flags.rebuild_index || flags.restore_index,
      .use_auto_index = flags.use_auto_index,
      .meta_only = flags.meta_only,
      .drop_exist_collection = flags.drop_exist_collection,
      .drop_exist_index = flags.drop_exist_index,
      .skip_create_collection = flags.skip_create_collection,
      .restore_alias = flags.restore_alias,
      .restore_load_state = flags.restore_load_state,
  };
  MBK_TRY_ASSIGN(options.renamer,
                 flags.rename.empty() ? Renamer::FromSuffix(flags.suffix) : Renamer::FromRules(flags.rename));
  return options;
}

}  // namespace mbk::cli
