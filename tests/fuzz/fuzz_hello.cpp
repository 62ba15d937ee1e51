// The first byte chooses the message: Hello, Disconnect, snappy of any content, and which
// capabilities of a Hello match ours. What is accepted is within its limits.

#include <rlpx/compression.hpp>
#include <rlpx/hello.hpp>
#include <rlpx/limits.hpp>
#include <rlpx/protocols.hpp>

#include "fuzz_input.hpp"

namespace {

using namespace fastsync;
using namespace fastsync::fuzz;
using namespace fastsync::rlpx;

bool printable(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

void check_matches(const Hello& hello) {
    const std::vector<Offer> ours{
        {{"eth", 63}, 17}, {{"eth", 66}, 17}, {{"nodedata", 1}, 2}, {{"a", 1}, 1}};
    const Protocols matched = Protocols::match(ours, hello.capabilities);
    for (std::uint64_t code = 0; code < 64; ++code) {
        const auto place = matched.place_of(code);
        if (!place) continue;
        FASTSYNC_ASSERT(code >= kFirstProtocolCode);
        const auto* protocol = matched.find(place->protocol);
        FASTSYNC_ASSERT(protocol != nullptr && place->code < protocol->message_count);
        FASTSYNC_ASSERT(protocol->first_code + place->code == code);
    }
}

void check_hello(ByteView in) {
    const auto hello = decode_hello(in);
    if (!hello) {
        const Errc code = hello.error().code;
        FASTSYNC_ASSERT(code == Errc::kMalformed || code == Errc::kTooLarge);
        return;
    }
    FASTSYNC_ASSERT(in.size() <= kMaxHelloSize);
    FASTSYNC_ASSERT(hello->capabilities.size() <= kMaxCapabilities);
    FASTSYNC_ASSERT(hello->client_name.size() <= kMaxClientName && printable(hello->client_name));
    for (const Capability& c : hello->capabilities)
        FASTSYNC_ASSERT(c.name.size() <= kMaxCapabilityName && printable(c.name));
    const auto again = decode_hello(encode_hello(*hello));
    FASTSYNC_ASSERT(again && again->capabilities == hello->capabilities);
    FASTSYNC_ASSERT(again->id == hello->id && again->client_name == hello->client_name);
    check_matches(*hello);
}

void check_compression(ByteView in) {
    if (const auto out = decompress(in)) FASTSYNC_ASSERT(out->size() <= kMaxMessageSize);
    Bytes packed(max_compressed_size(in.size()));
    packed.resize(compress(in, packed));
    const auto back = decompress(packed);
    FASTSYNC_ASSERT(back && equal(*back, in));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Script script{data, size};
    const Byte form = script.byte();
    const ByteView in = script.rest();
    if (form == 'd') {
        const auto reason = decode_disconnect(in);
        if (!reason) return 0;
        const auto again = decode_disconnect(encode_disconnect(*reason));
        FASTSYNC_ASSERT(again && *again == *reason && !to_string(*reason).empty());
    } else if (form == 's') {
        check_compression(in);
    } else {
        check_hello(in);
    }
    return 0;
}
