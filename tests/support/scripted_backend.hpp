#pragma once

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include <async/gate.hpp>
#include <chain/header.hpp>
#include <eth/backend.hpp>
#include <rlp/encode.hpp>

namespace fastsync::test {

/// An eth::Backend over plain maps that notes what it was asked.
class ScriptedBackend final : public eth::Backend {
  public:
    explicit ScriptedBackend(const async::Executor& executor) : answering_(executor) {
        answering_.open();
    }

    [[nodiscard]] eth::ChainIdentity identity() const override { return who; }

    [[nodiscard]] async::Task<std::vector<Bytes>> headers(eth::HeaderQuery query) override {
        header_queries.push_back(query);
        co_await answering_.wait();
        std::vector<Bytes> found;
        const auto* number = std::get_if<chain::BlockNumber>(&query.origin);
        std::uint64_t at = number != nullptr ? *number : 0;
        if (number == nullptr) {
            while (at < chain.size() && chain[at].hash != std::get<Hash256>(query.origin))
                ++at;
        }
        for (; found.size() < query.amount && at < chain.size(); at += 1 + query.skip)
            found.push_back(chain[at].raw);
        co_return found;
    }

    [[nodiscard]] async::Task<Bytes> node_data(std::vector<Hash256> hashes) override {
        node_queries.push_back(hashes);
        co_await answering_.wait();
        rlp::Encoder out;
        for (const Hash256& hash : hashes) {
            const auto found = blobs.find(hash);
            if (found != blobs.end()) out.string(found->second);
        }
        co_return out.take();
    }

    /// From now on we know the forks of our chain: none.
    void know_forks() {
        auto none = chain::ForkLadder::make({who.genesis_hash, 0, {}, {}});
        who.forks = std::make_shared<const chain::ForkLadder>(*std::move(none));
    }
    /// Answers wait from now on, until resume().
    void hold() { answering_.reset(); }
    void resume() { answering_.open(); }

    eth::ChainIdentity who{7, Hash256{{0x67}}, Hash256{{0x67}}, 1};
    std::vector<chain::BlockHeader> chain;  ///< block n at n
    std::map<Hash256, Bytes> blobs;
    std::vector<eth::HeaderQuery> header_queries;
    std::vector<std::vector<Hash256>> node_queries;

  private:
    async::Gate answering_;
};

}  // namespace fastsync::test
