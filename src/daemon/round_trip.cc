#include "src/daemon/round_trip.h"

#include "src/base/error.h"
#include "src/base/text.h"
#include "src/daemon/mailbox_sample.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

namespace appliance {
namespace {

using base::Error;
using base::ErrorKind;
using base::text;
using Status = Check::Status;

constexpr std::size_t kItems = 5;
constexpr std::size_t kFoldersTried = 20;
// As the service counts; they are whole in memory for a moment.
constexpr std::uint64_t kLargestItemBytes = std::uint64_t{8} << 20;
// A stream is longer than its item, but not by so much.
constexpr std::uint64_t kLongestStreamBytes = 2 * kLargestItemBytes;

using Streams = std::map<std::string, base::Bytes>;  // by item id

// A stream is longer than was to be expected.
class TooLong : public Error {
 public:
  TooLong()
      : Error{ErrorKind::protocol,
              text("the stream of an item of at most ", base::human_bytes(kLargestItemBytes),
                   " is longer than ", base::human_bytes(kLongestStreamBytes))} {}
};

class KeepingSink final : public graph::ExportSink {
 public:
  void begin() override { stream_.clear(); }
  void data(base::ByteView piece) override {
    if (stream_.size() + piece.size() > kLongestStreamBytes) {
      throw TooLong{};
    }
    base::append(stream_, piece);
  }
  void end(const std::string& item_id, const std::string&) override {
    streams_[item_id] = std::exchange(stream_, {});
  }
  void abandon() override { stream_.clear(); }
  void failed(const std::string&, const graph::UnitError& error) override { failure_ = error; }

  [[nodiscard]] const std::optional<graph::UnitError>& failure() const { return failure_; }
  [[nodiscard]] Streams take() { return std::move(streams_); }

 private:
  base::Bytes stream_;
  Streams streams_;
  std::optional<graph::UnitError> failure_;
};

class StreamInMemory final : public graph::StreamSource {
 public:
  explicit StreamInMemory(base::ByteView bytes) : bytes_(bytes) {}

  [[nodiscard]] std::uint64_t size_bytes() const override { return bytes_.size(); }
  std::size_t read(base::MutableByteView target) override {
    const base::ByteView piece =
        bytes_.subspan(position_, std::min(target.size(), bytes_.size() - position_));
    std::ranges::copy(piece, target.begin());
    position_ += piece.size();
    return piece.size();
  }
  void rewind() override { position_ = 0; }

 private:
  base::ByteView bytes_;
  std::size_t position_ = 0;
};

Error failure_of(const std::string& doing, const graph::UnitError& error) {
  return {ErrorKind::failed, text(doing, ": ", error.message, " (", error.code, ")")};
}

class RoundTrip {
 public:
  RoundTrip(graph::MailboxService& service, const graph::MailboxId& mailbox, std::stop_token stop)
      : service_(service), mailbox_(mailbox), stop_(std::move(stop)) {}

  // What was seen; empty if nothing was found to try.
  std::string run(const std::string& folder_name) {
    const Sample sample = find_sample();
    if (sample.streams.empty()) return {};
    const Streams& originals = sample.streams;
    service_.prepare_import(mailbox_, stop_);
    const std::string folder = make_folder(folder_name, sample.folder_class);
    std::map<std::string, const base::Bytes*> expected;  // by new id
    std::vector<graph::ExportRequest> imported;
    std::uint64_t bytes = 0;
    for (const auto& [id, stream] : originals) {
      const std::string new_id = import(folder, stream);
      expected[new_id] = &stream;
      imported.push_back({new_id, stream.size()});
      bytes += stream.size();
    }
    for (const auto& [id, stream] : export_all(imported, "exporting what was imported")) {
      if (stream == *expected.at(id)) continue;
      throw Error{ErrorKind::failed,
                  text("item ", id, " came back otherwise: ", expected.at(id)->size(),
                       " bytes were imported, and ", stream.size(), " others exported again")};
    }
    return text(imported.size(), imported.size() == 1 ? " item, " : " items, ",
                base::human_bytes(bytes),
                ", exported, imported, exported again and equal byte by byte");
  }

  // Whatever else is asked to stop.
  void clean_up() {
    if (made_) service_.remove_folder(mailbox_, *std::exchange(made_, std::nullopt), {});
  }

 private:
  // Of one folder.
  struct Sample {
    std::string folder_class;
    Streams streams;
  };

  Sample find_sample() {
    const std::vector<graph::Folder> folders = folders_of(service_, mailbox_, stop_);
    for (std::size_t i = 0; i < std::min(folders.size(), kFoldersTried); ++i) {
      std::vector<graph::ExportRequest> items;
      for (const graph::Item& item :
           first_items(service_, mailbox_, folders[i].id, 4 * kItems, stop_)) {
        if (item.size_bytes > kLargestItemBytes || items.size() == kItems) continue;
        items.push_back({item.id, item.size_bytes});
      }
      if (items.empty()) continue;
      try {
        return {folders[i].item_class, export_all(items, "exporting")};
      } catch (const TooLong&) {
        if (items.front().size_bytes > 0) throw;
        // Of a size that nobody told; another one may be smaller.
      }
    }
    return {};
  }

  // All of them, or it throws.
  Streams export_all(const std::vector<graph::ExportRequest>& items, const std::string& doing) {
    KeepingSink sink;
    service_.export_units(mailbox_, items, sink, stop_);
    if (sink.failure()) throw failure_of(doing, *sink.failure());
    Streams streams = sink.take();
    for (const graph::ExportRequest& item : items) {
      if (streams.contains(item.item_id)) continue;
      throw Error{ErrorKind::protocol, text(doing, ": nothing came of item ", item.item_id)};
    }
    return streams;
  }

  std::string make_folder(const std::string& name, const std::string& item_class) {
    const graph::CreatedFolder made = service_.create_folder(mailbox_, "", name, item_class, stop_);
    if (made.was_there) {  // and is somebody's
      throw Error{ErrorKind::failed, text("there is a folder '", name, "' already")};
    }
    made_ = made.folder.id;
    return made.folder.id;
  }

  std::string import(const std::string& folder, const base::Bytes& stream) {
    StreamInMemory source{stream};
    const graph::ImportResult result =
        service_.import_unit(mailbox_, folder, source, std::nullopt, stop_);
    if (const auto* imported = std::get_if<graph::Imported>(&result)) return imported->item_id;
    if (const auto* refused = std::get_if<graph::ImportRefused>(&result)) {
      throw failure_of("importing", refused->error);
    }
    throw Error{
        stop_.stop_requested() ? ErrorKind::cancelled : ErrorKind::failed,
        text("importing: the answer was lost: ", std::get<graph::ImportUncertain>(result).detail)};
  }

  graph::MailboxService& service_;
  const graph::MailboxId& mailbox_;
  std::stop_token stop_;
  std::optional<std::string> made_;  // id of the folder
};

}  // namespace

void check_round_trip(graph::MailboxService& service, const graph::MailboxId& mailbox,
                      const std::string& check_name, const std::string& folder_name,
                      const OnCheck& on_check, std::stop_token stop) {
  RoundTrip round_trip{service, mailbox, std::move(stop)};
  std::string seen;
  std::optional<Error> failure;
  try {
    seen = round_trip.run(folder_name);
  } catch (const Error& error) {
    failure = error;
  }
  try {
    round_trip.clean_up();
  } catch (const Error& error) {
    on_check({text(check_name, ": folder"), Status::warning, error.what(),
              text("delete the folder '", folder_name, "' from the mailbox")});
  }
  if (failure) {
    Check check = failed_check(check_name, *failure);
    const bool was_answered =
        failure->kind() == ErrorKind::failed || failure->kind() == ErrorKind::protocol;
    if (was_answered) {
      check.remedy = "run `coffer doctor` again; if it stays, look at the service's message";
    }
    on_check(check);
  } else if (seen.empty()) {
    on_check(
        {check_name, Status::warning,
         text("no item of at most ", base::human_bytes(kLargestItemBytes), " was found to try"),
         "name a mailbox that holds some"});
  } else {
    on_check({check_name, Status::ok, seen, ""});
  }
}

}  // namespace appliance
