#include <chain/genesis.hpp>
#include <devnet/exported_blocks.hpp>
#include <devnet/origin.hpp>
#include <devnet/state_changer.hpp>

namespace fastsync::devnet {
namespace {

struct Beginning {
    chain::Genesis genesis;
    HeaderChain headers;
    ItemStore items;
};

Result<Beginning> begin(const std::filesystem::path& file) {
    FASTSYNC_TRY(chain::Genesis genesis, chain::load_genesis(file));
    ItemStore items;
    const auto add = [&items](const Hash256& hash, ByteView bytes) { items.add(hash, bytes); };
    const Hash256 root = chain::build_genesis_state(genesis, add, add);
    auto first = chain::make_genesis_header(genesis, root);
    if (!first) return Error{Errc::kConfig, file.string() + ": " + first.error().detail};
    auto headers = HeaderChain::from(*std::move(first));
    if (!headers) return Error{Errc::kConfig, file.string() + ": " + headers.error().detail};
    return Beginning{std::move(genesis), *std::move(headers), std::move(items)};
}

Result<DevChain> finish(const std::filesystem::path& file, Beginning begun) {
    auto forks = chain::fork_schedule(begun.genesis, begun.headers.genesis().hash);
    DevChain chain{begun.genesis.chain_id.value_or(kDefaultNetworkId), std::move(begun.headers),
                   std::move(begun.items)};
    const auto known = chain.know_forks(std::move(forks));
    if (!known) return Error{Errc::kConfig, file.string() + ": " + known.error().detail};
    return chain;
}

}  // namespace

Result<DevChain> chain_from_genesis(const std::filesystem::path& file, chain::BlockNumber blocks) {
    FASTSYNC_TRY(Beginning begun, begin(file));
    FASTSYNC_TRY(DevChain chain, finish(file, std::move(begun)));
    const Hash256 root = chain.head().state_root;
    while (chain.head().number < blocks)
        chain.extend(root);
    return chain;
}

Result<DevChain> chain_from_export(const std::filesystem::path& genesis,
                                   const std::filesystem::path& blocks, chain::BlockNumber until) {
    FASTSYNC_TRY(Beginning begun, begin(genesis));
    FASTSYNC_CHECK(append_exported(blocks, until, begun.headers));
    return finish(genesis, std::move(begun));
}

Result<DevChain> chain_from_size(const StateSize& size, chain::BlockNumber blocks) {
    ItemStore items;
    FASTSYNC_TRY(const Hash256 root, generate_state(size, items));
    FASTSYNC_TRY(HeaderChain headers, HeaderChain::from(make_first(root)));
    DevChain chain{kDefaultNetworkId, std::move(headers), std::move(items)};
    while (chain.head().number + kChangingBlocks < blocks)
        chain.extend(root);
    while (chain.head().number < blocks) {
        FASTSYNC_TRY(const ChangedState changed,
                     change_state(chain.items(), size.seed, chain.head().number + 1,
                                  chain.head().state_root));
        chain.extend(changed.root);
    }
    return chain;
}

}  // namespace fastsync::devnet
