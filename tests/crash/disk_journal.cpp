// Loaded before a program (LD_PRELOAD), this notes what of a folder is on the disk for good, so
// that a test can take away the rest as a power loss would, and can end the program in the middle
// of its n-th change to a file there.
//
// Environment:
//   DISK_JOURNAL       file the notes are added to, a line each
//   DISK_JOURNAL_DIR   the folder
//   DISK_JOURNAL_GRAVE a folder on the same file system: what is removed or replaced stays there,
//                      under its inode's number
//   DISK_JOURNAL_KILL  number of the change (from 1) before which the process gets SIGKILL; 0: none
//
// Notes: "S inode size" when so many bytes of a file are on the disk; "D folder inode/name/…" when
// the entries of a folder are (paths hold no blanks); "K n" before the end, after n changes.

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

namespace {

struct Journal {
    Journal() {
        const auto text = [](const char* name) {
            const char* value = std::getenv(name);
            return std::string{value == nullptr ? "" : value};
        };
        folder = text("DISK_JOURNAL_DIR");
        grave = text("DISK_JOURNAL_GRAVE");
        kill_at = std::strtoull(text("DISK_JOURNAL_KILL").c_str(), nullptr, 10);
        const std::string file = text("DISK_JOURNAL");
        if (!file.empty())
            notes = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    }
    std::string folder;
    std::string grave;
    unsigned long long kill_at = 0;
    int notes = -1;
    std::atomic<unsigned long long> changes{0};
};

Journal& journal() {
    static Journal made;
    return made;
}

template <typename Function>
Function real(const char* name, Function /*like*/) {
    return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}
#define REAL(name) real(#name, &::name)

void note(std::string line) {
    line += '\n';
    static const auto write_out = REAL(write);
    (void)!write_out(journal().notes, line.data(), line.size());
}

bool inside(const std::string& path) {
    const Journal& j = journal();
    return j.notes >= 0 && path.compare(0, j.folder.size(), j.folder) == 0;
}

/// Of an open file; empty for what is none.
std::string path_of(int descriptor) {
    char path[4096];
    char link[64];
    (void)std::snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    const ssize_t size = ::readlink(link, path, sizeof path);
    return size <= 0 ? std::string{} : std::string{path, static_cast<std::size_t>(size)};
}

std::string absolute(int folder, const char* path) {
    if (path[0] == '/') return path;
    if (folder != AT_FDCWD) return path_of(folder) + '/' + path;
    char here[4096];
    return ::getcwd(here, sizeof here) == nullptr ? path : std::string{here} + '/' + path;
}

/// Counts a change that is about to be made; the process ends here when it is the one.
void change() {
    Journal& j = journal();
    const unsigned long long number = ++j.changes;
    if (j.kill_at == 0 || number < j.kill_at) return;
    if (number == j.kill_at) note("K " + std::to_string(number));
    (void)::kill(::getpid(), SIGKILL);
    for (;;)
        ::pause();
}

/// Keeps what `path` names, which is about to be removed or replaced.
void keep(const std::string& path) {
    struct stat found {};
    if (::lstat(path.c_str(), &found) != 0 || !S_ISREG(found.st_mode)) return;
    const std::string kept = journal().grave + '/' + std::to_string(found.st_ino);
    static const auto link_it = REAL(link);
    (void)link_it(path.c_str(), kept.c_str());
}

void leaving(int folder, const char* path) {
    const std::string whole = absolute(folder, path);
    if (!inside(whole)) return;
    change();
    keep(whole);
}

std::string entries_of(const std::string& folder) {
    std::string line = "D " + folder;
    DIR* open = ::opendir(folder.c_str());
    if (open == nullptr) return line;
    while (const dirent* entry = ::readdir(open)) {
        const std::string name = entry->d_name;
        if (name != "." && name != "..") line += ' ' + std::to_string(entry->d_ino) + '/' + name;
    }
    ::closedir(open);
    return line;
}

/// What will be on the disk for good when the call that follows succeeds.
std::string about_to_sync(int descriptor) {
    const std::string path = path_of(descriptor);
    if (!inside(path)) return {};
    change();
    struct stat found {};
    if (::fstat(descriptor, &found) != 0) return {};
    if (S_ISDIR(found.st_mode)) return entries_of(path);
    return "S " + std::to_string(found.st_ino) + ' ' + std::to_string(found.st_size);
}

void about_to_write(int descriptor) {
    if (journal().kill_at == 0 || descriptor == journal().notes) return;
    struct stat found {};
    if (::fstat(descriptor, &found) != 0 || !S_ISREG(found.st_mode)) return;
    if (inside(path_of(descriptor))) change();
}

template <typename Call>
int synced(int descriptor, Call call) {
    const std::string line = about_to_sync(descriptor);
    const int result = call(descriptor);
    if (result == 0 && !line.empty()) note(line);
    return result;
}

}  // namespace

extern "C" {

int fsync(int descriptor) {
    static const auto next = REAL(fsync);
    return synced(descriptor, next);
}

int fdatasync(int descriptor) {
    static const auto next = REAL(fdatasync);
    return synced(descriptor, next);
}

int unlink(const char* path) noexcept {
    static const auto next = REAL(unlink);
    leaving(AT_FDCWD, path);
    return next(path);
}

int unlinkat(int folder, const char* path, int flags) noexcept {
    static const auto next = REAL(unlinkat);
    leaving(folder, path);
    return next(folder, path, flags);
}

int remove(const char* path) noexcept {
    static const auto next = REAL(remove);
    leaving(AT_FDCWD, path);
    return next(path);
}

int rename(const char* from, const char* to) noexcept {
    static const auto next = REAL(rename);
    leaving(AT_FDCWD, to);
    return next(from, to);
}

int renameat(int from_folder, const char* from, int to_folder, const char* to) noexcept {
    static const auto next = REAL(renameat);
    leaving(to_folder, to);
    return next(from_folder, from, to_folder, to);
}

int link(const char* from, const char* to) noexcept {
    static const auto next = REAL(link);
    if (inside(absolute(AT_FDCWD, to))) change();
    return next(from, to);
}

ssize_t write(int descriptor, const void* data, size_t size) {
    static const auto next = REAL(write);
    about_to_write(descriptor);
    return next(descriptor, data, size);
}

ssize_t pwrite64(int descriptor, const void* data, size_t size, off64_t at) {
    static const auto next = REAL(pwrite64);
    about_to_write(descriptor);
    return next(descriptor, data, size, at);
}

ssize_t pwrite(int descriptor, const void* data, size_t size, off_t at) {
    return pwrite64(descriptor, data, size, at);
}

}  // extern "C"
