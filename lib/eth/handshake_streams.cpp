#include <algorithm>
#include <utility>

#include <common/assert.hpp>
#include <eth/handshake_streams.hpp>

namespace fastsync::eth {

class HandshakeStreams::Tracked final : public net::ByteStream {
  public:
    Tracked(HandshakeStreams& owner, std::unique_ptr<net::ByteStream> inner)
        : owner_(&owner), inner_(std::move(inner)) {
        owner_->open_.insert(this);
    }
    Tracked(const Tracked&) = delete;
    Tracked& operator=(const Tracked&) = delete;
    ~Tracked() override { leave(); }

    void leave() noexcept {
        if (owner_ != nullptr) owner_->open_.erase(this);
        owner_ = nullptr;
    }

    [[nodiscard]] async::Task<Result<std::size_t>> read_some(std::span<Byte> out) override {
        return inner_->read_some(out);
    }
    [[nodiscard]] async::Task<Result<void>> write(ByteView data) override {
        return inner_->write(data);
    }
    void close() noexcept override { inner_->close(); }
    [[nodiscard]] std::string remote() const override { return inner_->remote(); }
    [[nodiscard]] async::Executor executor() override { return inner_->executor(); }

  private:
    HandshakeStreams* owner_;  ///< null once a session stands
    std::unique_ptr<net::ByteStream> inner_;
};

HandshakeStreams::~HandshakeStreams() {
    FASTSYNC_ASSERT(open_.empty());
}

std::unique_ptr<net::ByteStream> HandshakeStreams::add(std::unique_ptr<net::ByteStream> stream) {
    return std::make_unique<Tracked>(*this, std::move(stream));
}

void HandshakeStreams::settle(net::ByteStream& stream) noexcept {
    const auto found = std::find(open_.begin(), open_.end(), &stream);
    if (found != open_.end()) (*found)->leave();
}

void HandshakeStreams::close_all() noexcept {
    for (Tracked* const stream : open_)
        stream->close();
}

}  // namespace fastsync::eth
