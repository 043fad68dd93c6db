// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {AccusationId, IAdjudicator, LeafWords, Turn} from "../../../src/disputes/IAdjudicator.sol";
import {PartFacts} from "../../../src/interfaces/BlockTypes.sol";
import {RecordPlace} from "../../../src/lib/RecordProof.sol";
import {Groups} from "../../support/Groups.sol";
import {AccusationScene} from "./AccusationScene.sol";

/// Accusations of a result with one good leaf, and what waits for whom.
abstract contract TurnScene is AccusationScene {
    function setUp() public override {
        super.setUp();
        begin(3);
        bondOfResult(account(2));
        plantGood(3);
    }

    function atLeaf() internal returns (AccusationId memory id) {
        growTo(5, 3);
        id = accuse();
        leadTo(id, 3);
        openLeaf(id, 3);
    }

    function growNothing() internal {
        leaves = 0;
        tell();
    }

    function missing() internal pure returns (bytes memory) {
        return recordOf(keyAt(3), Groups.win(0, 1, 999, 9));
    }

    function placeDoubted(AccusationId memory id, uint256 record) internal {
        (RecordPlace memory place_, PartFacts memory facts) =
            postRecord(0, recordIn(leafAt[3].records, record));
        LeafWords memory leaf = leafWords(3);
        vm.prank(address(0xb0b));
        adjudicator.placeRecord(id, leaf, place_, 0, facts);
    }

    /// At the deadline, which stays as it is; the next call is refused.
    function tooLate(AccusationId memory id) internal {
        uint256 deadline = deadlineOf(id);
        vm.warp(deadline);
        vm.expectRevert(abi.encodeWithSelector(IAdjudicator.TurnOver.selector, deadline));
    }

    /// A second before the deadline, at which it is left.
    function refusesTimeOut(AccusationId memory id) internal {
        uint256 deadline = deadlineOf(id);
        vm.warp(deadline - 1);
        vm.expectRevert(abi.encodeWithSelector(IAdjudicator.TurnNotOver.selector, deadline));
        adjudicator.timeOut(id);
        vm.warp(deadline);
    }

    function requireFell() internal view {
        vm.assertFalse(results.stands(channelId, BLOCK, RESULT), "stands");
        vm.assertEq(results.openAccusations(), 0);
    }

    function requireOver(AccusationId memory id) internal {
        requireTurn(id, Turn.Over);
        vm.assertEq(deadlineOf(id), 0);
        vm.expectRevert(abi.encodeWithSelector(IAdjudicator.WrongTurn.selector, Turn.Over));
        adjudicator.timeOut(id);
    }
}
