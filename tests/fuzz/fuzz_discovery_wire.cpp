// The first byte chooses: 'd', the rest is a datagram as it comes; else it is the packet type and
// the rest the content, to which a hash that fits is made and any signature is good. A packet that
// is accepted is written and read back as the same one.

#include <crypto/keccak.hpp>
#include <discovery/node.hpp>
#include <discovery/wire.hpp>

namespace {

using namespace fastsync;
using namespace fastsync::discovery;

/// Every signature is of the same node: curves would only slow the search down.
class AnySignature final : public Identity {
  public:
    [[nodiscard]] const NodeId& id() const noexcept override { return id_; }
    [[nodiscard]] crypto::Signature sign(const Hash256&) const override { return {}; }
    [[nodiscard]] Result<NodeId> signer_of(const crypto::Signature&,
                                           const Hash256&) const override {
        return id_;
    }
    [[nodiscard]] Result<NodeRecord> sign_record(std::uint64_t, RecordEntries) const override {
        return Error{Errc::kProtocol, "not here"};
    }

  private:
    NodeId id_;
};

void check(ByteView datagram) {
    const AnySignature identity;
    const auto packet = decode(datagram, identity, 1);
    if (!packet) {
        FASTSYNC_ASSERT(!packet.error().detail.empty());
        return;
    }
    if (const auto* neighbours = std::get_if<Neighbours>(&packet->packet)) {
        FASTSYNC_ASSERT(neighbours->nodes.size() <= kMaxNeighboursTaken);
        const IpAddress sender = *IpAddress::parse("127.0.0.1");
        for (const Neighbour& told : neighbours->nodes)
            if (const auto node = node_from(told, sender)) FASTSYNC_ASSERT(node->udp.port != 0);
        // More than we would send: encode() has a right to refuse.
        if (neighbours->nodes.size() > kMaxNeighboursSent) return;
    }
    const Datagram again = encode(packet->packet, identity);
    FASTSYNC_ASSERT(again.bytes.size() <= kMaxPacketSize);
    const auto read = decode(again.bytes, identity, 1);
    FASTSYNC_ASSERT(read && read->packet == packet->packet && read->hash == again.hash);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const ByteView in{data, size};
    if (data[0] == 'd') {
        check(in.subspan(1));
        return 0;
    }
    Bytes datagram(32 + 65);
    append(datagram, in);
    const Hash256 hash = crypto::keccak256(ByteView{datagram}.subspan(32));
    std::copy(hash.data.begin(), hash.data.end(), datagram.begin());
    check(datagram);
    return 0;
}
