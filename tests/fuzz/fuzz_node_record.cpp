// The first byte chooses the form. A record that is accepted is written and read back as the same
// one.

#include <enode/base_text.hpp>
#include <enode/node_record.hpp>

namespace {

using namespace fastsync;

void check_same(const NodeRecord& record) {
    FASTSYNC_ASSERT(record.encoded().size() <= kMaxRecordSize);
    const auto again = NodeRecord::decode(record.encoded());
    FASTSYNC_ASSERT(again && *again == record && again->entries() == record.entries());
    const auto from_text = NodeRecord::parse(record.text());
    FASTSYNC_ASSERT(from_text && *from_text == record && from_text->id() == record.id());
    const auto enode = enode_of(record);
    if (enode) FASTSYNC_ASSERT(parse_enode(to_string(*enode)));
}

template <class Decode, class Encode>
void check_text(std::string_view text, Decode decode, Encode encode) {
    const auto bytes = decode(text);
    if (bytes) FASTSYNC_ASSERT(encode(*bytes) == text);
    FASTSYNC_ASSERT(equal(*decode(encode(as_bytes(text))), as_bytes(text)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const ByteView in = ByteView{data, size}.subspan(1);
    const std::string_view text{reinterpret_cast<const char*>(in.data()), in.size()};
    switch (data[0]) {
        case 'r':
            if (const auto record = NodeRecord::decode(in)) check_same(*record);
            break;
        case 't':
            if (const auto record = NodeRecord::parse(text)) check_same(*record);
            break;
        default:
            check_text(text, enode::from_base64url, enode::to_base64url);
            check_text(text, enode::from_base32, enode::to_base32);
    }
    return 0;
}
