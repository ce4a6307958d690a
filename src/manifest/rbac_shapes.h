#pragma once

#include <string>

#include "manifest/json_shapes.h"
#include "model/backup.h"

namespace mbk::manifest {

/// How the JSON of a manifest fills users, roles and grants.
class RbacShapes {
 public:
  RbacShapes();
  RbacShapes(const RbacShapes&) = delete;
  RbacShapes& operator=(const RbacShapes&) = delete;

  const json::Shape& rbac() const { return optional_; }  ///< of a std::optional<RbacMeta>

 private:
  void DescribeGrant();

  json::Record<std::string> name_;  ///< {"name": …} as the name alone
  json::List<std::string> names_{name_};
  json::Record<RbacUser> user_;
  json::List<RbacUser> users_{user_};
  json::Record<RbacRole> role_;
  json::List<RbacRole> roles_{role_};
  json::Facet<RbacGrant> grantor_;
  json::Record<RbacGrant> grant_;
  json::List<RbacGrant> grants_{grant_};
  json::Record<PrivilegeGroup> group_;
  json::List<PrivilegeGroup> groups_{group_};
  json::Record<RbacMeta> rbac_;
  json::Optional<RbacMeta> optional_{rbac_};
};

}  // namespace mbk::manifest
