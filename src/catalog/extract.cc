#include "src/catalog/extract.h"

#include "src/base/digest.h"
#include "src/base/file.h"
#include "src/base/text.h"
#include "src/catalog/folder_paths.h"
#include "src/catalog/folding.h"
#include "src/catalog/selection.h"

#include <fcntl.h>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

namespace catalog {
namespace {

using base::Error;
using base::ErrorKind;
using base::text;

constexpr std::size_t kNameBytes = 80;
constexpr std::size_t kDirectoryBytes = 2000;  // far from PATH_MAX with any reasonable target
constexpr std::size_t kPieceBytes = std::size_t{256} << 10;

std::string short_digest(const std::string& id, std::size_t digits) {
  return base::sha256(base::as_bytes(id)).hex().substr(0, digits);
}

// Stands in the directory until all is there, and tells what of.
constexpr const char* kMarkName = ".coffer-extract";
constexpr std::size_t kLongestMark = 1024;

std::string mark_of(const store::Snapshot& point, const ExtractSelection& selection) {
  base::Sha256Stream asked;
  const auto add = [&](const std::string& word) {
    asked.update(base::as_bytes(text(word.size(), ":", word)));
  };
  for (const std::string& id :
       std::set<std::string>{selection.folders.begin(), selection.folders.end()}) {
    add(id);
  }
  add("items");
  for (const std::string& id : selection.items) add(id);
  return text("restore point ", point.id, ", selection ", asked.finish().hex(), "\n");
}

void prepare_directory(const std::filesystem::path& directory, const std::string& mark) {
  std::error_code failed;
  std::filesystem::create_directories(directory, failed);
  if (failed == std::errc::not_a_directory || failed == std::errc::file_exists) {
    throw Error{ErrorKind::usage,
                text("'", directory.string(),
                     "' cannot be a directory: there is a file in the way; name another place")};
  }
  if (failed) throw base::system_error(text("creating ", directory.string()), failed.value());
  const bool empty = std::filesystem::is_empty(directory, failed);
  if (failed) throw base::system_error(text("reading ", directory.string()), failed.value());
  const std::filesystem::path file = directory / kMarkName;
  if (empty) {
    base::replace_file(file, base::as_bytes(mark));
    return;
  }
  const bool has_mark = std::filesystem::exists(std::filesystem::symlink_status(file, failed));
  if (!has_mark || base::as_text(base::read_file(file, kLongestMark)) != mark) {
    throw Error{ErrorKind::usage,
                text(directory.string(),
                     " is not empty: name a new or an empty directory, or the arguments of an "
                     "interrupted extract again, so that two restore points do not mix")};
  }
}

// Whether the file is there and is that content.
bool is_whole(const std::filesystem::path& path, const store::ContentRef& content) {
  std::error_code failed;
  const auto status = std::filesystem::symlink_status(path, failed);
  if (!std::filesystem::is_regular_file(status)) return false;
  const auto size = std::filesystem::file_size(path, failed);
  if (failed || size != content.size_bytes) return false;
  std::ifstream file{path, std::ios::binary};
  base::Sha256Stream hash;
  std::string piece(kPieceBytes, '\0');
  while (file) {
    file.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    const auto got = static_cast<std::size_t>(file.gcount());
    hash.update(base::as_bytes(std::string_view{piece}.substr(0, got)));
  }
  return hash.finish() == content.sha256;
}

// Names the directory of each folder, relative to the output.
class DirectoryNames {
 public:
  explicit DirectoryNames(const FolderPaths& paths) : paths_(paths) {
    for (const store::FolderEntry* folder : paths.ordered()) {
      ++used_[collision_key(paths.chain(folder->id))];
    }
  }

  [[nodiscard]] std::string of(const std::string& folder_id) const {
    std::string directory;
    std::vector<std::string> chain;
    for (const std::string& id : paths_.chain(folder_id)) {
      chain.push_back(id);
      const bool alone = used_.at(collision_key(chain)) == 1;
      directory += safe_name(paths_.folder(id).display_name);
      if (!alone) directory += "~" + short_digest(id, 8);
      directory += "/";
    }
    if (directory.size() <= kDirectoryBytes) return directory;
    return text("deep/", short_digest(folder_id, 32), "/");
  }

 private:
  // Equal for folders that would share a directory, also where the file system ignores case.
  [[nodiscard]] std::string collision_key(const std::vector<std::string>& chain) const {
    const std::string parent = chain.size() < 2 ? "" : chain[chain.size() - 2];
    return parent + "\n" + fold_case(safe_name(paths_.folder(chain.back()).display_name));
  }

  const FolderPaths& paths_;
  std::map<std::string, std::size_t> used_;
};

// A file that shows only once it is whole.
class FileInProgress {
 public:
  explicit FileInProgress(std::filesystem::path target)
      : target_(std::move(target)),
        temporary_(target_.string() + ".part"),
        file_(base::open_file(temporary_, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW)) {}
  ~FileInProgress() {
    std::error_code ignored;  // a left-over .part file is visible as what it is
    if (!published_) std::filesystem::remove(temporary_, ignored);
  }
  FileInProgress(const FileInProgress&) = delete;
  FileInProgress& operator=(const FileInProgress&) = delete;

  void append(base::ByteView piece) { base::write_all(file_, piece, temporary_); }

  void publish() {
    base::sync_file(file_, temporary_);
    std::error_code failed;
    std::filesystem::rename(temporary_, target_, failed);
    if (failed) throw base::system_error(text("renaming ", temporary_.string()), failed.value());
    published_ = true;
  }

 private:
  std::filesystem::path target_;
  std::filesystem::path temporary_;
  base::FileHandle file_;
  bool published_ = false;
};

class Extraction {
 public:
  Extraction(const store::TenantStore& store, const store::Snapshot& point,
             const std::filesystem::path& directory,
             const std::function<void(const ExtractedItem&)>& on_item, std::stop_token stop)
      : store_(store),
        point_(point),
        reader_(store.open_snapshot(point)),
        paths_(reader_->folders()),
        names_(paths_),
        directory_(directory),
        on_item_(on_item),
        stop_(std::move(stop)) {}

  ExtractReport run(const ExtractSelection& selection) {
    const Selected selected = select(*reader_, paths_, selection.folders, selection.items);
    prepare_directory(directory_, mark_of(point_, selection));
    for (const SelectedFolder& folder : selected.folders) extract_folder(folder);
    return std::move(report_);
  }

 private:
  void extract_folder(const SelectedFolder& folder) {
    const std::string path = paths_.path(folder.id);
    const std::string relative = names_.of(folder.id);
    bool made = false;
    reader_->items_of_folder(folder.id, [&](const store::ItemEntry& item) {
      if (!folder.whole && !folder.items.contains(item.id)) return true;
      ++report_.selected;
      if (stop_.stop_requested()) {
        report_.cancelled = true;
        return true;
      }
      if (!std::exchange(made, true)) make_directory(relative);
      extract_item(item, path, relative);
      return true;
    });
    if (made) base::sync_directory(directory_ / relative);
  }

  void make_directory(const std::string& relative) {
    std::error_code failed;
    std::filesystem::create_directories(directory_ / relative, failed);
    if (failed) throw base::system_error(text("creating directory ", relative), failed.value());
  }

  void extract_item(const store::ItemEntry& item, const std::string& path,
                    const std::string& relative) {
    const std::string file = relative + short_digest(item.id, 32) + ".stream";
    try {
      if (!is_whole(directory_ / file, item.content)) write_stream(item, directory_ / file);
    } catch (Error& error) {
      // The target's disk ends it; damage in the store costs the item.
      if (error.kind() != ErrorKind::corrupt) throw;
      error.add_context(text("extracting item ", item.id));
      report_.failures.push_back({item.id, path, error});
      return;
    }
    ++report_.written;
    report_.bytes += item.content.size_bytes;
    on_item_(
        {file, item.id, path, item.content.sha256.hex(), item.content.size_bytes, item.item_class});
  }

  void write_stream(const store::ItemEntry& item, const std::filesystem::path& target) {
    const std::unique_ptr<store::ContentReader> content = store_.open_content(item.content);
    FileInProgress file{target};
    base::Bytes piece(kPieceBytes);
    while (const std::size_t size = content->read(piece)) {
      file.append(base::ByteView{piece}.first(size));
    }
    file.publish();
  }

  const store::TenantStore& store_;
  const store::Snapshot& point_;
  std::unique_ptr<store::SnapshotReader> reader_;
  FolderPaths paths_;
  DirectoryNames names_;
  const std::filesystem::path& directory_;
  const std::function<void(const ExtractedItem&)>& on_item_;
  std::stop_token stop_;
  ExtractReport report_;
};

}  // namespace

std::string safe_name(std::string_view display_name) {
  std::string safe;
  const std::string shown = base::printable(display_name);
  for (const char c : base::trim(shown)) {
    const bool unsafe = c == '/' || c == '\\' || c == ':' || c == '*' || c == '?' || c == '"' ||
                        c == '<' || c == '>' || c == '|' || (c == '.' && safe.empty()) || c == '~';
    safe.push_back(unsafe ? '_' : c);
  }
  if (safe.size() > kNameBytes) {
    std::size_t end = kNameBytes;
    while (end > 0 && (static_cast<unsigned char>(safe[end]) & 0xC0U) == 0x80U) --end;
    safe.resize(end);
  }
  while (!safe.empty() && (safe.back() == '.' || safe.back() == ' ')) safe.pop_back();
  return safe.empty() ? "_" : safe;
}

ExtractReport extract(const store::TenantStore& store, const store::Snapshot& point,
                      const ExtractSelection& selection, const std::filesystem::path& directory,
                      const std::function<void(const ExtractedItem&)>& on_item,
                      std::stop_token stop) {
  return Extraction{store, point, directory, on_item, std::move(stop)}.run(selection);
}

void end_extraction(const std::filesystem::path& directory) {
  std::error_code failed;
  std::filesystem::remove(directory / kMarkName, failed);
  if (failed) throw base::system_error(text("removing ", kMarkName), failed.value());
}

}  // namespace catalog
