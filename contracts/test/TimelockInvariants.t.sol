// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {TimelockActors} from "./support/TimelockActors.sol";
import {Test} from "./support/Test.sol";

/// What holds of hashed timelocks after every act of anybody.
contract TimelockInvariantsTest is Test {
    /// What forge reads to know which functions to call.
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    TimelockActors private actors;

    function setUp() public {
        actors = new TimelockActors();
        actors.setUp();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(actors);
    }

    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        targets = new FuzzSelector[](1);
        targets[0].addr = address(actors);
        targets[0].selectors = new bytes4[](5);
        targets[0].selectors[0] = TimelockActors.openSome.selector;
        targets[0].selectors[1] = TimelockActors.claimSome.selector;
        targets[0].selectors[2] = TimelockActors.refundSome.selector;
        targets[0].selectors[3] = TimelockActors.withdrawSome.selector;
        targets[0].selectors[4] = TimelockActors.letTimePass.selector;
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
