#include <devnet/block_maker.hpp>
#include <devnet/state_changer.hpp>

namespace fastsync::devnet {

Result<void> BlockMaker::make() {
    const chain::BlockHeader& head = chain_.head();
    FASTSYNC_TRY(const ChangedState changed,
                 change_state(chain_.items(), seed_, head.number + 1, head.state_root));
    FASTSYNC_CHECK(window_.add(changed.root, changed.added));
    chain_.extend(changed.root);
    return {};
}

}  // namespace fastsync::devnet
