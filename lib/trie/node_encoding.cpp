#include <rlp/encode.hpp>
#include <trie/node_encoding.hpp>

namespace fastsync::trie {

namespace {

enum class Ending { kExtension, kLeaf };

Bytes hex_prefix(Nibbles path, Ending ending) {
    const std::size_t odd = path.size() % 2;
    unsigned first = ending == Ending::kLeaf ? 0x20U : 0U;
    if (odd != 0) first |= 0x10U | path[0];
    Bytes out;
    out.reserve(path.size() / 2 + 1);
    out.push_back(static_cast<Byte>(first));
    for (std::size_t i = odd; i < path.size(); i += 2)
        out.push_back(static_cast<Byte>((path[i] << 4U) | path[i + 1]));
    return out;
}

}  // namespace

void append_nibbles(Bytes& out, ByteView key) {
    out.reserve(out.size() + key.size() * 2);
    for (const Byte b : key) {
        out.push_back(static_cast<Byte>(b >> 4U));
        out.push_back(static_cast<Byte>(b & 0x0fU));
    }
}

Bytes encode_leaf(Nibbles path, ByteView value) {
    rlp::Encoder out;
    const std::size_t list = out.begin_list();
    out.string(hex_prefix(path, Ending::kLeaf)).string(value).end_list(list);
    return out.take();
}

Bytes encode_extension(Nibbles path, ByteView child) {
    rlp::Encoder out;
    const std::size_t list = out.begin_list();
    out.string(hex_prefix(path, Ending::kExtension)).raw(child).end_list(list);
    return out.take();
}

Bytes encode_branch(const std::array<ByteView, 16>& children, ByteView value) {
    rlp::Encoder out;
    const std::size_t list = out.begin_list();
    for (const ByteView child : children) {
        if (child.empty()) {
            out.string({});
        } else {
            out.raw(child);
        }
    }
    out.string(value).end_list(list);
    return out.take();
}

std::array<Byte, 33> encode_hash_reference(const Hash256& hash) noexcept {
    std::array<Byte, 33> out{0x80 + 32};
    std::copy(hash.data.begin(), hash.data.end(), out.begin() + 1);
    return out;
}

}  // namespace fastsync::trie
