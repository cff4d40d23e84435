#include "src/graph/export_scanner.h"

#include "src/base/text.h"
#include "tests/fuzz/targets.h"

#include <string>

namespace fuzz {
namespace {

using Data = graph::ExportElement::Data;

constexpr std::size_t kLongestId = 4096;
constexpr std::size_t kLongestErrorText = 1000;

// What the scanner tells, in a form that compares. Data of damaged elements is void.
class Recorder final : public graph::ExportHandler {
 public:
  bool begin_data(const std::string& item_id) override {
    hold(item_id.size() <= kLongestId, "ids are bounded");
    stream_.clear();
    return item_id.size() % 5 != 4;  // some data is not wanted
  }
  void data(base::ByteView piece) override {
    hold(!piece.empty(), "a piece of data holds some");
    base::append(stream_, piece);
  }
  void end_element(const graph::ExportElement& element) override {
    hold(element.item_id.size() <= kLongestId && element.change_key.size() <= kLongestId &&
             element.error_code.size() <= kLongestErrorText &&
             element.error_message.size() <= kLongestErrorText,
         "what is kept of an answer is bounded");
    told_ += base::text("[", element.item_id, "|", element.change_key, "|",
                        static_cast<int>(element.data), "|", element.has_error, "|",
                        element.error_code, "|", element.error_message, "|");
    if (element.data == Data::whole) told_ += base::as_text(stream_);
    told_ += "]";
    stream_.clear();
  }

  [[nodiscard]] const std::string& told() const { return told_; }

 private:
  base::Bytes stream_;
  std::string told_;
};

struct Outcome {
  std::string told;
  bool good = true;
  bool complete = false;
  bool operator==(const Outcome&) const = default;
};

template <typename NextSize>
Outcome scan(base::ByteView text, NextSize next_size) {
  Recorder recorder;
  graph::ExportScanner scanner{recorder};
  Outcome outcome;
  while (!text.empty() && outcome.good) {
    const base::ByteView piece = text.first(std::min<std::size_t>(next_size(), text.size()));
    text = text.subspan(piece.size());
    outcome.good = scanner.feed(piece);
  }
  outcome.told = recorder.told();
  outcome.complete = scanner.complete();
  return outcome;
}

}  // namespace

// Two octets that choose how it is cut, then the answer.
void fuzz_export_scanner(base::ByteView input) {
  InputReader reader{input};
  std::uint32_t cuts = reader.number<std::uint16_t>();
  const base::ByteView text = reader.rest();
  const Outcome whole = scan(text, [&] { return text.size(); });
  const Outcome bytewise = scan(text, [] { return std::size_t{1}; });
  const Outcome cut = scan(text, [&] {
    cuts = cuts * 1'103'515'245U + 12'345U;
    return std::size_t{1} + (cuts >> 16) % 29;
  });
  hold(whole == bytewise && whole == cut, "where an answer is cut changes nothing");
  hold(whole.good || !whole.complete, "an answer that cannot be is not complete");
}

}  // namespace fuzz
