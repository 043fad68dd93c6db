// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Campaign} from "../support/Campaign.sol";
import {QuestionActors} from "./support/QuestionActors.sol";

/// What holds of questions after every act of anybody.
contract QuestionInvariantsTest is Campaign {
    QuestionActors private actors;

    function setUp() public {
        actors = new QuestionActors();
        actors.setUp();
    }

    function actorsAt() internal view override returns (address) {
        return address(actors);
    }

    function acts() internal pure override returns (bytes4[] memory all) {
        all = new bytes4[](7);
        all[0] = QuestionActors.askSome.selector;
        all[1] = QuestionActors.publishSome.selector;
        all[2] = QuestionActors.disproveSome.selector;
        all[3] = QuestionActors.concludeSome.selector;
        all[4] = QuestionActors.panelStrikes.selector;
        all[5] = QuestionActors.closeSome.selector;
        all[6] = QuestionActors.letTimePass.selector;
    }

    function holds_what_is_locked_is_what_open_questions_and_parts_vouch_with() private view {
        requireBooks();
    }

    function holds_who_is_right_and_awake_keeps_its_part_and_its_bond() private view {
        vm.assertEq(actors.broken(), "");
    }

    function invariant_everything_at_once() external view {
        requireBooks();
        vm.assertEq(actors.broken(), "");
    }

    /// Once a run, at its end: no bond of a question stays locked.
    function afterInvariant() external {
        actors.endAll();
        requireBooks();
        (, uint256 open_) = actors.owed();
        vm.assertEq(open_, 0, "open");
        vm.assertEq(actors.broken(), "");
    }

    function requireBooks() private view {
        (uint256 sum, uint256 open_) = actors.owed();
        uint256 locked = actors.lockedInAll();
        vm.assertEq(locked, sum, "locked");
        vm.assertEq(locked + actors.freeInAll(), 40 ether, "in all");
        if (actors.isBlockOpen()) vm.assertEq(actors.heldInAll(), open_, "held");
    }
}
