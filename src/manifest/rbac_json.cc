#include "manifest/rbac_json.h"

#include "manifest/model_json.h"

namespace mbk::manifest {
namespace {

void WriteName(JsonWriter& json, const std::string& name) {
  json.BeginObject();
  json.NonZero("name", name);
  json.EndObject();
}

void WriteNamed(JsonWriter& json, std::string_view key, const std::string& name) {
  json.Key(key);
  WriteName(json, name);
}

void WriteUser(JsonWriter& json, const RbacUser& user) {
  json.BeginObject();
  json.NonZero("user", user.name);
  json.NonZero("password", user.password);
  WriteList(json, "roles", user.roles, WriteName);
  json.EndObject();
}

void WriteRole(JsonWriter& json, const RbacRole& role) {
  json.BeginObject();
  json.NonZero("name", role.name);
  json.NonZero("description", role.description);  // ours
  json.EndObject();
}

void WriteGrant(JsonWriter& json, const RbacGrant& grant) {
  json.BeginObject();
  WriteNamed(json, "role", grant.role);
  WriteNamed(json, "object", grant.object);
  json.NonZero("object_name", grant.object_name);
  json.Key("grantor");
  json.BeginObject();
  WriteNamed(json, "user", grant.grantor_user);
  WriteNamed(json, "privilege", grant.privilege);
  json.EndObject();
  json.NonZero("db_name", grant.db_name);
  json.EndObject();
}

void WritePrivilegeGroup(JsonWriter& json, const PrivilegeGroup& group) {
  json.BeginObject();
  json.NonZero("group_name", group.name);
  WriteList(json, "privileges", group.privileges, WriteName);
  json.EndObject();
}

}  // namespace

void WriteRbac(JsonWriter& json, const RbacMeta& rbac) {
  json.BeginObject();
  WriteList(json, "users", rbac.users, WriteUser);
  WriteList(json, "roles", rbac.roles, WriteRole);
  WriteList(json, "grants", rbac.grants, WriteGrant);
  WriteList(json, "privilege_groups", rbac.privilege_groups, WritePrivilegeGroup);
  json.EndObject();
}

}  // namespace mbk::manifest
