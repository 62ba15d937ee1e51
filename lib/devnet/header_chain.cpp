#include <devnet/header_chain.hpp>
#include <rlp/encode.hpp>
#include <trie/constants.hpp>

namespace fastsync::devnet {
namespace {

using chain::BlockHeader;

/// keccak256(rlp([])): the hash of a list without uncles.
constexpr Hash256 kEmptyUncles{{0x1d, 0xcc, 0x4d, 0xe8, 0xde, 0xc7, 0x5d, 0x7a, 0xab, 0x85, 0xb5,
                                0x67, 0xb6, 0xcc, 0xd4, 0x1a, 0xd3, 0x12, 0x45, 0x1b, 0x94, 0x8a,
                                0x74, 0x13, 0xf0, 0xa1, 0x42, 0xfd, 0x40, 0xd4, 0x93, 0x47}};
constexpr std::uint64_t kFirstTimestamp = 1'500'000'000;
constexpr std::uint64_t kSecondsPerBlock = 15;
constexpr std::uint64_t kFirstDifficulty = 131'072;
constexpr std::uint64_t kGasLimit = 8'000'000;
constexpr std::size_t kBloomSize = 256;

struct Fields {
    Hash256 parent_hash;
    Hash256 state_root;
    U256 difficulty;
    chain::BlockNumber number = 0;
    std::uint64_t timestamp = 0;
};

BlockHeader make_header(const Fields& fields) {
    rlp::Encoder out;
    const std::size_t list = out.begin_list();
    out.string(fields.parent_hash).string(kEmptyUncles).string(Address{});
    out.string(fields.state_root).string(trie::kEmptyRoot).string(trie::kEmptyRoot);
    out.string(Bytes(kBloomSize, 0)).uint(fields.difficulty).uint(fields.number);
    out.uint(kGasLimit).uint(0).uint(fields.timestamp);
    out.string(as_bytes("fastsyncd devnet")).string(Hash256{}).string(Bytes(8, 0));
    auto header = chain::decode_header(out.end_list(list).view());
    FASTSYNC_ASSERT(header.has_value());
    return *std::move(header);
}

}  // namespace

BlockHeader make_child(const BlockHeader& parent, const Hash256& state_root) {
    return make_header({parent.hash, state_root, parent.difficulty, parent.number + 1,
                        parent.timestamp + kSecondsPerBlock});
}

BlockHeader make_first(const Hash256& state_root) {
    return make_header({{}, state_root, kFirstDifficulty, 0, kFirstTimestamp});
}

Result<HeaderChain> HeaderChain::from(BlockHeader genesis) {
    if (genesis.number != 0) {
        return Error{Errc::kMalformed,
                     "the first block is number " + std::to_string(genesis.number) + ", not 0"};
    }
    HeaderChain chain;
    chain.add(std::move(genesis));
    return chain;
}

Result<void> HeaderChain::append(BlockHeader header) {
    if (!chain::links(head(), header)) {
        return Error{Errc::kMalformed, "block " + std::to_string(header.number) + " " +
                                           to_hex0x(header.hash) + " does not follow block " +
                                           std::to_string(head().number)};
    }
    add(std::move(header));
    return {};
}

void HeaderChain::add(BlockHeader header) {
    numbers_.emplace(header.hash, header.number);
    total_difficulty_ += header.difficulty;
    headers_.push_back(std::move(header));
}

const BlockHeader* HeaderChain::find(chain::BlockNumber number) const {
    return number < headers_.size() ? &headers_[number] : nullptr;
}

const BlockHeader* HeaderChain::find(const Hash256& hash) const {
    const auto known = numbers_.find(hash);
    return known == numbers_.end() ? nullptr : &headers_[known->second];
}

}  // namespace fastsync::devnet
