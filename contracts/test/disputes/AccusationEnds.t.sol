// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {AccusationId, IAdjudicator, LeafWords, Outcome, Turn} from "../../src/disputes/IAdjudicator.sol";
import {PartFacts} from "../../src/interfaces/BlockTypes.sol";
import {WeiBook} from "../../src/interfaces/IVault.sol";
import {RecordPlace} from "../../src/lib/RecordProof.sol";
import {TurnScene} from "./support/TurnScene.sol";

/// Answers that several accusations share, and what each end moves.
contract AccusationEndsTest is TurnScene {
    // ── what is shared ──

    function test_a_node_is_opened_once_for_all() external {
        growTo(300, 3);
        AccusationId memory id = accuse();
        vm.warp(block.timestamp + 5);
        AccusationId memory other = accuse(validator(1), 1);
        vm.warp(block.timestamp + 5);
        openNode(id);
        requireTurn(other, Turn.Accuser);
        vm.assertEq(deadlineOf(other), block.timestamp + PERIOD);
        vm.assertEq(adjudicator.accusation(other).answerer, ANSWERER);
        bytes memory entries = openingOf(9, 0);
        vm.expectRevert(abi.encodeWithSelector(IAdjudicator.WrongTurn.selector, Turn.Accuser));
        adjudicator.openNode(other, entries);
        // Who comes later finds it open.
        vm.warp(block.timestamp + 15);
        AccusationId memory third = accuse(account(0), 0);
        requireTurn(third, Turn.Accuser);
        vm.assertEq(deadlineOf(third), block.timestamp + PERIOD);
        nameTowards(third, 3);
        requireTurn(third, Turn.Opening);
    }

    function test_an_entry_that_is_open_is_named_and_gone_on_from() external {
        growTo(300, 3);
        AccusationId memory id = accuse();
        AccusationId memory other = accuse(account(0), 0);
        leadTo(id, 3);
        openLeaf(id, 3);
        vm.warp(block.timestamp + 3);
        nameTowards(other, 3);
        requireTurn(other, Turn.Accuser);
        vm.assertEq(deadlineOf(other), block.timestamp + PERIOD);
        nameTowards(other, 3);
        requireTurn(other, Turn.Accuser);
        vm.warp(block.timestamp + 3);
        vm.prank(account(0));
        adjudicator.doubtRecord(other, 0);
        requireTurn(other, Turn.Placing);
    }

    /// Another accusation's answer that comes at the deadline is too late for this one.
    function test_what_is_opened_for_another_too_late_does_not_count() external {
        growTo(300, 3);
        AccusationId memory early = accuse();
        vm.warp(block.timestamp + 1);
        AccusationId memory late = accuse(account(0), 0);
        vm.warp(deadlineOf(early));
        openNode(late);
        requireTurn(late, Turn.Accuser);
        requireTurn(early, Turn.Opening);
        vm.assertEq(adjudicator.accusation(early).answerer, address(0));
        bytes32[] memory path = pathOf(1, 1, 9);
        bytes32 hash = entry(1, 1).hash;
        vm.expectRevert(abi.encodeWithSelector(IAdjudicator.WrongTurn.selector, Turn.Opening));
        vm.prank(account(1));
        adjudicator.nameEntry(early, 1, hash, path);
        adjudicator.timeOut(early);
        requireFell();
        requireWei(account(0), 1 ether, 0, 0);
        requireOver(late);
    }

    function test_what_is_opened_for_another_in_time_counts() external {
        growTo(300, 3);
        AccusationId memory early = accuse();
        vm.warp(block.timestamp + 1);
        AccusationId memory late = accuse(account(0), 0);
        vm.warp(deadlineOf(early) - 1);
        openNode(late);
        requireTurn(early, Turn.Accuser);
        vm.assertEq(deadlineOf(early), block.timestamp + PERIOD);
    }

    function test_a_record_is_placed_once_for_all() external {
        AccusationId memory id = atLeaf();
        AccusationId memory other = accuse(account(0), 0);
        nameTowards(other, 3);
        vm.prank(account(0));
        adjudicator.doubtRecord(other, 0);
        vm.prank(account(1));
        adjudicator.doubtRecord(id, 0);
        placeDoubted(id, 0);
        requireTurn(other, Turn.Placed);
        vm.assertEq(deadlineOf(other), 0);
        vm.expectEmit(address(adjudicator));
        emit IAdjudicator.AccusationEnded(channelId, BLOCK, RESULT, 0, Outcome.Failed, address(0xb0b));
        adjudicator.timeOut(other);
        requireWei(address(0xb0b), BOND, 0, 0);
        requireWei(BURN, BOND, 0, 0);
        vm.assertTrue(results.stands(channelId, BLOCK, RESULT), "stands");
        // The other record of the leaf is still in doubt, this one is not.
        AccusationId memory third = accuse(validator(0), 0);
        nameTowards(third, 3);
        vm.startPrank(validator(0));
        vm.expectRevert(abi.encodeWithSelector(IAdjudicator.RecordAlreadyPlaced.selector, address(0xb0b)));
        adjudicator.doubtRecord(third, 0);
        adjudicator.doubtRecord(third, 1);
        vm.stopPrank();
    }

    function test_what_is_placed_for_another_too_late_does_not_count() external {
        AccusationId memory early = atLeaf();
        AccusationId memory late = accuse(account(0), 0);
        nameTowards(late, 3);
        vm.prank(account(1));
        adjudicator.doubtRecord(early, 0);
        vm.warp(block.timestamp + 1);
        vm.prank(account(0));
        adjudicator.doubtRecord(late, 0);
        vm.warp(deadlineOf(early));
        placeDoubted(late, 0);
        requireOver(late);
        requireTurn(early, Turn.Placing);
        adjudicator.timeOut(early);
        requireFell();
    }

    // ── ends ──

    function test_a_fall_gives_all_bonds_back_and_half_of_the_posters_to_the_accuser() external {
        move(validator(2), WeiBook.Stake, WeiBook.Locked, OWN_BOND + 1);
        results.addForfeit(RESULT, validator(2), OWN_BOND + 1);
        growTo(300, 3);
        AccusationId memory id = accuse();
        accuse(validator(1), 1);
        accuse(account(0), 0);
        accuse(validator(0), 0);
        vm.warp(deadlineOf(id));
        vm.expectEmit(address(adjudicator));
        emit IAdjudicator.AccusationEnded(channelId, BLOCK, RESULT, 0, Outcome.Returned, account(0));
        vm.expectEmit(address(adjudicator));
        emit IAdjudicator.AccusationEnded(channelId, BLOCK, RESULT, 1, Outcome.Upheld, account(1));
        vm.expectEmit(address(adjudicator));
        emit IAdjudicator.AccusationEnded(channelId, BLOCK, RESULT, 16, Outcome.Returned, validator(0));
        vm.expectEmit(address(adjudicator));
        emit IAdjudicator.AccusationEnded(channelId, BLOCK, RESULT, 17, Outcome.Returned, validator(1));
        adjudicator.timeOut(id);
        requireWei(account(0), 1 ether, 0, 0);
        requireWei(account(1), 1 ether + OWN_BOND, 0, 0);
        requireWei(validator(0), 0, 1 ether, 0);
        requireWei(validator(1), 0, 1 ether, 0);
        requireWei(account(2), 1 ether - OWN_BOND, 0, 0);
        requireWei(validator(2), 0, 1 ether - OWN_BOND - 1, 0);
        // What does not halve is burnt.
        requireWei(BURN, OWN_BOND + 1, 0, 0);
        requireFell();
        for (uint8 slot = 0; slot < 18; slot++) {
            if (slot == 0 || slot == 1 || slot >= 16) requireOver(idOf(slot));
        }
    }

    function test_an_accuser_that_lost_loses_nothing_more_when_the_result_falls() external {
        growTo(300, 3);
        AccusationId memory id = accuse();
        openNode(id);
        AccusationId memory other = accuse(account(0), 0);
        vm.warp(deadlineOf(id));
        adjudicator.timeOut(id);
        other = accuse(validator(0), 0);
        nameTowards(other, 3);
        vm.warp(deadlineOf(other));
        adjudicator.timeOut(other);
        requireWei(account(1), 1 ether - BOND, 0, 0);
        requireWei(account(0), 1 ether, 0, 0);
        requireWei(validator(0), OWN_BOND / 2, 1 ether, 0);
        requireFell();
    }

    function test_a_second_fall_would_give_no_bond_back_twice() external {
        growTo(300, 3);
        accuse(account(0), 0);
        AccusationId memory id = accuse();
        vm.warp(deadlineOf(id));
        adjudicator.timeOut(id);
        results.raise(RESULT);
        id = accuse(validator(1), 1);
        move(account(0), WeiBook.Free, WeiBook.Locked, BOND);
        vm.warp(deadlineOf(id));
        adjudicator.timeOut(id);
        requireWei(account(0), 1 ether - BOND, 0, BOND);
    }

    function test_nothing_goes_on_where_the_result_does_not_stand() external {
        AccusationId memory id = atLeaf();
        AccusationId memory opening = accuse(account(0), 0);
        nameTowards(opening, 3);
        AccusationId memory placing = accuse(validator(1), 1);
        nameTowards(placing, 3);
        vm.prank(validator(1));
        adjudicator.doubtRecord(placing, 0);
        (RecordPlace memory place_, PartFacts memory facts) = postRecord(0, recordIn(leafAt[3].records, 0));
        LeafWords memory leaf = leafWords(3);
        results.end();
        bytes memory refusal =
            abi.encodeWithSelector(IAdjudicator.ResultNotStanding.selector, channelId, BLOCK, RESULT);
        vm.expectRevert(refusal);
        adjudicator.placeRecord(placing, leaf, place_, 0, facts);
        vm.expectRevert(refusal);
        vm.prank(account(1));
        adjudicator.doubtRecord(id, 0);
        vm.expectRevert(refusal);
        vm.prank(account(1));
        adjudicator.showOmitted(id, leaf, place_, 0, facts);
        vm.warp(block.timestamp + PERIOD);
        vm.expectRevert(refusal);
        adjudicator.timeOut(id);
        vm.expectRevert(refusal);
        adjudicator.timeOut(placing);
    }

    function test_once_the_block_is_not_open_bonds_come_back_whosever_turn_it_was() external {
        growTo(300, 3);
        AccusationId memory id = accuse();
        AccusationId memory other = accuse(validator(1), 1);
        vm.expectRevert(
            abi.encodeWithSelector(IAdjudicator.ResultStanding.selector, channelId, BLOCK, RESULT)
        );
        adjudicator.release(id);
        results.end();
        vm.warp(deadlineOf(id) + 1000);
        vm.expectEmit(address(adjudicator));
        emit IAdjudicator.AccusationEnded(channelId, BLOCK, RESULT, 1, Outcome.Returned, account(1));
        adjudicator.release(id);
        requireWei(account(1), 1 ether, 0, 0);
        adjudicator.release(other);
        requireWei(validator(1), 0, 1 ether, 0);
        vm.assertEq(results.openAccusations(), 0);
        requireTurn(id, Turn.None);
        vm.expectRevert(abi.encodeWithSelector(IAdjudicator.WrongTurn.selector, Turn.None));
        adjudicator.release(id);
    }

    function test_what_is_over_is_not_released() external {
        growTo(300, 3);
        AccusationId memory id = accuse();
        openNode(id);
        vm.warp(deadlineOf(id));
        adjudicator.timeOut(id);
        results.end();
        vm.expectRevert(abi.encodeWithSelector(IAdjudicator.WrongTurn.selector, Turn.Over));
        adjudicator.release(id);
    }

    function test_who_takes_an_accused_result_back_loses_as_if_it_had_fallen() external {
        growTo(300, 3);
        AccusationId memory id = accuse();
        AccusationId memory other = accuse(account(0), 0);
        results.setGone(RESULT, true);
        results.addTakenBack(RESULT, account(2), OWN_BOND);
        adjudicator.release(other);
        adjudicator.release(id);
        requireWei(account(0), 1 ether + OWN_BOND / 2, 0, 0);
        requireWei(account(1), 1 ether, 0, 0);
        requireWei(account(2), 1 ether - OWN_BOND, 0, 0);
        requireWei(BURN, OWN_BOND / 2, 0, 0);
    }

    /// Blocks burns with the last accusation of a block that is over what nobody fetched: it is fetched first.
    function test_who_releases_the_last_accusation_of_a_block_that_is_over_has_what_is_lost() external {
        growTo(300, 3);
        AccusationId memory id = accuse();
        results.setGone(RESULT, true);
        results.addTakenBack(RESULT, account(2), OWN_BOND);
        results.end();
        adjudicator.release(id);
        requireWei(account(1), 1 ether + OWN_BOND / 2, 0, 0);
    }

    /// What was released leaves its slot, so that nobody saves a result by taking it back for a moment.
    function test_a_result_that_stands_again_is_accused_again() external {
        growTo(300, 3);
        AccusationId memory id = accuse();
        openNode(id);
        results.setGone(RESULT, true);
        adjudicator.release(id);
        results.setGone(RESULT, false);
        id = accuse();
        requireTurn(id, Turn.Accuser);
        vm.assertEq(results.openAccusations(), 1);
        requireWei(account(1), 1 ether - BOND, 0, BOND);
    }

    /// Else a friend who reveals it again after the deadline would have it fall, or the accuser fail, unheard.
    function test_the_clock_of_a_result_that_stands_again_begins_anew() external {
        growTo(300, 3);
        AccusationId memory id = accuse();
        uint256 since = block.timestamp;
        results.setGone(RESULT, true);
        vm.warp(since + PERIOD);
        results.setGone(RESULT, false);
        results.setRevealedAt(RESULT, uint40(since + PERIOD));
        vm.expectRevert(abi.encodeWithSelector(IAdjudicator.TurnNotOver.selector, since + 2 * PERIOD));
        adjudicator.timeOut(id);
        vm.warp(since + 2 * PERIOD - 1);
        openNode(id);
        requireTurn(id, Turn.Accuser);
    }
}
