// Every fuzz target by its name: each is a fuzzer of its own, and all of them are replayed
// together.
#pragma once

#include "src/base/bytes.h"
#include "tests/fuzz/target.h"

#include <span>
#include <string_view>

namespace fuzz {

void fuzz_allowed_hosts(base::ByteView input);
void fuzz_arguments(base::ByteView input);
void fuzz_audit_record(base::ByteView input);
void fuzz_base64(base::ByteView input);
void fuzz_calendar(base::ByteView input);
void fuzz_change_feed(base::ByteView input);
void fuzz_chunk_codec(base::ByteView input);
void fuzz_commit_record(base::ByteView input);
void fuzz_configuration(base::ByteView input);
void fuzz_control_frame(base::ByteView input);
void fuzz_dates(base::ByteView input);
void fuzz_entities(base::ByteView input);
void fuzz_entries(base::ByteView input);
void fuzz_export_scanner(base::ByteView input);
void fuzz_folder_paths(base::ByteView input);
void fuzz_head_reader(base::ByteView input);
void fuzz_index_logs(base::ByteView input);
void fuzz_job_entries(base::ByteView input);
void fuzz_journal(base::ByteView input);
void fuzz_json(base::ByteView input);
void fuzz_key_ring(base::ByteView input);
void fuzz_key_slot(base::ByteView input);
void fuzz_pack(base::ByteView input);
void fuzz_pack_format(base::ByteView input);
void fuzz_recipe(base::ByteView input);
void fuzz_recovery_key(base::ByteView input);
void fuzz_repository_config(base::ByteView input);
void fuzz_restore_journal(base::ByteView input);
void fuzz_self_checked(base::ByteView input);
void fuzz_service_error(base::ByteView input);
void fuzz_snapshot(base::ByteView input);
void fuzz_text(base::ByteView input);
void fuzz_time_of_restore_point(base::ByteView input);
void fuzz_token_answer(base::ByteView input);
void fuzz_tree_node(base::ByteView input);
void fuzz_url(base::ByteView input);
void fuzz_web_request(base::ByteView input);

struct NamedTarget {
  std::string_view name;
  Target run;
};
// Ordered by name.
std::span<const NamedTarget> all_targets();

}  // namespace fuzz
