#include "tests/fuzz/targets.h"

#include <array>

namespace fuzz {

std::span<const NamedTarget> all_targets() {
  static constexpr auto kTargets = std::to_array<NamedTarget>({
      {"allowed_hosts", fuzz_allowed_hosts},
      {"arguments", fuzz_arguments},
      {"audit_record", fuzz_audit_record},
      {"base64", fuzz_base64},
      {"calendar", fuzz_calendar},
      {"change_feed", fuzz_change_feed},
      {"chunk_codec", fuzz_chunk_codec},
      {"commit_record", fuzz_commit_record},
      {"configuration", fuzz_configuration},
      {"control_frame", fuzz_control_frame},
      {"dates", fuzz_dates},
      {"entities", fuzz_entities},
      {"entries", fuzz_entries},
      {"export_scanner", fuzz_export_scanner},
      {"folder_paths", fuzz_folder_paths},
      {"head_reader", fuzz_head_reader},
      {"index_logs", fuzz_index_logs},
      {"job_entries", fuzz_job_entries},
      {"journal", fuzz_journal},
      {"json", fuzz_json},
      {"key_ring", fuzz_key_ring},
      {"key_slot", fuzz_key_slot},
      {"pack", fuzz_pack},
      {"pack_format", fuzz_pack_format},
      {"recipe", fuzz_recipe},
      {"recovery_key", fuzz_recovery_key},
      {"repository_config", fuzz_repository_config},
      {"restore_journal", fuzz_restore_journal},
      {"self_checked", fuzz_self_checked},
      {"service_error", fuzz_service_error},
      {"snapshot", fuzz_snapshot},
      {"text", fuzz_text},
      {"time_of_restore_point", fuzz_time_of_restore_point},
      {"token_answer", fuzz_token_answer},
      {"tree_node", fuzz_tree_node},
      {"url", fuzz_url},
      {"web_request", fuzz_web_request},
  });
  return kTargets;
}

}  // namespace fuzz
