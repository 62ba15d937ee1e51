#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <common/regular_file.hpp>

namespace fastsync {
namespace {

Error failed(std::string sentence) {
    return {Errc::kStorage, std::move(sentence)};
}

std::string_view kind_of(mode_t mode) {
    if (S_ISDIR(mode)) return "it is a directory";
    if (S_ISFIFO(mode)) return "it is a FIFO, not a regular file";
    if (S_ISSOCK(mode)) return "it is a socket, not a regular file";
    return "it is a device, not a regular file";
}

/// A file descriptor until the end of the scope.
class Opened {
  public:
    // Without waiting for whoever would write to a FIFO.
    explicit Opened(const std::filesystem::path& file)
        : number_(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)) {}
    ~Opened() {
        if (number_ >= 0) ::close(number_);
    }
    Opened(const Opened&) = delete;
    Opened& operator=(const Opened&) = delete;

    [[nodiscard]] int number() const noexcept { return number_; }

  private:
    int number_;
};

Result<void> check_regular(int found_by_stat, const struct stat& found) {
    if (found_by_stat != 0) return failed(std::strerror(errno));
    if (!S_ISREG(found.st_mode)) return failed(std::string{kind_of(found.st_mode)});
    return {};
}

}  // namespace

Result<std::string> read_regular_file(const std::filesystem::path& file, std::size_t most) {
    struct stat found {};
    // Before it is opened, for that alone is an act with some devices; and after, for it may be
    // another one by then.
    FASTSYNC_CHECK(check_regular(::stat(file.c_str(), &found), found));
    const Opened opened{file};
    if (opened.number() < 0) return failed(std::strerror(errno));
    FASTSYNC_CHECK(check_regular(::fstat(opened.number(), &found), found));
    std::string text;
    constexpr std::size_t kPiece = std::size_t{64} << 10U;
    for (;;) {
        const std::size_t had = text.size();
        text.resize(had + kPiece);
        const ssize_t got = ::read(opened.number(), text.data() + had, kPiece);
        if (got < 0 && errno != EINTR) return failed(std::strerror(errno));
        text.resize(had + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
        if (text.size() > most)
            return Error{Errc::kTooLarge, "it has more than " + std::to_string(most) + " bytes"};
        if (got == 0) return text;
    }
}

}  // namespace fastsync
