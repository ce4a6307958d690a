#include "manifest/rbac_shapes.h"

namespace mbk::manifest {

RbacShapes::RbacShapes() {
  name_.Add("name", [](std::string& name) { return &name; }, json::ScalarShape<std::string>());
  user_.Add("user", &RbacUser::name)
      .Add("password", &RbacUser::password)
      .Add("roles", &RbacUser::roles, names_);
  role_.Add("name", &RbacRole::name).Add("description", &RbacRole::description);  // description is ours
  DescribeGrant();
  group_.Add("group_name", &PrivilegeGroup::name).Add("privileges", &PrivilegeGroup::privileges, names_);
  rbac_.Add("users", &RbacMeta::users, users_)
      .Add("roles", &RbacMeta::roles, roles_)
      .Add("grants", &RbacMeta::grants, grants_)
      .Add("privilege_groups", &RbacMeta::privilege_groups, groups_);
}

void RbacShapes::DescribeGrant() {
  grantor_.Add("user", &RbacGrant::grantor_user, name_).Add("privilege", &RbacGrant::privilege, name_);
  grant_.Add("role", &RbacGrant::role, name_)
      .Add("object", &RbacGrant::object, name_)
      .Add("object_name", &RbacGrant::object_name)
      .Add(
          "grantor", [](RbacGrant& grant) { return &grant; }, grantor_)
      .Add("db_name", &RbacGrant::db_name);
}

}  // namespace mbk::manifest
