#include "cli/selection_flags.h"

#include "cli/flags.h"

namespace mbk::cli {

void AddSelectionFlags(CLI::App& app, SelectionFlags& flags) {
  AddFlag(app, "--filter", flags.filter, "collections: coll, db.coll, db.* or db., separated by commas");
  AddFlag(app, "-c,--colls,--collections", flags.collections,
          "collections: coll or db.coll, separated by commas");
  AddFlag(app, "-d,--databases", flags.databases, "whole databases, separated by commas");
  AddFlag(app, "-a,--database_collections", flags.database_collections,
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
  AddSwitch(app, "--drop_exist_collection", flags.drop_exist_collection,
            "drop a target collection that exists");
  AddSwitch(app, "--drop_exist_index", flags.drop_exist_index,
            "drop the indexes of a target collection that exists");
  AddSwitch(app, "--skip_create_collection", flags.skip_create_collection,
            "restore into collections that exist");
  AddSwitch(app, "--restore_alias", flags.restore_alias, "make the aliases again");
  AddSwitch(app, "--restore_load_state", flags.restore_load_state, "load what was loaded");
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
