#include "bad_peer.hpp"

#include <boost/asio/post.hpp>
#include <catch2/catch.hpp>

#include <crypto/entropy.hpp>
#include <net/tcp.hpp>

#include "bad_conversation.hpp"
#include "support/test_nodes.hpp"

namespace fastsync::test {

using async::Task;

namespace {

rlpx::LocalNode local_node(Byte key, std::uint32_t eth_version) {
    rlpx::LocalNode local = node_of(key);
    const eth::Version* const version = eth::find_version(eth_version);
    REQUIRE(version != nullptr);
    local.offers = {{{std::string{eth::kProtocolName}, eth_version}, version->message_count}};
    return local;
}

}  // namespace

BadPeer::BadPeer(const World& world, Manner manner, Byte key, Ways ways)
    : world_(world),
      manner_(manner),
      ways_(std::move(ways)),
      clock_(async::make_system_clock(loop_.executor())),
      local_(local_node(key, ways_.eth_version)),
      stopping_(loop_.executor()),
      scope_(loop_.executor()) {
    enode_ = {local_.key.public_key(), "127.0.0.1", 0, 0};
    if (ways_.visits) {
        dialer_ = net::make_tcp_dialer(loop_.executor(), *clock_);
        boost::asio::post(loop_.executor(), [this] { scope_.spawn(visit_again_and_again()); });
        return;
    }
    auto listener = net::make_tcp_listener(loop_.executor(), *clock_, {"127.0.0.1", 0});
    REQUIRE(listener);
    listener_ = *std::move(listener);
    enode_.tcp_port = enode_.udp_port = listener_->port();
    boost::asio::post(loop_.executor(), [this] { scope_.spawn(accept_all()); });
}

BadPeer::~BadPeer() {
    boost::asio::post(loop_.executor(), [this] {
        stopping_.open();
        if (listener_) listener_->close();
        if (dialer_) dialer_->close();
        for (net::ByteStream* stream : streams_)
            stream->close();
    });
    loop_.finish();
}

BadPeer::Record BadPeer::record() const {
    const std::lock_guard lock{mutex_};
    return record_;
}

Task<void> BadPeer::accept_all() {
    for (;;) {
        auto stream = co_await listener_->accept();
        if (!stream) co_return;
        scope_.spawn(receive(*std::move(stream)));
    }
}

Task<void> BadPeer::receive(std::unique_ptr<net::ByteStream> stream) {
    streams_.insert(stream.get());
    co_await converse(co_await rlpx::accept_channel(*stream, local_, crypto::system_entropy()));
    streams_.erase(stream.get());
}

Task<void> BadPeer::visit_again_and_again() {
    while (!stopping_.is_open()) {
        note([](Record& r) { ++r.visits; });
        co_await visit();
        (void)co_await clock_->sleep_until(clock_->now() + kVisitPause, &stopping_);
    }
}

Task<void> BadPeer::visit() {
    const TimePoint deadline = clock_->now() + std::chrono::seconds{10};
    auto stream = co_await dialer_->dial(ways_.visits->host, ways_.visits->tcp_port, deadline);
    if (!stream) co_return;
    const bool leaves_at_once = manner_ == Manner::kComesAndGoes && record().visits % 2 == 0;
    if (leaves_at_once) co_return;
    net::ByteStream& raw = **stream;
    streams_.insert(&raw);
    co_await converse(
        co_await rlpx::initiate_channel(raw, local_, ways_.visits->id, crypto::system_entropy()));
    streams_.erase(&raw);
}

Task<void> BadPeer::converse(Result<rlpx::Channel> channel) {
    if (!channel) co_return;
    Conversation conversation{*this, *std::move(channel)};
    co_await conversation.run();
}

}  // namespace fastsync::test
