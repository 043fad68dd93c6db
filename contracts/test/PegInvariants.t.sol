// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Peg} from "../src/Peg.sol";
import {PegActors} from "./support/PegActors.sol";
import {Test} from "./support/Test.sol";

/// What holds of a peg after every act of anybody, on both chains.
contract PegInvariantsTest is Test {
    /// What forge reads to know which functions to call.
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    PegActors private actors;

    function setUp() public {
        actors = new PegActors();
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
        targets[0].selectors[0] = PegActors.lockSome.selector;
        targets[0].selectors[1] = PegActors.burnSome.selector;
        targets[0].selectors[2] = PegActors.deliverSome.selector;
        targets[0].selectors[3] = PegActors.forgeSome.selector;
        targets[0].selectors[4] = PegActors.handOver.selector;
    }

    function invariant_what_is_locked_is_what_is_minted_and_under_way() external view {
        for (uint256 kind = 0; kind < actors.KINDS(); kind++) {
            (Peg home, Peg away) = actors.pegOf(kind);
            address token = actors.tokenOf(kind);
            uint256 supply = IERC20(away.peggedOf(token)).totalSupply();
            vm.assertEq(home.locked(token), supply + actors.underWay(kind), "locked");
            vm.assertEq(IERC20(token).balanceOf(address(home)), home.locked(token), "held");
            vm.assertEq(actors.minted(kind), supply + actors.burned(kind), "minted");
        }
    }

    function invariant_what_happened_is_done_once_and_only_if_it_was_attested() external view {
        vm.assertEq(actors.forged(), 0, "forged or repeated");
        vm.assertTrue(actors.areDoneAsDelivered(), "done without delivery");
    }

    /// Once a run, at its end: all of it goes back where it came from.
    function afterInvariant() external {
        actors.bringAllHome();
        for (uint256 kind = 0; kind < actors.KINDS(); kind++) {
            (Peg home, Peg away) = actors.pegOf(kind);
            address token = actors.tokenOf(kind);
            vm.assertEq(IERC20(away.peggedOf(token)).totalSupply(), 0, "left over there");
            vm.assertEq(IERC20(token).balanceOf(address(home)), 0, "left over here");
            vm.assertEq(home.locked(token), 0, "left over in the books");
        }
    }
}
