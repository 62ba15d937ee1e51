#include <chain/genesis.hpp>
#include <devnet/origin.hpp>
#include <devnet/state_changer.hpp>

namespace fastsync::devnet {

Result<DevChain> chain_from_genesis(const std::filesystem::path& file, chain::BlockNumber blocks) {
    FASTSYNC_TRY(const chain::Genesis genesis, chain::load_genesis(file));
    ItemStore items;
    const auto add = [&items](const Hash256& hash, ByteView bytes) { items.add(hash, bytes); };
    const Hash256 root = chain::build_genesis_state(genesis, add, add);
    auto first = chain::make_genesis_header(genesis, root);
    if (!first) return Error{Errc::kConfig, file.string() + ": " + first.error().detail};
    auto headers = HeaderChain::from(*std::move(first));
    if (!headers) return Error{Errc::kConfig, file.string() + ": " + headers.error().detail};
    DevChain chain{genesis.chain_id.value_or(kDefaultNetworkId), *std::move(headers),
                   std::move(items)};
    const auto known =
        chain.know_forks(chain::fork_schedule(genesis, chain.header_chain().genesis().hash));
    if (!known) return Error{Errc::kConfig, file.string() + ": " + known.error().detail};
    while (chain.head().number < blocks)
        chain.extend(root);
    return chain;
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
