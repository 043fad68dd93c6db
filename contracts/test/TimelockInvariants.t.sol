// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {TimelockActors} from "./support/TimelockActors.sol";
import {Campaign} from "./support/Campaign.sol";

/// What holds of hashed timelocks after every act of anybody.
contract TimelockInvariantsTest is Campaign {
    TimelockActors private actors;

    function setUp() public {
        actors = new TimelockActors();
        actors.setUp();
    }

    function actorsAt() internal view override returns (address) {
        return address(actors);
    }

    function acts() internal pure override returns (bytes4[] memory all) {
        all = new bytes4[](5);
        all[0] = TimelockActors.openSome.selector;
        all[1] = TimelockActors.claimSome.selector;
        all[2] = TimelockActors.refundSome.selector;
        all[3] = TimelockActors.withdrawSome.selector;
        all[4] = TimelockActors.letTimePass.selector;
    }

    function invariant_what_is_held_is_what_is_open_and_credited() external view {
        for (uint256 kind = 0; kind < actors.KINDS(); kind++) {
            vm.assertEq(actors.held(kind), actors.owed(kind), "held");
        }
    }

    function invariant_each_ends_once_in_its_time_and_stays_as_it_ended() external view {
        vm.assertEq(actors.wrongEnds(), 0, "an end at the wrong time, or a second one");
        vm.assertTrue(actors.areAsEnded(), "not as it ended");
    }

    /// Once a run, at its end: everything can be got out.
    function afterInvariant() external {
        actors.bringAllHome();
        for (uint256 kind = 0; kind < actors.KINDS(); kind++) {
            vm.assertEq(actors.held(kind), 0, "left over");
        }
    }
}
