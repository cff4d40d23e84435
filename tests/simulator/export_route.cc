// exportItems: up to 20 items, each element made while it is sent.
#include "src/base/base64.h"
#include "src/base/text.h"
#include "tests/simulator/call.h"
#include "tests/simulator/item_stream.h"

#include <algorithm>
#include <optional>
#include <set>

namespace simulator {
namespace {

constexpr std::size_t kMostItems = 20;
// A multiple of 3, so that pieces of base64 join without padding between them.
constexpr std::size_t kPieceBytes = 48 * 1024;

struct Element {
  std::string item_id;
  std::string change_key;
  std::optional<Recipe> recipe;
  std::string error_code;  // with no recipe: the error, or nothing at all
  std::string error_message;
};

class ExportBody final : public BodySource {
 public:
  ExportBody(std::string origin, std::vector<Element> elements, bool capital_error,
             std::atomic<std::uint64_t>& exported_bytes)
      : elements_(std::move(elements)),
        capital_error_(capital_error),
        exported_bytes_(exported_bytes),
        start_(base::text(R"({"@odata.context":")", origin, "/v1.0/$metadata#",
                          R"#(Collection(microsoft.graph.exportItemResponse)","value":[)#")),
        buffer_(kPieceBytes) {}

  std::optional<std::string> next() override {
    if (!start_.empty()) return std::exchange(start_, {});
    if (stream_) return next_piece();
    if (position_ == elements_.size()) {
      if (ended_) return std::nullopt;
      ended_ = true;
      return "]}";
    }
    const Element& element = elements_[position_];
    std::string text = position_ == 0 ? "" : ",";
    ++position_;
    if (element.recipe) {
      stream_.emplace(*element.recipe);
      return text + base::text(R"({"itemId":")", element.item_id, R"(","changeKey":")",
                               element.change_key, R"(","data":")");
    }
    Json json = {{"itemId", element.item_id}};
    if (!element.error_code.empty()) {
      json[capital_error_ ? "Error" : "error"] = {{"code", element.error_code},
                                                  {"message", element.error_message}};
    }
    return text + json.dump();
  }

 private:
  std::string next_piece() {
    std::size_t filled = 0;
    while (filled < kPieceBytes) {
      const std::size_t count = stream_->read(base::MutableByteView{buffer_}.subspan(filled));
      if (count == 0) break;
      filled += count;
    }
    exported_bytes_ += filled;
    std::string text = base::base64_encode(base::ByteView{buffer_}.first(filled));
    if (filled < kPieceBytes) {
      stream_.reset();
      text += "\"}";
    }
    return text;
  }

  std::vector<Element> elements_;
  bool capital_error_;
  std::atomic<std::uint64_t>& exported_bytes_;
  std::string start_;
  base::Bytes buffer_;
  std::size_t position_ = 0;
  std::optional<ItemStream> stream_;
  bool ended_ = false;
};

std::vector<std::string> requested_ids(const Call& call) {
  const Json body = call.json_body();
  const Json ids = body.contains("itemIds") ? body["itemIds"] : body.value("ItemIds", Json{});
  if (!ids.is_array() || ids.empty() || ids.size() > kMostItems ||
      !std::all_of(ids.begin(), ids.end(), [](const Json& id) { return id.is_string(); })) {
    throw Refusal{400, "ExportMailboxItemsRequestInvalid",
                  "The request must name between 1 and 20 item ids."};
  }
  return ids.get<std::vector<std::string>>();
}

// Empty where a fault makes the element vanish.
std::optional<Element> element_for(Call& call, const std::string& id) {
  Element element;
  element.item_id = id;
  const Item* item = call.mailbox->find_item(id);
  if (item == nullptr) {
    element.error_code = "ErrorItemNotFound";
    element.error_message = "The specified object was not found in the store.";
    return element;
  }
  if (call.strikes(Fault::drop_element)) return std::nullopt;
  if (call.strikes(Fault::empty_element)) return element;
  if (call.strikes(Fault::element_error)) {
    element.error_code = "ErrorInternalServerError";
    element.error_message = "An internal server error occurred. Try again later.";
    return element;
  }
  if (call.world.faults.poisons(base::to_hex(facts_of(item->recipe).search_key))) {
    element.error_code = item->number % 2 == 0 ? "ErrorItemCorrupt" : "ErrorCorruptData";
    element.error_message = "The item is corrupt and cannot be exported.";
    return element;
  }
  element.change_key = long_change_key(call.mailbox->change_key(*item));
  element.recipe = item->recipe;
  ++call.world.statistics.exported_items;
  ++call.world.statistics.exported_items_by_mailbox[call.mailbox->id()];
  return element;
}

}  // namespace

Response export_items(Call& call) {
  std::vector<std::string> ids = requested_ids(call);
  // The order of the answer is not guaranteed, so it is never the order of the request.
  std::rotate(ids.begin(),
              ids.begin() + static_cast<std::ptrdiff_t>(call.world.request_number % ids.size()),
              ids.end());
  std::vector<Element> elements;
  for (const std::string& id : ids) {
    if (auto element = element_for(call, id)) elements.push_back(*std::move(element));
  }
  Response response = json_answer(200, Json{});
  response.body.clear();
  response.stream =
      std::make_unique<ExportBody>(call.world.origins.graph, std::move(elements),
                                   call.strikes(Fault::capital_error), *call.exported_bytes);
  return response;
}

}  // namespace simulator
