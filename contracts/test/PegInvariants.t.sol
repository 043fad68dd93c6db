// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Peg} from "../src/Peg.sol";
import {PegActors} from "./support/PegActors.sol";
import {Campaign} from "./support/Campaign.sol";

/// What holds of a peg after every act of anybody, on both chains.
contract PegInvariantsTest is Campaign {
    PegActors private actors;

    function setUp() public {
        actors = new PegActors();
        actors.setUp();
    }

    function actorsAt() internal view override returns (address) {
        return address(actors);
    }

    function acts() internal pure override returns (bytes4[] memory all) {
        all = new bytes4[](5);
        all[0] = PegActors.lockSome.selector;
        all[1] = PegActors.burnSome.selector;
        all[2] = PegActors.deliverSome.selector;
        all[3] = PegActors.forgeSome.selector;
        all[4] = PegActors.handOver.selector;
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
