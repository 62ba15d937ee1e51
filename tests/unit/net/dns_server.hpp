#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include <async/task_scope.hpp>
#include <net/dns.hpp>
#include <net/udp.hpp>

namespace fastsync::test {

/// Record types (RFC 1035, section 3.2.2; RFC 3596).
inline constexpr Byte kTypeA = 1;
inline constexpr Byte kTypeTxt = 16;
inline constexpr Byte kTypeAaaa = 28;

inline constexpr Byte kServerFailure = 2;
inline constexpr Byte kNoSuchName = 3;

/// A name server on loopback with the same records for every name.
struct DnsServer {
    boost::asio::io_context context;
    std::unique_ptr<async::Clock> clock = async::make_system_clock(context.get_executor());
    std::unique_ptr<net::DatagramSocket> socket = open();
    std::map<Byte, std::vector<Bytes>> records;  ///< by type
    std::set<Byte> silent{};                     ///< types that are not answered
    Byte code = 0;
    std::size_t asked = 0;

    [[nodiscard]] std::string address() const { return to_string(socket->local()); }

    /// Serves as long as `work` runs, which closes the socket in the end.
    void run(async::Task<void> work) {
        async::TaskScope scope{context.get_executor()};
        scope.spawn(serve(*this));
        scope.spawn(std::move(work));
        context.run();
    }

  private:
    static constexpr std::size_t kHeader = 12;

    std::unique_ptr<net::DatagramSocket> open() {
        auto made = net::make_udp_socket(context.get_executor(), *clock,
                                         {*IpAddress::parse("127.0.0.1"), 0});
        REQUIRE(made);
        return *std::move(made);
    }
    /// The question of a query, as it stands there.
    static ByteView question_of(ByteView query) {
        std::size_t end = kHeader;
        while (end < query.size() && query[end] != 0)
            end += 1U + query[end];
        return query.subspan(kHeader, std::min(end + 5, query.size()) - kHeader);
    }
    static Byte type_of(ByteView query) {
        const ByteView question = question_of(query);
        return question[question.size() - 3];
    }
    [[nodiscard]] Bytes answer_to(ByteView query) const {
        const auto found = records.find(type_of(query));
        const std::vector<Bytes> none;
        const std::vector<Bytes>& all = found == records.end() ? none : found->second;
        Bytes out{query[0], query[1], 0x81, static_cast<Byte>(0x80U | code),
                  0,        1,        0,    static_cast<Byte>(all.size()),
                  0,        0,        0,    0};
        append(out, question_of(query));
        for (const Bytes& data : all) {
            append(out,
                   Bytes{0xc0, kHeader, 0, type_of(query), 0, 1, 0, 0, 0, 1,
                         static_cast<Byte>(data.size() >> 8U), static_cast<Byte>(data.size())});
            append(out, data);
        }
        return out;
    }
    static async::Task<void> serve(DnsServer& dns) {
        Bytes buffer(1500);
        while (true) {
            const auto query = co_await dns.socket->receive(buffer);
            if (!query) co_return;
            ++dns.asked;
            const ByteView bytes = ByteView{buffer}.first(query->size);
            if (dns.silent.contains(type_of(bytes))) continue;
            CHECK(dns.socket->send(dns.answer_to(bytes), query->from));
        }
    }
};

}  // namespace fastsync::test
