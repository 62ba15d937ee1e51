#include <array>
#include <cerrno>
#include <cstring>
#include <string>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <common/log.hpp>
#include <daemon/node_key.hpp>

namespace fastsync::daemon {
namespace {

constexpr std::size_t kKeyDigits = 64;

Error file_error(const std::filesystem::path& file, std::string_view what) {
    return {Errc::kConfig, "node key " + file.string() + ": " + std::string{what}};
}

Error system_error(const std::filesystem::path& file, std::string_view what) {
    return file_error(file, std::string{what} + ": " + std::strerror(errno));
}

class Descriptor {
  public:
    explicit Descriptor(int fd) noexcept : fd_(fd) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    [[nodiscard]] int get() const noexcept { return fd_; }

  private:
    int fd_;
};

Result<crypto::SecretKey> read_key(const std::filesystem::path& file, const Descriptor& in) {
    struct stat info {};
    if (::fstat(in.get(), &info) == 0 && (info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        log::warn("daemon", "node key is open to others file=\"{}\" mode={:o}", file.string(),
                  info.st_mode & 07777U);
    }
    // One byte more than a key and its newline: a longer file is no key.
    std::array<char, kKeyDigits + 2> text{};
    const ssize_t got = ::read(in.get(), text.data(), text.size());
    if (got < 0) return system_error(file, "cannot be read");
    std::string_view digits{text.data(), static_cast<std::size_t>(got)};
    if (digits.ends_with('\n')) digits.remove_suffix(1);
    const auto bytes = from_hex(digits);
    if (digits.size() != kKeyDigits || !bytes) return file_error(file, "is not 64 hex digits");
    auto key = crypto::SecretKey::from(*bytes);
    if (!key) return file_error(file, "is not a secp256k1 key");
    return *std::move(key);
}

/// Written beside and renamed: a kill leaves no half of a key behind.
Result<void> write_key(const std::filesystem::path& file, const crypto::SecretKey& key) {
    const std::filesystem::path draft = file.string() + ".new";
    const Descriptor out{
        ::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600)};
    if (out.get() < 0) return system_error(draft, "cannot be made");
    const std::string text = to_hex(key.bytes()) + "\n";
    const bool written =
        ::fchmod(out.get(), 0600) == 0 &&
        ::write(out.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
        ::fsync(out.get()) == 0;
    if (!written) return system_error(draft, "cannot be written");
    if (::rename(draft.c_str(), file.c_str()) != 0) return system_error(file, "cannot be made");
    return {};
}

}  // namespace

Result<crypto::SecretKey> load_or_create_node_key(const std::filesystem::path& file,
                                                  crypto::EntropySource& entropy) {
    {
        const Descriptor in{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
        if (in.get() >= 0) return read_key(file, in);
        if (errno != ENOENT) return system_error(file, "cannot be opened");
    }
    if (const auto folder = file.parent_path(); !folder.empty()) {
        std::error_code failed;
        std::filesystem::create_directories(folder, failed);
        if (failed) return file_error(file, "its folder cannot be made: " + failed.message());
    }
    auto key = crypto::SecretKey::generate(entropy);
    FASTSYNC_CHECK(write_key(file, key));
    return key;
}

}  // namespace fastsync::daemon
