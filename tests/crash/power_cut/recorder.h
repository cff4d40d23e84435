// Calls that change files, made and written down if they are below the directories to be recorded.
//
// COFFER_RECORD_BELOW names these directories, with colons between; COFFER_RECORD_TO the trace.
// Each function makes the call straight to the kernel and answers as the C library does, errno
// included. Files are known by their inodes, so it does not matter through which descriptor they
// are changed. A lock is held across each call: the order of the trace is the order in which the
// calls happened. What cannot be recorded ends the process.
#pragma once

#include <cstdio>
#include <sys/types.h>
#include <sys/uio.h>

namespace power_cut {

int opened(int directory, const char* name, int flags, mode_t mode);
// Streams may be read; one that would be written is refused.
FILE* opened_stream(const char* name, const char* mode);
FILE* opened_stream(int descriptor, const char* mode);

ssize_t wrote(int descriptor, const iovec* parts, int count);
ssize_t wrote_at(int descriptor, const iovec* parts, int count, off_t offset);
int truncated(int descriptor, off_t size);
int allocated(int descriptor, int mode, off_t offset, off_t length);
// A shared mapping that can be written is refused.
void* mapped(void* address, std::size_t size, int protection, int flags, int descriptor,
             off_t offset);

int renamed(int from_directory, const char* from, int to_directory, const char* to, unsigned flags);
int linked(int from_directory, const char* from, int to_directory, const char* to, int flags);
int unlinked(int directory, const char* name, int flags);
int made_directory(int directory, const char* name, mode_t mode);

int synced(int descriptor);
int synced_data(int descriptor);
int synced_all(int descriptor);
int synced_range(int descriptor, off_t offset, off_t length, unsigned flags);

// For calls that nobody makes there so far: who does has to teach the recorder.
void refuse_below(int descriptor, const char* what);
void refuse_below(int directory, const char* name, const char* what);

}  // namespace power_cut
