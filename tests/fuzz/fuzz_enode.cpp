// Any text: an enode URL that is accepted is written and read back as the same node.

#include <enode/enode.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace fastsync;
    const auto enode = parse_enode({reinterpret_cast<const char*>(data), size});
    if (!enode) {
        FASTSYNC_ASSERT(enode.error().code == Errc::kMalformed && !enode.error().detail.empty());
        return 0;
    }
    const auto again = parse_enode(to_string(*enode));
    FASTSYNC_ASSERT(again && *again == *enode);
    FASTSYNC_ASSERT(crypto::check_public_key(enode->id));
    return 0;
}
