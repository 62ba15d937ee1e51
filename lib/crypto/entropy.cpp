#include <cerrno>

#include <sys/random.h>

#include <crypto/entropy.hpp>

namespace fastsync::crypto {
namespace {

class SystemEntropy final : public EntropySource {
  public:
    void fill(std::span<Byte> out) override {
        while (!out.empty()) {
            const ssize_t got = ::getrandom(out.data(), out.size(), 0);
            if (got < 0 && errno == EINTR) continue;
            // Every key and nonce rests on this: better no process than a predictable one.
            FASTSYNC_ASSERT(got > 0);
            out = out.subspan(static_cast<std::size_t>(got));
        }
    }
};

}  // namespace

EntropySource& system_entropy() {
    static SystemEntropy instance;
    return instance;
}

}  // namespace fastsync::crypto
