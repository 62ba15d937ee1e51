#include <chain/fork_id.hpp>
#include <rlp/decode.hpp>
#include <rlp/encode.hpp>

namespace fastsync::chain {
namespace {

/// A `next` above this is a time, not a block number: no chain of the family has so many blocks,
/// and none started before it (EIP-6122; the time of the Ethereum genesis).
constexpr std::uint64_t kTimeThreshold = 1438269973;

constexpr std::uint32_t kPolynomial = 0xedb88320;

std::uint32_t crc32_update(std::uint32_t crc, ByteView bytes) {
    for (const Byte byte : bytes) {
        crc ^= byte;
        for (int bit = 0; bit < 8; ++bit)
            crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? kPolynomial : 0U);
    }
    return crc;
}

template <std::size_t N>
std::array<Byte, N> big_endian(std::uint64_t value) {
    std::array<Byte, N> out{};
    for (std::size_t i = 0; i < N; ++i)
        out[i] = static_cast<Byte>(value >> (8 * (N - 1 - i)));
    return out;
}

/// Sorted, each once, those up to `started` left out.
std::vector<std::uint64_t> in_order(std::vector<std::uint64_t> forks, std::uint64_t started) {
    std::sort(forks.begin(), forks.end());
    forks.erase(std::unique(forks.begin(), forks.end()), forks.end());
    forks.erase(forks.begin(), std::upper_bound(forks.begin(), forks.end(), started));
    return forks;
}

Error incompatible(const char* what) {
    return {Errc::kIncompatible, std::string{"fork id: "} + what};
}

Error outdated() {
    return {Errc::kOutdated, "fork id: the peer passed a fork that this version does not know"};
}

template <class Range>
bool contains(const Range& range, const ForkHash& hash) {
    return std::find(range.begin(), range.end(), hash) != range.end();
}

}  // namespace

Result<ForkLadder> ForkLadder::make(ForkSchedule schedule) {
    ForkLadder out;
    out.forks_ = in_order(std::move(schedule.blocks), 0);
    out.block_forks_ = out.forks_.size();
    for (const std::uint64_t time : in_order(std::move(schedule.times), schedule.genesis_time))
        out.forks_.push_back(time);
    if (out.forks_.size() > kMaxForks) return Error{Errc::kConfig, "more forks than any chain has"};

    std::uint32_t crc = crc32_update(~std::uint32_t{0}, schedule.genesis_hash);
    out.hashes_.push_back({big_endian<4>(~crc)});
    for (const std::uint64_t fork : out.forks_) {
        crc = crc32_update(crc, big_endian<8>(fork));
        out.hashes_.push_back({big_endian<4>(~crc)});
    }
    return out;
}

std::size_t ForkLadder::passed(const ForkPosition& head) const {
    std::size_t count = 0;
    while (count < forks_.size() &&
           forks_[count] <= (count < block_forks_ ? head.number : head.time))
        ++count;
    return count;
}

ForkId ForkLadder::at(const ForkPosition& head) const {
    const std::size_t count = passed(head);
    return {hashes_[count], count < forks_.size() ? forks_[count] : 0};
}

void ForkLadder::tell_apart(const ForkLadder& other) {
    for (const ForkHash& hash : other.hashes_)
        if (!contains(hashes_, hash)) others_.push_back(hash);
}

Result<void> ForkLadder::check(const ForkId& remote, const ForkPosition& head) const {
    const std::size_t ours = passed(head);
    const auto found = std::find(hashes_.begin(), hashes_.end(), remote.hash);
    if (contains(others_, remote.hash)) return incompatible("another chain of the same genesis");
    if (found == hashes_.end()) return outdated();
    const auto theirs = static_cast<std::size_t>(found - hashes_.begin());
    // Rule 3: they are ahead, and we know all the forks they passed.
    if (theirs > ours) return {};
    // Rule 2: they are behind; the fork they wait for must be the one we passed.
    if (theirs < ours) {
        if (forks_[theirs] != remote.next) return incompatible("the peer does not know our forks");
        return {};
    }
    // Rule 1: side by side, unless they wait for a fork where we already are.
    const std::uint64_t here =
        ours < block_forks_ || forks_.size() == block_forks_ ? head.number : head.time;
    const bool reached =
        here >= remote.next || (remote.next > kTimeThreshold && head.time >= remote.next);
    if (remote.next > 0 && reached) return outdated();
    return {};
}

Bytes encode_fork_id(const ForkId& id) {
    return rlp::encode_list({rlp::encode_string(id.hash), rlp::encode_uint(id.next)});
}

Result<ForkId> decode_fork_id(ByteView encoded) {
    FASTSYNC_TRY(ByteView in, rlp::whole_list(encoded));
    ForkId out;
    FASTSYNC_TRY(out.hash, rlp::take_fixed<ForkHash>(in));
    FASTSYNC_TRY(out.next, rlp::take_uint64(in));
    FASTSYNC_CHECK(rlp::check_nested(in));
    return out;
}

Bytes encode_fork_id_entry(const ForkId& id) {
    return rlp::encode_list({encode_fork_id(id)});
}

Result<ForkId> decode_fork_id_entry(ByteView encoded) {
    FASTSYNC_TRY(ByteView in, rlp::whole_list(encoded));
    FASTSYNC_TRY(const rlp::Item id, rlp::take(in));
    FASTSYNC_CHECK(rlp::check_nested(in));
    return decode_fork_id(id.raw);
}

}  // namespace fastsync::chain
