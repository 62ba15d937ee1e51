#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace fastsync {

/// What went wrong, by who or what is to blame and therefore by how the caller reacts.
enum class Errc : std::uint8_t {
    // A peer, a file or a user sent something wrong.
    kMalformed,        ///< bytes that break their specification
    kTooLarge,         ///< over a named limit
    kUnrequested,      ///< a trie item nobody asked for
    kAlreadyHave,      ///< a trie item that was processed before
    kBadState,         ///< a blob of the right hash that is no valid trie node: its root is false
    kUnauthenticated,  ///< MAC, signature or identity does not fit
    kIncompatible,     ///< other network, genesis, protocol version or schema
    kOutdated,         ///< it follows rules that we do not know: one of us may be too old
    kProtocol,         ///< a well-formed message at the wrong time
    // The world failed.
    kTimeout,       ///< a deadline passed
    kClosed,        ///< the stream, session or object was closed, by us or by the other side
    kDisconnected,  ///< the peer said goodbye; the detail is its reason
    kConnect,       ///< could not resolve, connect, bind or listen
    kOverloaded,    ///< a bounded queue is full
    kNotFound,      ///< no such item
    kBusy,          ///< another process holds it
    kStorage,       ///< the database or the file system failed
    kCorrupt,       ///< stored bytes are not what was written
    kConfig,        ///< the operator's input is wrong
};

[[nodiscard]] std::string_view to_string(Errc code) noexcept;

/// A failure: its kind and a sentence for a person, naming what and where.
struct Error {
    Errc code;
    std::string detail;

    friend bool operator==(const Error&, const Error&) = default;

    /// "malformed: trailing bytes after the list"
    [[nodiscard]] std::string message() const;
};

}  // namespace fastsync
