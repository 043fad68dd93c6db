// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {AccusationId, AccusationState, IAdjudicator, Turn} from "../../src/disputes/IAdjudicator.sol";
import {IBlockSeams} from "../../src/interfaces/IBlockSeams.sol";
import {IVault, WeiBook} from "../../src/interfaces/IVault.sol";
import {AccusationScene} from "./support/AccusationScene.sol";

/// Who accuses, with what at stake, and what is asked for first.
contract AccusingTest is AccusationScene {
    function setUp() public override {
        super.setUp();
        begin(3);
        plantGood(1);
        growTo(300, 1);
    }

    function test_a_participant_locks_a_bond_of_its_free_wei_and_asks_for_the_root() external {
        vm.expectEmit(address(adjudicator));
        emit IAdjudicator.Accused(channelId, BLOCK, RESULT, 1, account(1), claim);
        AccusationId memory id = accuse();
        vm.assertEq(id.slot, 1);
        requireWei(account(1), 0.99 ether, 0, BOND);
        AccusationState memory state = adjudicator.accusation(id);
        vm.assertEq(state.accuser, account(1));
        requireTurn(id, Turn.Opening);
        vm.assertEq(state.deadline, block.timestamp + PERIOD);
        vm.assertEq(state.level, 9);
        vm.assertEq(state.index, 0);
        vm.assertEq(state.entryHash, claim.settlementRoot);
        vm.assertEq(state.answerer, address(0));
        vm.assertEq(results.openAccusations(), 1);
    }

    function test_an_operator_key_accuses_for_its_account() external {
        AccusationId memory id = accuse(operator(2), 2);
        vm.assertEq(id.slot, 2);
        vm.assertEq(adjudicator.accusation(id).accuser, account(2));
        requireWei(account(2), 0.99 ether, 0, BOND);
        requireWei(operator(2), 0, 0, 0);
    }

    function test_a_seats_validator_locks_a_bond_of_its_stake_in_a_slot_of_its_own() external {
        AccusationId memory id = accuse(validator(1), 1);
        vm.assertEq(id.slot, 17);
        vm.assertEq(adjudicator.accusation(id).accuser, validator(1));
        requireWei(validator(1), 0, 0.99 ether, BOND);
        requireWei(account(1), 1 ether, 0, 0);
        accuse();
        vm.assertEq(results.openAccusations(), 2);
    }

    function test_a_slot_accuses_a_result_once() external {
        accuse();
        vm.expectRevert(abi.encodeWithSelector(IAdjudicator.AlreadyAccused.selector, RESULT, 1));
        accuse(operator(1), 1);
        AccusationId memory id = accuse(validator(1), 1);
        openNode(id);
        vm.warp(deadlineOf(id));
        adjudicator.timeOut(id);
        vm.expectRevert(abi.encodeWithSelector(IAdjudicator.AlreadyAccused.selector, RESULT, 17));
        accuse(validator(1), 1);
    }

    function test_another_result_is_accused_apart() external {
        accuse();
        results.setResult(2, lens.outputHashOf(channelId, BLOCK, claim));
        vm.prank(account(1));
        adjudicator.accuse(channelId, BLOCK, 2, claim, 1);
        vm.assertEq(results.openAccusations(), 2);
        AccusationId memory other = idOf(1);
        other.result = 2;
        openNode(other);
        requireTurn(other, Turn.Accuser);
        requireTurn(idOf(1), Turn.Opening);
    }

    function test_the_claim_is_what_is_behind_the_output_hash() external {
        bytes32 expected = lens.outputHashOf(channelId, BLOCK, claim);
        claim.impressionCount++;
        bytes32 given = lens.outputHashOf(channelId, BLOCK, claim);
        vm.expectRevert(abi.encodeWithSelector(IAdjudicator.OutputHashMismatch.selector, expected, given));
        accuse();
    }

    function test_blocks_says_who_may_and_when() external {
        vm.expectRevert(
            abi.encodeWithSelector(IBlockSeams.NothingElseStoodFor.selector, channelId, BLOCK, 1)
        );
        accuse(account(2), 1);
        results.setGone(RESULT, true);
        vm.expectRevert(
            abi.encodeWithSelector(
                IBlockSeams.AccusationTooLate.selector, channelId, BLOCK, block.timestamp
            )
        );
        accuse();
    }

    function test_without_the_bond_nobody_accuses() external {
        vm.prank(account(1));
        wei_.withdraw(address(0), address(0xf1e), 1 ether - BOND + 1);
        vm.expectRevert(
            abi.encodeWithSelector(IVault.WeiTooLittle.selector, account(1), WeiBook.Free, BOND - 1, BOND)
        );
        accuse();
        vm.assertEq(results.openAccusations(), 0);
    }

    function test_of_an_unknown_accusation_nothing_is_done() external {
        accuse();
        AccusationId memory id = idOf(2);
        requireTurn(id, Turn.None);
        vm.assertEq(deadlineOf(id), 0);
        bytes memory refusal = abi.encodeWithSelector(IAdjudicator.WrongTurn.selector, Turn.None);
        vm.expectRevert(refusal);
        adjudicator.openNode(id, "");
        vm.expectRevert(refusal);
        adjudicator.timeOut(id);
        vm.expectRevert(refusal);
        adjudicator.release(id);
        vm.expectRevert(refusal);
        adjudicator.doubtRecord(id, 0);
        id.slot = 255;
        vm.expectRevert(refusal);
        adjudicator.timeOut(id);
    }
}
