#include <algorithm>
#include <array>
#include <optional>

#include <crypto/keccak.hpp>
#include <trie/builder.hpp>
#include <trie/constants.hpp>
#include <trie/node_encoding.hpp>

namespace fastsync::trie {

namespace {

/// A branch whose entries are still arriving. Children wait as they are encoded and are hashed
/// together when the branch closes: several hashes at once cost a quarter of one by one.
struct OpenBranch {
    std::size_t depth = 0;  ///< nibbles of the path above it
    std::array<Bytes, 16> children;
    Bytes value;
};

std::size_t common_prefix(Nibbles a, Nibbles b) {
    const auto [left, right] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
    return static_cast<std::size_t>(left - a.begin());
}

}  // namespace

/// The spine: the branches on the way to the last key, and below them that key's pending item, a
/// leaf until branches start to close, then the encoded branch that closed last.
struct SortedTrieBuilder::Impl {
    explicit Impl(NodeSink node_sink) : sink(std::move(node_sink)) {}

    NodeSink sink;
    std::vector<OpenBranch> open;
    Bytes last_key;  // nibbles
    Bytes last_value;
    bool any = false;

    struct Closed {
        std::size_t depth;
        Bytes rlp;
    };
    std::optional<Closed> pending_branch;  // instead of the last key's leaf

    /// The pending item as a node whose path starts at nibble `from` of the last key.
    [[nodiscard]] Bytes pending_from(std::size_t from);
    void close_deepest();
    [[nodiscard]] Bytes close(OpenBranch branch);
    [[nodiscard]] Hash256 emit(ByteView rlp);
    /// The reference to a finished node; those of 32 bytes or more go to the sink.
    [[nodiscard]] Bytes reference_to(Bytes rlp);
};

Hash256 SortedTrieBuilder::Impl::emit(ByteView rlp) {
    const Hash256 hash = crypto::keccak256(rlp);
    if (sink) sink(hash, rlp);
    return hash;
}

Bytes SortedTrieBuilder::Impl::reference_to(Bytes rlp) {
    if (rlp.size() < kMinHashedSize) return rlp;
    const auto reference = encode_hash_reference(emit(rlp));
    return {reference.begin(), reference.end()};
}

Bytes SortedTrieBuilder::Impl::pending_from(std::size_t from) {
    const Nibbles path{last_key};
    if (!pending_branch) return encode_leaf(path.subspan(from), last_value);
    const std::size_t depth = pending_branch->depth;
    Bytes rlp = std::move(pending_branch->rlp);
    pending_branch.reset();
    if (depth == from) return rlp;
    return encode_extension(path.subspan(from, depth - from), reference_to(std::move(rlp)));
}

Bytes SortedTrieBuilder::Impl::close(OpenBranch branch) {
    std::array<ByteView, 16> messages;
    std::array<Hash256, 16> hashes;
    std::array<std::array<Byte, 33>, 16> references;
    std::array<ByteView, 16> children;
    std::size_t count = 0;
    for (const Bytes& child : branch.children)
        if (child.size() >= kMinHashedSize) messages[count++] = child;
    crypto::keccak256_batch(std::span{messages}.first(count), std::span{hashes}.first(count));

    std::size_t next = 0;
    for (std::size_t i = 0; i < children.size(); ++i) {
        children[i] = branch.children[i];
        if (children[i].size() < kMinHashedSize) continue;
        if (sink) sink(hashes[next], children[i]);
        references[i] = encode_hash_reference(hashes[next++]);
        children[i] = references[i];
    }
    return encode_branch(children, branch.value);
}

void SortedTrieBuilder::Impl::close_deepest() {
    OpenBranch branch = std::move(open.back());
    open.pop_back();
    const std::size_t depth = branch.depth;
    branch.children[last_key[depth]] = pending_from(depth + 1);
    pending_branch = Closed{depth, close(std::move(branch))};
}

SortedTrieBuilder::SortedTrieBuilder(NodeSink sink)
    : impl_(std::make_unique<Impl>(std::move(sink))) {}
SortedTrieBuilder::~SortedTrieBuilder() = default;
SortedTrieBuilder::SortedTrieBuilder(SortedTrieBuilder&&) noexcept = default;
SortedTrieBuilder& SortedTrieBuilder::operator=(SortedTrieBuilder&&) noexcept = default;

Result<void> SortedTrieBuilder::add(ByteView key, ByteView value) {
    if (value.empty()) return Error{Errc::kMalformed, "trie entry with an empty value"};
    Bytes nibbles;
    append_nibbles(nibbles, key);
    if (impl_->any) {
        if (nibbles <= impl_->last_key) {
            return Error{Errc::kMalformed, "trie keys are not in ascending order"};
        }
        const std::size_t depth = common_prefix(impl_->last_key, nibbles);
        while (!impl_->open.empty() && impl_->open.back().depth > depth)
            impl_->close_deepest();
        if (impl_->open.empty() || impl_->open.back().depth < depth) {
            impl_->open.push_back(OpenBranch{depth, {}, {}});
        }
        OpenBranch& branch = impl_->open.back();
        if (depth == impl_->last_key.size()) {
            branch.value = std::move(impl_->last_value);
        } else {
            branch.children[impl_->last_key[depth]] = impl_->pending_from(depth + 1);
        }
    }
    impl_->last_key = std::move(nibbles);
    impl_->last_value = to_bytes(value);
    impl_->any = true;
    return {};
}

Hash256 SortedTrieBuilder::finish() {
    if (!impl_->any) return kEmptyRoot;
    while (!impl_->open.empty())
        impl_->close_deepest();
    const Bytes root = impl_->pending_from(0);
    *impl_ = Impl{std::move(impl_->sink)};
    return impl_->emit(root);
}

Hash256 build_trie(std::vector<TrieEntry> entries, const SortedTrieBuilder::NodeSink& sink) {
    std::stable_sort(entries.begin(), entries.end(),
                     [](const TrieEntry& a, const TrieEntry& b) { return a.first < b.first; });
    SortedTrieBuilder builder(sink);
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const bool overwritten = i + 1 < entries.size() && entries[i + 1].first == entries[i].first;
        if (overwritten || entries[i].second.empty()) continue;
        const Result<void> added = builder.add(entries[i].first, entries[i].second);
        FASTSYNC_ASSERT(added.has_value());
    }
    return builder.finish();
}

}  // namespace fastsync::trie
