// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Test} from "../support/Test.sol";
import {QuestionActors} from "./support/QuestionActors.sol";

/// What holds of questions after every act of anybody.
contract QuestionInvariantsTest is Test {
    /// What forge reads to know which functions to call.
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    QuestionActors private actors;

    function setUp() public {
        actors = new QuestionActors();
        actors.setUp();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(actors);
    }

    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        targets = new FuzzSelector[](1);
        targets[0].addr = address(actors);
        targets[0].selectors = new bytes4[](7);
        targets[0].selectors[0] = QuestionActors.askSome.selector;
        targets[0].selectors[1] = QuestionActors.publishSome.selector;
        targets[0].selectors[2] = QuestionActors.disproveSome.selector;
        targets[0].selectors[3] = QuestionActors.concludeSome.selector;
        targets[0].selectors[4] = QuestionActors.panelStrikes.selector;
        targets[0].selectors[5] = QuestionActors.closeSome.selector;
        targets[0].selectors[6] = QuestionActors.letTimePass.selector;
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
