#include <eth/request_id.hpp>
#include <rlp/decode.hpp>
#include <rlp/encode.hpp>

namespace fastsync::eth {

Bytes seal(const Version& version, MessageCode code, RequestId id, Bytes body) {
    if (!version.names_request(code)) return body;
    rlp::Encoder out;
    const std::size_t list = out.begin_list();
    out.uint(static_cast<std::uint64_t>(id)).raw(body);
    return out.end_list(list).take();
}

Result<Unsealed> unseal(const Version& version, MessageCode code, ByteView message) {
    if (!version.names_request(code)) return Unsealed{std::nullopt, message};
    FASTSYNC_TRY(ByteView fields, rlp::whole_list(message));
    FASTSYNC_TRY(const std::uint64_t id, rlp::take_uint64(fields));
    if (fields.empty()) return Error{Errc::kMalformed, "a request id without a message"};
    return Unsealed{RequestId{id}, fields};
}

}  // namespace fastsync::eth
