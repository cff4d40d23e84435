// Items of a folder: listing, reading, deleting.
#include "src/base/text.h"
#include "tests/simulator/call.h"
#include "tests/simulator/collection.h"

namespace simulator {

Response list_items(Call& call) {
  const Folder& folder = named_folder(call, call.captures[1]);
  std::vector<const Item*> items;
  items.reserve(folder.items.size());
  for (const Number number : folder.items) items.push_back(&call.mailbox->item(number));
  return collection_page(
      call, item_capabilities(),
      base::text("admin/exchange/mailboxes('", base::percent_encode(call.mailbox->id()),
                 "')/folders('", base::percent_encode(folder.id), "')/items"),
      std::move(items), [&](const Item& item, const Selection& selection) {
        return render_item(call, item, selection);
      });
}

Response count_items(Call& call) {
  return text_answer(200, std::to_string(named_folder(call, call.captures[1]).items.size()));
}

Response get_item(Call& call) {
  static const Capabilities kSingle{{"$select", "$expand"}, item_capabilities().fields};
  const Selection selection = parse_selection(call.target, kSingle);
  const Folder& folder = named_folder(call, call.captures[1]);
  return json_answer(200, render_item(call, named_item(call, folder, call.captures[2]), selection));
}

Response delete_item(Call& call) {
  const Folder& folder = named_folder(call, call.captures[1]);
  const Item& item = named_item(call, folder, call.captures[2]);
  const std::string disposal = call.target.parameter("disposalType").value_or("");
  if (disposal != "softDelete" && disposal != "hardDelete") {
    throw Refusal{400, "invalidRequest", "disposalType must be softDelete or hardDelete."};
  }
  if (call.world.held_mailboxes.contains(call.mailbox->id())) {
    throw Refusal{403, "ErrorAccessDenied", "The item is on hold or under retention."};
  }
  call.mailbox->remove_item(item.number);
  return empty_answer(204);
}

}  // namespace simulator
