#include <crypto/keccak.hpp>
#include <trie/constants.hpp>
#include <trie/mutable_node.hpp>
#include <trie/mutable_trie.hpp>
#include <trie/node_encoding.hpp>

namespace fastsync::trie {

namespace {

enum class Change { kNone, kMade };

/// A path as the encoder wants it, one nibble per byte.
struct Unpacked {
    explicit Unpacked(const NibblePath& path) : size(path.size()) {
        for (std::size_t i = 0; i < size; ++i)
            nibbles[i] = path[i];
    }
    [[nodiscard]] Nibbles view() const noexcept { return Nibbles{nibbles}.first(size); }

    std::array<Byte, kMaxNibbles> nibbles{};
    std::size_t size;
};

NibblePath single(std::size_t nibble) {
    const Byte byte = static_cast<Byte>(nibble << 4U);
    return NibblePath::from_bytes({&byte, 1}, 0, 1);
}

}  // namespace

/// Recursion follows the key: every level but the last uses up a nibble of at most 64.
struct MutableTrie::Impl {
    Link root;
    NodeSource source;
    std::vector<Hash256> replaced;

    Result<MutableNode*> resolve(Link& link);
    void touch(MutableNode& node);

    Result<std::optional<Bytes>> get(Link& link, const NibblePath& path);

    Result<Change> put(Link& link, const NibblePath& path, ByteView value);
    Result<Change> put_at(Link& link, MutableLeaf& leaf, const NibblePath& path, ByteView value);
    Result<Change> put_at(Link& link, MutableExtension& extension, const NibblePath& path,
                          ByteView value);
    Result<Change> put_at(Link& link, MutableBranch& branch, const NibblePath& path,
                          ByteView value);

    Result<Change> erase(Link& link, const NibblePath& path);
    Result<Change> erase_at(Link& link, MutableLeaf& leaf, const NibblePath& path);
    Result<Change> erase_at(Link& link, MutableExtension& extension, const NibblePath& path);
    Result<Change> erase_at(Link& link, MutableBranch& branch, const NibblePath& path);
    Result<Link> collapse(MutableBranch& branch);
    Result<Link> prepend(const NibblePath& path, Link child);

    Bytes encode(MutableNode& node, const SortedTrieBuilder::NodeSink& sink);
    Bytes reference(Link& link, const SortedTrieBuilder::NodeSink& sink);
};

Result<MutableNode*> MutableTrie::Impl::resolve(Link& link) {
    if (const auto* hash = std::get_if<Hash256>(&link)) {
        const std::optional<ByteView> rlp = source(*hash);
        if (!rlp) return Error{Errc::kNotFound, "no trie node " + to_hex0x(*hash)};
        FASTSYNC_TRY(auto node, read_node(*hash, *rlp));
        link = std::move(node);
    }
    return std::get<std::unique_ptr<MutableNode>>(link).get();
}

/// The node is about to change or to leave the trie.
void MutableTrie::Impl::touch(MutableNode& node) {
    if (node.origin) replaced.push_back(*node.origin);
    node.origin.reset();
}

Result<std::optional<Bytes>> MutableTrie::Impl::get(Link& link, const NibblePath& path) {
    using Found = std::optional<Bytes>;
    if (is_empty(link)) return Found{};
    FASTSYNC_TRY(MutableNode* const node, resolve(link));
    if (const auto* leaf = std::get_if<MutableLeaf>(&node->kind)) {
        return leaf->path == path ? Found{leaf->value} : Found{};
    }
    if (auto* extension = std::get_if<MutableExtension>(&node->kind)) {
        const std::size_t size = extension->path.size();
        if (extension->path.common_prefix(path) < size) return Found{};
        return get(extension->child, path.from(size));
    }
    auto& branch = std::get<MutableBranch>(node->kind);
    if (!path.empty()) return get(branch.children[path[0]], path.from(1));
    return branch.value.empty() ? Found{} : Found{branch.value};
}

Result<Change> MutableTrie::Impl::put(Link& link, const NibblePath& path, ByteView value) {
    if (is_empty(link)) {
        link = make_leaf(path, value);
        return Change::kMade;
    }
    FASTSYNC_TRY(MutableNode* const node, resolve(link));
    FASTSYNC_TRY(
        const Change change,
        std::visit([&](auto& kind) { return put_at(link, kind, path, value); }, node->kind));
    return change;
}

Result<Change> MutableTrie::Impl::put_at(Link& link, MutableLeaf& leaf, const NibblePath& path,
                                         ByteView value) {
    MutableNode& node = *std::get<std::unique_ptr<MutableNode>>(link);
    if (leaf.path == path) {
        if (equal(leaf.value, value)) return Change::kNone;
        touch(node);
        leaf.value = to_bytes(value);
        return Change::kMade;
    }
    touch(node);
    const std::size_t common = leaf.path.common_prefix(path);
    MutableBranch branch;
    const auto place = [&](const NibblePath& to, ByteView what) {
        if (to.size() == common) {
            branch.value = to_bytes(what);
        } else {
            branch.children[to[common]] = make_leaf(to.from(common + 1), what);
        }
    };
    place(leaf.path, leaf.value);
    place(path, value);
    link = make_extension(path.prefix(common), make_link(std::move(branch)));
    return Change::kMade;
}

Result<Change> MutableTrie::Impl::put_at(Link& link, MutableExtension& extension,
                                         const NibblePath& path, ByteView value) {
    MutableNode& node = *std::get<std::unique_ptr<MutableNode>>(link);
    const std::size_t common = extension.path.common_prefix(path);
    if (common == extension.path.size()) {
        FASTSYNC_TRY(const Change change, put(extension.child, path.from(common), value));
        if (change == Change::kMade) touch(node);
        return change;
    }
    touch(node);
    MutableBranch branch;
    branch.children[extension.path[common]] =
        make_extension(extension.path.from(common + 1), std::move(extension.child));
    if (path.size() == common) {
        branch.value = to_bytes(value);
    } else {
        branch.children[path[common]] = make_leaf(path.from(common + 1), value);
    }
    link = make_extension(path.prefix(common), make_link(std::move(branch)));
    return Change::kMade;
}

Result<Change> MutableTrie::Impl::put_at(Link& link, MutableBranch& branch, const NibblePath& path,
                                         ByteView value) {
    Change change = Change::kNone;
    if (!path.empty()) {
        FASTSYNC_TRY(change, put(branch.children[path[0]], path.from(1), value));
    } else if (!equal(branch.value, value)) {
        branch.value = to_bytes(value);
        change = Change::kMade;
    }
    if (change == Change::kMade) touch(*std::get<std::unique_ptr<MutableNode>>(link));
    return change;
}

Result<Change> MutableTrie::Impl::erase(Link& link, const NibblePath& path) {
    if (is_empty(link)) return Change::kNone;
    FASTSYNC_TRY(MutableNode* const node, resolve(link));
    return std::visit([&](auto& kind) { return erase_at(link, kind, path); }, node->kind);
}

Result<Change> MutableTrie::Impl::erase_at(Link& link, MutableLeaf& leaf, const NibblePath& path) {
    if (leaf.path != path) return Change::kNone;
    touch(*std::get<std::unique_ptr<MutableNode>>(link));
    link = std::monostate{};
    return Change::kMade;
}

Result<Change> MutableTrie::Impl::erase_at(Link& link, MutableExtension& extension,
                                           const NibblePath& path) {
    const std::size_t size = extension.path.size();
    if (extension.path.common_prefix(path) < size) return Change::kNone;
    FASTSYNC_TRY(const Change change, erase(extension.child, path.from(size)));
    if (change == Change::kNone) return change;
    touch(*std::get<std::unique_ptr<MutableNode>>(link));
    if (is_empty(extension.child)) {  // a source's extension to a leaf: no builder makes one
        link = std::monostate{};
        return change;
    }
    // The branch below may have become a leaf or an extension; both swallow our path.
    FASTSYNC_TRY(Link merged, prepend(extension.path, std::move(extension.child)));
    link = std::move(merged);
    return change;
}

Result<Change> MutableTrie::Impl::erase_at(Link& link, MutableBranch& branch,
                                           const NibblePath& path) {
    Change change = Change::kNone;
    if (!path.empty()) {
        FASTSYNC_TRY(change, erase(branch.children[path[0]], path.from(1)));
    } else if (!branch.value.empty()) {
        branch.value.clear();
        change = Change::kMade;
    }
    if (change == Change::kNone) return change;
    touch(*std::get<std::unique_ptr<MutableNode>>(link));
    if (branch.entries() > 1) return change;
    FASTSYNC_TRY(Link collapsed, collapse(branch));
    link = std::move(collapsed);
    return change;
}

/// What a branch of one entry becomes.
Result<Link> MutableTrie::Impl::collapse(MutableBranch& branch) {
    for (std::size_t i = 0; i < branch.children.size(); ++i)
        if (!is_empty(branch.children[i])) return prepend(single(i), std::move(branch.children[i]));
    return make_leaf({}, branch.value);
}

/// `child` under a longer path: leaves and extensions take the path in, a branch gets an extension.
Result<Link> MutableTrie::Impl::prepend(const NibblePath& path, Link child) {
    FASTSYNC_TRY(MutableNode* const node, resolve(child));
    NibblePath joined = path;
    if (auto* leaf = std::get_if<MutableLeaf>(&node->kind)) {
        FASTSYNC_CHECK(joined.push(leaf->path));
        touch(*node);
        leaf->path = joined;
        return child;
    }
    if (auto* extension = std::get_if<MutableExtension>(&node->kind)) {
        FASTSYNC_CHECK(joined.push(extension->path));
        touch(*node);
        extension->path = joined;
        return child;
    }
    return make_extension(path, std::move(child));
}

Bytes MutableTrie::Impl::encode(MutableNode& node, const SortedTrieBuilder::NodeSink& sink) {
    if (const auto* leaf = std::get_if<MutableLeaf>(&node.kind)) {
        return encode_leaf(Unpacked(leaf->path).view(), leaf->value);
    }
    if (auto* extension = std::get_if<MutableExtension>(&node.kind)) {
        return encode_extension(Unpacked(extension->path).view(),
                                reference(extension->child, sink));
    }
    auto& branch = std::get<MutableBranch>(node.kind);
    std::array<Bytes, 16> references;
    std::array<ByteView, 16> children;
    for (std::size_t i = 0; i < children.size(); ++i) {
        references[i] = reference(branch.children[i], sink);
        children[i] = references[i];
    }
    return encode_branch(children, branch.value);
}

/// What stands for `link` in its parent. A node with a hash leaves memory: the source has it.
Bytes MutableTrie::Impl::reference(Link& link, const SortedTrieBuilder::NodeSink& sink) {
    if (is_empty(link)) return {};
    if (auto* owned = std::get_if<std::unique_ptr<MutableNode>>(&link)) {
        MutableNode& node = **owned;
        if (!node.origin) {
            Bytes rlp = encode(node, sink);
            if (rlp.size() < kMinHashedSize) return rlp;
            node.origin = crypto::keccak256(rlp);
            if (sink) sink(*node.origin, rlp);
        }
        link = Hash256{*node.origin};
    }
    const auto hash = encode_hash_reference(std::get<Hash256>(link));
    return {hash.begin(), hash.end()};
}

MutableTrie::MutableTrie(const Hash256& root, NodeSource source) : impl_(std::make_unique<Impl>()) {
    if (root != kEmptyRoot) impl_->root = root;
    impl_->source = std::move(source);
}
MutableTrie::~MutableTrie() = default;
MutableTrie::MutableTrie(MutableTrie&&) noexcept = default;
MutableTrie& MutableTrie::operator=(MutableTrie&&) noexcept = default;

Result<std::optional<Bytes>> MutableTrie::get(ByteView key) {
    FASTSYNC_TRY(const NibblePath path, NibblePath::of_key(key));
    return impl_->get(impl_->root, path);
}

Result<void> MutableTrie::put(ByteView key, ByteView value) {
    if (value.empty()) return erase(key);
    FASTSYNC_TRY(const NibblePath path, NibblePath::of_key(key));
    FASTSYNC_CHECK(impl_->put(impl_->root, path, value));
    return {};
}

Result<void> MutableTrie::erase(ByteView key) {
    FASTSYNC_TRY(const NibblePath path, NibblePath::of_key(key));
    FASTSYNC_CHECK(impl_->erase(impl_->root, path));
    return {};
}

Hash256 MutableTrie::commit(const SortedTrieBuilder::NodeSink& sink) {
    Link& root = impl_->root;
    if (is_empty(root)) return kEmptyRoot;
    if (auto* owned = std::get_if<std::unique_ptr<MutableNode>>(&root)) {
        MutableNode& node = **owned;
        if (!node.origin) {  // the root has a hash however short it is
            const Bytes rlp = impl_->encode(node, sink);
            node.origin = crypto::keccak256(rlp);
            if (sink) sink(*node.origin, rlp);
        }
        root = Hash256{*node.origin};
    }
    return std::get<Hash256>(root);
}

std::vector<Hash256> MutableTrie::take_replaced() {
    return std::exchange(impl_->replaced, {});
}

}  // namespace fastsync::trie
