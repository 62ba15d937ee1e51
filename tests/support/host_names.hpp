#pragma once

#include <map>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include <net/host_resolver.hpp>

namespace fastsync::test {

/// What names lead to, for as long as the test runs: the resolver belongs to whom it is given.
struct HostNames {
    std::map<std::string, std::vector<IpAddress>> addresses;
    std::map<std::string, std::size_t> asked;
    bool closed = false;

    void set(const std::string& name, const std::vector<std::string>& texts) {
        addresses[name].clear();
        for (const std::string& text : texts) {
            const auto ip = IpAddress::parse(text);
            REQUIRE(ip);
            addresses[name].push_back(*ip);
        }
    }
    [[nodiscard]] std::unique_ptr<net::HostResolver> resolver() {
        return std::make_unique<Resolver>(*this);
    }

  private:
    class Resolver final : public net::HostResolver {
      public:
        explicit Resolver(HostNames& names) : names_(names) {}
        [[nodiscard]] async::Task<Result<std::vector<IpAddress>>> resolve_host(std::string name,
                                                                               TimePoint) override {
            ++names_.asked[name];
            const auto found = names_.addresses.find(name);
            if (found == names_.addresses.end())
                co_return Error{Errc::kNotFound, "cannot resolve " + name + ": no such name"};
            co_return found->second;
        }
        void close() noexcept override { names_.closed = true; }

      private:
        HostNames& names_;
    };
};

}  // namespace fastsync::test
