// Import sessions, and the host behind their URLs.
#pragma once

#include "tests/simulator/world.h"

#include <optional>
#include <string>
#include <string_view>

namespace simulator {

struct ImportSession {
  std::string client_id;
  std::string mailbox_id;
};

// Where an import URL leads. Throws Refusal: 401 with an empty body for a token that is expired or
// not ours or comes with an Authorization header, 404 for other paths, 409 for a session of another
// mailbox.
ImportSession check_import_request(World& world, const RequestHead& head, Instant now);

// The JSON document of an import, scanned as it arrives: the stream inside is checked and
// forgotten.
class ImportScanner {
 public:
  ImportScanner();
  ~ImportScanner();
  ImportScanner(const ImportScanner&) = delete;
  ImportScanner& operator=(const ImportScanner&) = delete;

  void receive(std::string_view piece);

  struct Document {
    bool well_formed = false;
    std::optional<std::string> folder_id;
    std::optional<std::string> mode;
    std::optional<std::string> item_id;
    std::optional<std::string> change_key;
    bool has_data = false;
    std::optional<Recipe> recipe;  // of the stream, if it was exactly one
    std::uint64_t stream_bytes = 0;
  };
  // Once, after the last piece.
  Document finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Creates or updates the item. Throws Refusal.
Response import_item(World& world, const ImportSession& session,
                     const ImportScanner::Document& document, Instant now);

}  // namespace simulator
