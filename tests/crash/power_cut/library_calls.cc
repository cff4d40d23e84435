// The names by which a program calls the C library: the module is loaded before it (LD_PRELOAD),
// and each function here takes the place of the one that is named in its `asm`.
#include "tests/crash/power_cut/recorder.h"

#include <cerrno>
#include <cstdarg>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

// Only a call that makes a file has a mode.
mode_t mode_of(int flags, va_list& more) {
  const bool makes = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
  return makes ? va_arg(more, mode_t) : 0;
}

}  // namespace

extern "C" {

int recorded_open(const char* name, int flags, ...) asm("open");
int recorded_open(const char* name, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = mode_of(flags, more);
  va_end(more);
  return power_cut::opened(AT_FDCWD, name, flags, mode);
}
int recorded_open64(const char* name, int flags, ...) asm("open64") __attribute__((alias("open")));
int recorded_open_2(const char* name, int flags) asm("__open_2");
int recorded_open_2(const char* name, int flags) {
  return power_cut::opened(AT_FDCWD, name, flags, 0);
}
int recorded_open64_2(const char* name, int flags) asm("__open64_2")
    __attribute__((alias("__open_2")));

int recorded_openat(int directory, const char* name, int flags, ...) asm("openat");
int recorded_openat(int directory, const char* name, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = mode_of(flags, more);
  va_end(more);
  return power_cut::opened(directory, name, flags, mode);
}
int recorded_openat64(int directory, const char* name, int flags, ...) asm("openat64")
    __attribute__((alias("openat")));
int recorded_openat_2(int directory, const char* name, int flags) asm("__openat_2");
int recorded_openat_2(int directory, const char* name, int flags) {
  return power_cut::opened(directory, name, flags, 0);
}
int recorded_openat64_2(int directory, const char* name, int flags) asm("__openat64_2")
    __attribute__((alias("__openat_2")));

int recorded_creat(const char* name, mode_t mode) asm("creat");
int recorded_creat(const char* name, mode_t mode) {
  return power_cut::opened(AT_FDCWD, name, O_CREAT | O_WRONLY | O_TRUNC, mode);
}
int recorded_creat64(const char* name, mode_t mode) asm("creat64") __attribute__((alias("creat")));

ssize_t recorded_write(int descriptor, const void* data, std::size_t size) asm("write");
ssize_t recorded_write(int descriptor, const void* data, std::size_t size) {
  const iovec part{const_cast<void*>(data), size};
  return power_cut::wrote(descriptor, &part, 1);
}
ssize_t recorded_writev(int descriptor, const iovec* parts, int count) asm("writev");
ssize_t recorded_writev(int descriptor, const iovec* parts, int count) {
  return power_cut::wrote(descriptor, parts, count);
}
ssize_t recorded_pwrite(int descriptor, const void* data, std::size_t size,
                        off_t offset) asm("pwrite");
ssize_t recorded_pwrite(int descriptor, const void* data, std::size_t size, off_t offset) {
  const iovec part{const_cast<void*>(data), size};
  return power_cut::wrote_at(descriptor, &part, 1, offset);
}
ssize_t recorded_pwrite64(int descriptor, const void* data, std::size_t size,
                          off_t offset) asm("pwrite64") __attribute__((alias("pwrite")));
ssize_t recorded_pwritev(int descriptor, const iovec* parts, int count,
                         off_t offset) asm("pwritev");
ssize_t recorded_pwritev(int descriptor, const iovec* parts, int count, off_t offset) {
  return power_cut::wrote_at(descriptor, parts, count, offset);
}
ssize_t recorded_pwritev64(int descriptor, const iovec* parts, int count,
                           off_t offset) asm("pwritev64") __attribute__((alias("pwritev")));
ssize_t recorded_pwritev2(int descriptor, const iovec* parts, int count, off_t offset,
                          int flags) asm("pwritev2");
ssize_t recorded_pwritev2(int descriptor, const iovec* parts, int count, off_t offset, int flags) {
  if (flags != 0) {
    power_cut::refuse_below(descriptor, "a write with flags");
    return ::syscall(SYS_pwritev2, descriptor, parts, count, offset, 0L, flags);
  }
  return offset == -1 ? power_cut::wrote(descriptor, parts, count)
                      : power_cut::wrote_at(descriptor, parts, count, offset);
}
ssize_t recorded_pwritev64v2(int descriptor, const iovec* parts, int count, off_t offset,
                             int flags) asm("pwritev64v2") __attribute__((alias("pwritev2")));

int recorded_ftruncate(int descriptor, off_t size) asm("ftruncate");
int recorded_ftruncate(int descriptor, off_t size) {
  return power_cut::truncated(descriptor, size);
}
int recorded_ftruncate64(int descriptor, off_t size) asm("ftruncate64")
    __attribute__((alias("ftruncate")));
int recorded_truncate(const char* name, off_t size) asm("truncate");
int recorded_truncate(const char* name, off_t size) {
  power_cut::refuse_below(AT_FDCWD, name, "truncate by name");
  return static_cast<int>(::syscall(SYS_truncate, name, size));
}
int recorded_truncate64(const char* name, off_t size) asm("truncate64")
    __attribute__((alias("truncate")));

int recorded_fallocate(int descriptor, int mode, off_t offset, off_t length) asm("fallocate");
int recorded_fallocate(int descriptor, int mode, off_t offset, off_t length) {
  return power_cut::allocated(descriptor, mode, offset, length);
}
int recorded_fallocate64(int descriptor, int mode, off_t offset, off_t length) asm("fallocate64")
    __attribute__((alias("fallocate")));
int recorded_posix_fallocate(int descriptor, off_t offset, off_t length) asm("posix_fallocate");
int recorded_posix_fallocate(int descriptor, off_t offset, off_t length) {
  return power_cut::allocated(descriptor, 0, offset, length) == 0 ? 0 : errno;
}
int recorded_posix_fallocate64(int descriptor, off_t offset, off_t length) asm("posix_fallocate64")
    __attribute__((alias("posix_fallocate")));

int recorded_rename(const char* from, const char* to) asm("rename");
int recorded_rename(const char* from, const char* to) {
  return power_cut::renamed(AT_FDCWD, from, AT_FDCWD, to, 0);
}
int recorded_renameat(int from_directory, const char* from, int to_directory,
                      const char* to) asm("renameat");
int recorded_renameat(int from_directory, const char* from, int to_directory, const char* to) {
  return power_cut::renamed(from_directory, from, to_directory, to, 0);
}
int recorded_renameat2(int from_directory, const char* from, int to_directory, const char* to,
                       unsigned flags) asm("renameat2");
int recorded_renameat2(int from_directory, const char* from, int to_directory, const char* to,
                       unsigned flags) {
  return power_cut::renamed(from_directory, from, to_directory, to, flags);
}
int recorded_link(const char* from, const char* to) asm("link");
int recorded_link(const char* from, const char* to) {
  return power_cut::linked(AT_FDCWD, from, AT_FDCWD, to, 0);
}
int recorded_linkat(int from_directory, const char* from, int to_directory, const char* to,
                    int flags) asm("linkat");
int recorded_linkat(int from_directory, const char* from, int to_directory, const char* to,
                    int flags) {
  return power_cut::linked(from_directory, from, to_directory, to, flags);
}
int recorded_symlinkat(const char* content, int directory, const char* name) asm("symlinkat");
int recorded_symlinkat(const char* content, int directory, const char* name) {
  power_cut::refuse_below(directory, name, "a symbolic link");
  return static_cast<int>(::syscall(SYS_symlinkat, content, directory, name));
}
int recorded_symlink(const char* content, const char* name) asm("symlink");
int recorded_symlink(const char* content, const char* name) {
  return recorded_symlinkat(content, AT_FDCWD, name);
}

int recorded_unlink(const char* name) asm("unlink");
int recorded_unlink(const char* name) { return power_cut::unlinked(AT_FDCWD, name, 0); }
int recorded_unlinkat(int directory, const char* name, int flags) asm("unlinkat");
int recorded_unlinkat(int directory, const char* name, int flags) {
  return power_cut::unlinked(directory, name, flags);
}
int recorded_rmdir(const char* name) asm("rmdir");
int recorded_rmdir(const char* name) { return power_cut::unlinked(AT_FDCWD, name, AT_REMOVEDIR); }
int recorded_remove(const char* name) asm("remove");
int recorded_remove(const char* name) {
  if (power_cut::unlinked(AT_FDCWD, name, 0) == 0) return 0;
  return errno == EISDIR ? power_cut::unlinked(AT_FDCWD, name, AT_REMOVEDIR) : -1;
}
int recorded_mkdir(const char* name, mode_t mode) asm("mkdir");
int recorded_mkdir(const char* name, mode_t mode) {
  return power_cut::made_directory(AT_FDCWD, name, mode);
}
int recorded_mkdirat(int directory, const char* name, mode_t mode) asm("mkdirat");
int recorded_mkdirat(int directory, const char* name, mode_t mode) {
  return power_cut::made_directory(directory, name, mode);
}

int recorded_fsync(int descriptor) asm("fsync");
int recorded_fsync(int descriptor) { return power_cut::synced(descriptor); }
int recorded_fdatasync(int descriptor) asm("fdatasync");
int recorded_fdatasync(int descriptor) { return power_cut::synced_data(descriptor); }
int recorded_syncfs(int descriptor) asm("syncfs");
int recorded_syncfs(int descriptor) { return power_cut::synced_all(descriptor); }
int recorded_sync_file_range(int descriptor, off_t offset, off_t length,
                             unsigned flags) asm("sync_file_range");
int recorded_sync_file_range(int descriptor, off_t offset, off_t length, unsigned flags) {
  return power_cut::synced_range(descriptor, offset, length, flags);
}

FILE* recorded_fopen(const char* name, const char* mode) asm("fopen");
FILE* recorded_fopen(const char* name, const char* mode) {
  return power_cut::opened_stream(name, mode);
}
FILE* recorded_fopen64(const char* name, const char* mode) asm("fopen64")
    __attribute__((alias("fopen")));
FILE* recorded_fdopen(int descriptor, const char* mode) asm("fdopen");
FILE* recorded_fdopen(int descriptor, const char* mode) {
  return power_cut::opened_stream(descriptor, mode);
}

void* recorded_mmap(void* address, std::size_t size, int protection, int flags, int descriptor,
                    off_t offset) asm("mmap");
void* recorded_mmap(void* address, std::size_t size, int protection, int flags, int descriptor,
                    off_t offset) {
  return power_cut::mapped(address, size, protection, flags, descriptor, offset);
}
void* recorded_mmap64(void* address, std::size_t size, int protection, int flags, int descriptor,
                      off_t offset) asm("mmap64") __attribute__((alias("mmap")));

ssize_t recorded_sendfile(int target, int source, off_t* offset, std::size_t size) asm("sendfile");
ssize_t recorded_sendfile(int target, int source, off_t* offset, std::size_t size) {
  power_cut::refuse_below(target, "a copy inside the kernel");
  return ::syscall(SYS_sendfile, target, source, offset, size);
}
ssize_t recorded_sendfile64(int target, int source, off_t* offset,
                            std::size_t size) asm("sendfile64") __attribute__((alias("sendfile")));
ssize_t recorded_copy_file_range(int source, off_t* from, int target, off_t* to, std::size_t size,
                                 unsigned flags) asm("copy_file_range");
ssize_t recorded_copy_file_range(int source, off_t* from, int target, off_t* to, std::size_t size,
                                 unsigned flags) {
  power_cut::refuse_below(target, "a copy inside the kernel");
  return ::syscall(SYS_copy_file_range, source, from, target, to, size, flags);
}
ssize_t recorded_splice(int source, off_t* from, int target, off_t* to, std::size_t size,
                        unsigned flags) asm("splice");
ssize_t recorded_splice(int source, off_t* from, int target, off_t* to, std::size_t size,
                        unsigned flags) {
  power_cut::refuse_below(target, "a copy inside the kernel");
  return ::syscall(SYS_splice, source, from, target, to, size, flags);
}

}  // extern "C"
