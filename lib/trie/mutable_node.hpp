#pragma once

#include <array>
#include <memory>
#include <optional>
#include <variant>

#include <common/bytes.hpp>
#include <trie/nibble_path.hpp>
#include <trie/node.hpp>

/// The nodes of a MutableTrie: decoded, owned, and linked. Internal to the library.
namespace fastsync::trie {

struct MutableNode;

/// Nothing, a node not read yet, or a node.
using Link = std::variant<std::monostate, Hash256, std::unique_ptr<MutableNode>>;

struct MutableLeaf {
    NibblePath path;
    Bytes value;
};
struct MutableExtension {
    NibblePath path;
    Link child;
};
struct MutableBranch {
    std::array<Link, 16> children;
    Bytes value;

    [[nodiscard]] std::size_t entries() const noexcept;
};

struct MutableNode {
    std::variant<MutableLeaf, MutableExtension, MutableBranch> kind;
    /// The hash under which the source knows it; nothing once it changed.
    std::optional<Hash256> origin;
};

[[nodiscard]] inline bool is_empty(const Link& link) noexcept {
    return std::holds_alternative<std::monostate>(link);
}

template <class Kind>
[[nodiscard]] Link make_link(Kind kind) {
    return std::make_unique<MutableNode>(MutableNode{std::move(kind), std::nullopt});
}

/// A leaf, or nothing for an empty value.
[[nodiscard]] Link make_leaf(const NibblePath& path, ByteView value);
/// `child` itself for an empty path, else an extension to it.
[[nodiscard]] Link make_extension(const NibblePath& path, Link child);

/// The owned form of a node; inlined children are read too. kBadState naming `hash`.
[[nodiscard]] Result<std::unique_ptr<MutableNode>> read_node(const Hash256& hash, ByteView rlp);

}  // namespace fastsync::trie
