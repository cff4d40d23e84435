// What a tenant is made from: the same plan gives the same tenant, item by item.
#pragma once

#include "tests/simulator/limits.h"
#include "tests/simulator/world.h"

#include <cstdint>
#include <string>

namespace simulator {

inline constexpr const char* kBackupClientId = "b0000000-0000-4000-8000-00000000cafe";
inline constexpr const char* kRestoreClientId = "e0000000-0000-4000-8000-00000000cafe";

struct TenantPlan {
  std::uint64_t seed = 1;
  std::uint64_t mailboxes = 25;       // at least 3: two of them are shared, one a room
  std::uint64_t items = 2'500;        // in all mailboxes together
  std::uint64_t bytes = 250'000'000;  // of their contents, about
  std::uint64_t large_items = 0;      // more, in the first mailbox
  std::uint64_t large_bytes = 150'000'000;
  // Without: only the tenant's users, for small tests.
  bool accounts_without_mailbox = true;
  std::string backup_secret = "backup-secret";
  std::string restore_secret = "restore-secret";
  // The article's form: the applications have its rights, and not those of the documented one.
  bool folder_jobs = false;
  LimitSettings limits;
  Lifetimes lifetimes;
};

// Fills an empty world.
void build(World& world, const TenantPlan& plan, Instant now);

// The folders that every mailbox has, and some that users made.
void add_standard_folders(Mailbox& mailbox);

// An empty mailbox with the standard folders and its account.
Mailbox& add_mailbox(World& world, const std::string& local_part, const std::string& purpose);

// A recipe for a new message of any kind, its size log-normal around the tenant's median.
Recipe new_message(World& world, Random& random, Instant received);
// Where a message of that kind is delivered.
Number delivery_folder(const Mailbox& mailbox, ItemKind kind, Random& random);

}  // namespace simulator
