#pragma once

#include <memory>
#include <string>

#include <async/clock.hpp>
#include <async/task.hpp>
#include <net/host_resolver.hpp>
#include <net/txt_resolver.hpp>

namespace fastsync::net {

/// Asks the system's name servers (c-ares). Lives on one executor.
/// @param servers  "ADDR[:PORT],..." instead of the system's; empty: the system's
/// @return kConfig when `servers` cannot be read, kConnect when there is nothing to ask
[[nodiscard]] Result<std::unique_ptr<TxtResolver>> make_txt_resolver(async::Executor executor,
                                                                     async::Clock& clock,
                                                                     std::string servers);
/// The same for addresses. The system's hosts file and search domains count too.
[[nodiscard]] Result<std::unique_ptr<HostResolver>> make_host_resolver(async::Executor executor,
                                                                       async::Clock& clock,
                                                                       std::string servers);

}  // namespace fastsync::net
