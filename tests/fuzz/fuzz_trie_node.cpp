// The first byte chooses what is decoded: a trie node, an account, a storage word, a hex-prefix
// path. What is accepted lies inside the input and is written back as the same bytes; the links of
// a node share out exactly what the node had of the key space.

#include <sync/trie_children.hpp>
#include <trie/account.hpp>
#include <trie/node.hpp>
#include <trie/node_encoding.hpp>

#include "fuzz_input.hpp"

namespace {

using namespace fastsync;
using namespace fastsync::fuzz;
using trie::ChildRef;

Bytes reference_of(const ChildRef& child) {
    if (child.kind != ChildRef::Kind::kHash) return to_bytes(child.bytes);
    const auto encoded = trie::encode_hash_reference(child.hash());
    return {encoded.begin(), encoded.end()};
}

Bytes nibbles_of(const trie::NibblePath& path) {
    Bytes out(path.size());
    for (std::size_t i = 0; i < path.size(); ++i)
        out[i] = path[i];
    return out;
}

Bytes encode(const trie::BranchView& branch) {
    std::array<Bytes, 16> references;
    std::array<ByteView, 16> views;
    for (std::size_t i = 0; i < views.size(); ++i) {
        references[i] = reference_of(branch.children[i]);
        views[i] = references[i];
    }
    return trie::encode_branch(views, branch.value);
}
Bytes encode(const trie::ExtensionView& extension) {
    return trie::encode_extension(nibbles_of(extension.path), reference_of(extension.child));
}
Bytes encode(const trie::LeafView& leaf) {
    return trie::encode_leaf(nibbles_of(leaf.path), leaf.value);
}

void check_links(ByteView in, std::size_t depth, sync::TrieKind kind) {
    sync::TriePath where{kind, {}, trie::NibblePath::of(Hash256{}).prefix(depth)};
    const sync::KeyShare share = sync::kWholeKeySpace >> 8U;
    std::vector<sync::ChildLink> links;
    const auto contents = sync::read_node(in, where, share, links);
    if (!contents) {
        FASTSYNC_ASSERT(contents.error().code == Errc::kBadState);
        FASTSYNC_ASSERT(!contents.error().detail.empty());
        return;
    }
    sync::KeyShare sum = contents->finished;
    for (const sync::ChildLink& link : links) {
        FASTSYNC_ASSERT(link.path.path.size() <= trie::kMaxNibbles);
        sum += link.share;
    }
    FASTSYNC_ASSERT(sum == share);
}

void check_node(ByteView in) {
    const auto node = trie::decode_node(in);
    if (!node) {
        const Errc code = node.error().code;
        FASTSYNC_ASSERT(code == Errc::kMalformed || code == Errc::kTooLarge);
    } else {
        FASTSYNC_ASSERT(in.size() <= trie::kMaxNodeSize);
        const Bytes again = std::visit([](const auto& view) { return encode(view); }, *node);
        FASTSYNC_ASSERT(equal(again, in));
    }
    for (const auto kind : {sync::TrieKind::kAccounts, sync::TrieKind::kStorage}) {
        for (const std::size_t depth : {std::size_t{0}, std::size_t{1}, std::size_t{63}})
            check_links(in, depth, kind);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Script script{data, size};
    const Byte form = script.byte();
    const ByteView in = script.rest();
    if (form == 'a') {
        const auto account = trie::decode_account(in);
        if (account) FASTSYNC_ASSERT(equal(trie::encode_account(*account), in));
    } else if (form == 's') {
        const auto word = trie::decode_storage_value(in);
        FASTSYNC_ASSERT(!word || (*word != 0 && in.size() <= 33));
    } else if (form == 'h') {
        const auto path = trie::decode_hex_prefix(in);
        if (path) FASTSYNC_ASSERT(equal(trie::encode_hex_prefix(path->path, path->leaf), in));
    } else {
        check_node(in);
    }
    return 0;
}
