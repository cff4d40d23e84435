#include "src/daemon/round_trip.h"

#include "src/base/error.h"
#include "src/base/text.h"
#include "src/daemon/mailbox_sample.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

namespace appliance {
namespace {

using Status = Check::Status;

constexpr std::size_t kItems = 5;
// They are whole in memory for a moment.
constexpr std::uint64_t kLargestItemBytes = std::uint64_t{8} << 20;
constexpr std::size_t kFoldersTried = 20;

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

base::Error failure_of(const std::string& doing, const graph::UnitError& error) {
  return {base::ErrorKind::failed, base::text(doing, ": ", error.message, " (", error.code, ")")};
}

class RoundTrip {
 public:
  RoundTrip(graph::MailboxService& service, graph::MailboxId mailbox, std::string check_name,
            const OnCheck& on_check, std::stop_token stop)
      : service_(service),
        mailbox_(std::move(mailbox)),
        check_name_(std::move(check_name)),
        on_check_(on_check),
        stop_(std::move(stop)) {}

  void run(const std::string& scratch_name) {
    try {
      const std::vector<graph::ExportRequest> sample = find_sample();
      if (sample.empty()) {
        on_check_({check_name_, Status::warning, "no item of less than 8 MiB was found to try",
                   "name a mailbox that holds some"});
        return;
      }
      const KeepingSink first = export_all(sample, "exporting");
      service_.prepare_import(mailbox_, stop_);
      make_scratch_folder(scratch_name);
      compare(first);
    } catch (const base::Error& error) {
      remove_scratch_folder();
      on_check_(failed_check(check_name_, error));
      return;
    }
    remove_scratch_folder();
  }

 private:
  // Of one folder.
  std::vector<graph::ExportRequest> find_sample() {
    std::vector<graph::ExportRequest> sample;
    const std::vector<graph::Folder> folders = folders_of(service_, mailbox_, stop_);
    for (std::size_t i = 0; i < std::min(folders.size(), kFoldersTried) && sample.empty(); ++i) {
      for (const graph::Item& item :
           first_items(service_, mailbox_, folders[i].id, 4 * kItems, stop_)) {
        if (item.size_bytes > kLargestItemBytes || sample.size() == kItems) continue;
        sample.push_back({item.id, item.size_bytes});
        folder_class_ = folders[i].item_class;
      }
    }
    return sample;
  }

  KeepingSink export_all(const std::vector<graph::ExportRequest>& items, const std::string& doing) {
    KeepingSink sink;
    service_.export_units(mailbox_, items, sink, stop_);
    if (!sink.failures().empty()) throw failure_of(doing, sink.failures().begin()->second);
    return sink;
  }

  void make_scratch_folder(const std::string& name) {
    const graph::CreatedFolder made =
        service_.create_folder(mailbox_, "", name, folder_class_, stop_);
    scratch_name_ = name;
    // What was there is somebody's.
    if (made.was_there) {
      throw base::Error{base::ErrorKind::failed,
                        base::text("there is a folder '", name, "' already")};
    }
    scratch_id_ = made.folder.id;
  }

  void compare(const KeepingSink& first) {
    std::map<std::string, std::string> originals;  // new id -> old id
    std::vector<graph::ExportRequest> imported;
    std::uint64_t bytes = 0;
    for (const auto& [id, stream] : first.streams()) {
      const std::string new_id = import(stream);
      originals[new_id] = id;
      imported.push_back({new_id, stream.size()});
      bytes += stream.size();
    }
    const KeepingSink second = export_all(imported, "exporting what was imported");
    for (const auto& [new_id, stream] : second.streams()) {
      const base::Bytes& original = first.streams().at(originals.at(new_id));
      if (stream == original) continue;
      throw base::Error{
          base::ErrorKind::failed,
          base::text("item ", originals.at(new_id), " came back otherwise: ", original.size(),
                     " bytes were imported, and ", stream.size(), " others exported again")};
    }
    on_check_({check_name_, Status::ok,
               base::text(imported.size(), " items, ", base::human_bytes(bytes),
                          ", exported, imported, exported again and equal byte by byte"),
               ""});
  }

  std::string import(const base::Bytes& stream) {
    StreamInMemory source{stream};
    const graph::ImportResult result =
        service_.import_unit(mailbox_, *scratch_id_, source, std::nullopt, stop_);
    if (const auto* imported = std::get_if<graph::Imported>(&result)) return imported->item_id;
    if (const auto* refused = std::get_if<graph::ImportRefused>(&result)) {
      throw failure_of("importing", refused->error);
    }
    throw base::Error{stop_.stop_requested() ? base::ErrorKind::cancelled : base::ErrorKind::failed,
                      base::text("importing: the answer was lost: ",
                                 std::get<graph::ImportUncertain>(result).detail)};
  }

  // Whatever else is asked to stop.
  void remove_scratch_folder() {
    if (!scratch_id_) return;
    try {
      service_.remove_folder(mailbox_, *scratch_id_, {});
    } catch (const base::Error& error) {
      on_check_({check_name_ + ": folder", Status::warning, error.what(),
                 base::text("delete the folder '", scratch_name_, "' from the mailbox")});
    }
  }

  graph::MailboxService& service_;
  graph::MailboxId mailbox_;
  std::string check_name_;
  const OnCheck& on_check_;
  std::stop_token stop_;
  std::string folder_class_;
  std::string scratch_name_;
  std::optional<std::string> scratch_id_;
};

}  // namespace

bool check_round_trip(graph::Tenant& tenant, const std::string& tenant_name,
                      const std::string& mailbox, const base::Clock& clock, const OnCheck& on_check,
                      std::stop_token stop) {
  const std::string name = base::text("round trip of ", mailbox, " (", tenant_name, ")");
  if (!tenant.has_restore_app()) {
    on_check({name, Status::failed, "no restore app is configured: nothing can be imported",
              "add [tenant.NAME.restore_app]"});
    return true;
  }
  graph::MailboxId id;
  try {
    const auto user = tenant.directory().find_user(mailbox, stop);
    if (!user) return false;
    const auto found = tenant.directory().mailbox_of(*user, stop);
    if (std::holds_alternative<graph::NoMailbox>(found)) return false;
    id = std::get<graph::MailboxId>(found);
  } catch (const base::Error& error) {
    on_check(failed_check(name, error));
    return true;
  }
  RoundTrip{tenant.mailboxes(), id, name, on_check, std::move(stop)}.run(
      base::text("coffer round trip ", base::format_rfc3339(clock.now())));
  return true;
}

}  // namespace appliance
