#include "export_file.hpp"

#include <cerrno>
#include <cstring>
#include <vector>

#include <sys/stat.h>
#include <zstd.h>

namespace fastsync::app {
namespace {

/// Rows are gathered to this size, bytes, before they are written or compressed.
constexpr std::size_t kChunk = 256 * 1024;

struct FreeStream {
    void operator()(ZSTD_CStream* stream) const noexcept { ZSTD_freeCStream(stream); }
};

}  // namespace

struct ExportFile::Impl {
    std::string name;
    std::FILE* file = nullptr;
    std::unique_ptr<ZSTD_CStream, FreeStream> zstd;
    std::string gathered;
    std::vector<char> compressed;
    bool broken = false;  // a write failed: nobody knows what is there

    ~Impl() {
        if (file != nullptr && file != stdout) std::fclose(file);
    }

    [[nodiscard]] Error failed() const {
        if (errno == EPIPE) return {Errc::kClosed, name + ": nobody reads on"};
        return {Errc::kStorage, name + ": cannot be written: " + std::strerror(errno)};
    }
    Result<void> put(const char* data, std::size_t size) {
        if (size == 0 || std::fwrite(data, 1, size, file) == size) return {};
        broken = true;
        return failed();
    }
    /// @param end  ZSTD_e_end ends the frame
    Result<void> flush(ZSTD_EndDirective end) {
        if (!zstd) {
            FASTSYNC_CHECK(put(gathered.data(), gathered.size()));
            gathered.clear();
            return {};
        }
        ZSTD_inBuffer in{gathered.data(), gathered.size(), 0};
        std::size_t left = 1;
        while (left != 0 && (end == ZSTD_e_end || in.pos < in.size)) {
            ZSTD_outBuffer out{compressed.data(), compressed.size(), 0};
            left = ZSTD_compressStream2(zstd.get(), &out, &in, end);
            if (ZSTD_isError(left) != 0)
                return Error{Errc::kStorage, name + ": zstd: " + ZSTD_getErrorName(left)};
            FASTSYNC_CHECK(put(compressed.data(), out.pos));
            if (end != ZSTD_e_end) left = 1;
        }
        gathered.clear();
        return {};
    }
};

ExportFile::ExportFile(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ExportFile::ExportFile(ExportFile&&) noexcept = default;
ExportFile& ExportFile::operator=(ExportFile&&) noexcept = default;
ExportFile::~ExportFile() = default;

Result<ExportFile> ExportFile::open(const std::string& name) {
    auto impl = std::make_unique<Impl>();
    impl->name = name == "-" ? "standard output" : name;
    if (name == "-") {
        impl->file = stdout;
    } else {
        // Opened first and looked at then: nothing that is there is ever cut off.
        impl->file = std::fopen(name.c_str(), "ab");
        if (impl->file == nullptr) {
            return Error{Errc::kStorage, name + ": cannot be opened: " + std::strerror(errno)};
        }
        struct stat found {};
        if (::fstat(::fileno(impl->file), &found) == 0 && S_ISREG(found.st_mode) &&
            found.st_size > 0) {
            return Error{Errc::kConfig, name + " holds something already"};
        }
    }
    if (name.ends_with(".zst")) {
        impl->zstd.reset(ZSTD_createCStream());
        if (!impl->zstd) return Error{Errc::kStorage, name + ": no memory for zstd"};
        impl->compressed.resize(ZSTD_CStreamOutSize());
    }
    impl->gathered.reserve(kChunk + 4096);
    return ExportFile{std::move(impl)};
}

Result<void> ExportFile::write(std::string_view text) {
    impl_->gathered += text;
    if (impl_->gathered.size() < kChunk) return {};
    return impl_->flush(ZSTD_e_continue);
}

Result<void> ExportFile::finish() {
    if (impl_->broken) return Error{Errc::kStorage, impl_->name + ": a write failed"};
    FASTSYNC_CHECK(impl_->flush(ZSTD_e_end));
    if (std::fflush(impl_->file) != 0) return impl_->failed();
    if (impl_->file == stdout) return {};
    std::FILE* const file = std::exchange(impl_->file, nullptr);
    if (std::fclose(file) != 0) return impl_->failed();
    return {};
}

}  // namespace fastsync::app
