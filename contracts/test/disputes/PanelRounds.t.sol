// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Panel} from "../../src/disputes/Panel.sol";
import {IPanel} from "../../src/disputes/IPanel.sol";
import {IBlockSeams} from "../../src/interfaces/IBlockSeams.sol";
import {IVault, WeiBook} from "../../src/interfaces/IVault.sol";
import {Bonds} from "../../src/lib/Bonds.sol";
import {PanelFixture} from "./support/PanelFixture.sol";

/// Who may do what in a round, and when to the second.
contract PanelRoundsTest is PanelFixture {
    uint256 private drawnAt;

    /// A panel of seven, drawn.
    function begin() private {
        list(0, 7, 1 ether);
        ask(0);
        drawAll();
        drawnAt = block.timestamp;
    }

    // ── asking ──

    function test_a_participant_asks_with_its_bond_and_its_operator_for_it() public {
        vm.expectEmit(PANEL);
        emit IPanel.PanelAsked(id, BLOCK, PART, account(2), DIGEST);
        vm.expectEmit(PANEL);
        emit IPanel.PanelHeightNamed(id, BLOCK, PART, 0, uint64(block.number + 2));
        vm.prank(operator(2));
        panel.ask(id, BLOCK, PART);
        holds(account(2), 1 ether - Bonds.QUESTION, 0, Bonds.QUESTION);
        (address asker, uint8 round, bool over) = panel.standing(id, BLOCK, PART);
        vm.assertEq(asker, account(2));
        vm.assertEq(round, 0);
        vm.assertFalse(over, "over");
        IPanel.PanelRound memory told = now_();
        vm.assertEq(told.height, block.number + 2);
        vm.assertEq(told.namedAt, block.timestamp);
        vm.assertEq(told.drawnAt + told.members.length, 0);
        vm.assertEq(told.appellant, address(0));
        vm.assertEq(seams.questionsHeld(id, BLOCK), 1);
    }

    function test_a_part_is_asked_about_once_for_everybody_also_when_it_is_over() public {
        ask(0);
        bytes memory refusal = abi.encodeWithSelector(IPanel.AlreadyAsked.selector, id, BLOCK, PART);
        vm.expectRevert(refusal);
        ask(2);
        seams.closeBlock(id, BLOCK);
        panel.release(id, BLOCK, PART);
        vm.expectRevert(refusal);
        ask(2);
        // Another part, another case.
        seams.openBlock(id, BLOCK, termsFor(4).participants);
        putInDoubt(2);
        vm.prank(account(0));
        panel.ask(id, BLOCK, 2);
        vm.assertEq(seams.questionsHeld(id, BLOCK), 2);
    }

    function test_what_blocks_refuses_is_not_asked() public {
        vm.expectRevert(abi.encodeWithSelector(IBlockSeams.PartNotInDoubt.selector, id, BLOCK, 2));
        vm.prank(account(0));
        panel.ask(id, BLOCK, 2);
    }

    function test_without_the_bond_nobody_asks() public {
        moveAs(address(blocks), account(0), WeiBook.Free, WeiBook.Locked, 1 ether - Bonds.QUESTION + 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IVault.WeiTooLittle.selector,
                account(0),
                WeiBook.Free,
                uint256(Bonds.QUESTION - 1),
                uint256(Bonds.QUESTION)
            )
        );
        ask(0);
    }

    function test_nothing_is_done_for_what_nobody_asked() public {
        bytes memory refusal = abi.encodeWithSelector(IPanel.NotAsked.selector, id, BLOCK, PART);
        refusesAll(refusal);
        vm.expectRevert(refusal);
        panel.release(id, BLOCK, PART);
    }

    function test_nothing_is_done_in_a_block_that_is_over_but_giving_back() public {
        begin();
        bytes memory refusal = abi.encodeWithSelector(IPanel.BlockOpen.selector, id, BLOCK);
        vm.expectRevert(refusal);
        panel.release(id, BLOCK, PART);
        seams.closeBlock(id, BLOCK);
        refusesAll(abi.encodeWithSelector(IPanel.BlockOver.selector, id, BLOCK));
        panel.release(id, BLOCK, PART);
        refusal = abi.encodeWithSelector(IPanel.AlreadyConcluded.selector, id, BLOCK, PART);
        refusesAll(refusal);
        vm.expectRevert(refusal);
        panel.release(id, BLOCK, PART);
    }

    function test_nothing_but_drawing_is_done_before_the_draw() public {
        ask(0);
        bytes memory refusal = abi.encodeWithSelector(IPanel.NotDrawn.selector, 0);
        vm.expectRevert(refusal);
        panel.commit(id, BLOCK, PART, 0, bytes32(uint256(1)));
        vm.expectRevert(refusal);
        panel.reveal(id, BLOCK, PART, 0, true, 0);
        vm.expectRevert(refusal);
        panel.appeal(id, BLOCK, PART);
        vm.expectRevert(refusal);
        conclude();
    }

    // ── committing ──

    function test_a_member_commits_in_the_first_half_to_the_second() public {
        begin();
        address member = now_().members[0];
        bytes32 commitment = commitmentOf(member, true);
        vm.expectEmit(PANEL);
        emit IPanel.PanelCommitted(id, BLOCK, PART, 0, member, commitment);
        commit(0, true);
        vm.assertEq(now_().commitments[0], commitment);
        vm.warp(drawnAt + PERIOD / 2 - 1);
        commit(1, true);
        vm.warp(drawnAt + PERIOD / 2);
        address late = now_().members[2];
        vm.expectRevert(wrongTime(drawnAt, drawnAt + PERIOD / 2));
        vm.prank(late);
        panel.commit(id, BLOCK, PART, 2, commitment);
    }

    function test_a_later_commitment_replaces_an_earlier_one() public {
        begin();
        commit(0, true);
        commit(0, false);
        vm.warp(drawnAt + PERIOD / 2);
        reveal(0, false);
        vm.assertEq(now_().notHeld, 1);
    }

    function test_nobody_commits_for_another_or_at_no_place_or_nothing() public {
        begin();
        address[] memory members = now_().members;
        bytes32 commitment = commitmentOf(members[0], true);
        vm.expectRevert(abi.encodeWithSelector(IPanel.NotMember.selector, members[1], 0));
        vm.prank(members[1]);
        panel.commit(id, BLOCK, PART, 0, commitment);
        vm.expectRevert(abi.encodeWithSelector(IPanel.NotMember.selector, account(0), 0));
        vm.prank(account(0));
        panel.commit(id, BLOCK, PART, 0, commitment);
        vm.expectRevert(abi.encodeWithSelector(IPanel.PlaceUnknown.selector, 7, 7));
        vm.prank(members[0]);
        panel.commit(id, BLOCK, PART, 7, commitment);
        vm.expectRevert(abi.encodeWithSelector(IPanel.CommitmentMissing.selector));
        vm.prank(members[0]);
        panel.commit(id, BLOCK, PART, 0, 0);
    }

    // ── revealing ──

    function test_what_was_committed_is_revealed_in_the_second_half_to_the_second() public {
        begin();
        for (uint8 i = 0; i < 3; i++) {
            commit(i, i > 0);
        }
        bytes memory refusal = wrongTime(drawnAt + PERIOD / 2, drawnAt + PERIOD);
        vm.warp(drawnAt + PERIOD / 2 - 1);
        refusesReveal(0, false, refusal);
        vm.warp(drawnAt + PERIOD / 2);
        vm.expectEmit(PANEL);
        emit IPanel.PanelRevealed(id, BLOCK, PART, 0, now_().members[0], false);
        reveal(0, false);
        vm.warp(drawnAt + PERIOD - 1);
        reveal(1, true);
        vm.warp(drawnAt + PERIOD);
        refusesReveal(2, true, refusal);
        IPanel.PanelRound memory told = now_();
        vm.assertEq(told.held, 1);
        vm.assertEq(told.notHeld, 1);
        vm.assertEq(told.revealed, 3);
        vm.assertEq(told.commitments[0], 0);
        vm.assertTrue(told.commitments[2] != 0, "what was not revealed stays");
    }

    function test_nothing_else_is_revealed_and_nothing_twice() public {
        begin();
        commit(0, true);
        address[] memory members = now_().members;
        bytes32 commitment = commitmentOf(members[0], true);
        // A copy holds the wrong address.
        vm.prank(members[1]);
        panel.commit(id, BLOCK, PART, 1, commitment);
        vm.warp(drawnAt + PERIOD / 2);
        refusesReveal(0, false, mismatch(commitment, commitmentOf(members[0], false)));
        refusesReveal(1, true, mismatch(commitment, commitmentOf(members[1], true)));
        refusesReveal(2, true, mismatch(0, commitmentOf(members[2], true)));
        vm.expectRevert(abi.encodeWithSelector(IPanel.PlaceUnknown.selector, 7, 7));
        panel.reveal(id, BLOCK, PART, 7, true, 0);
        reveal(0, true);
        refusesReveal(0, true, mismatch(0, commitment));
        vm.assertEq(now_().held, 1);
    }

    function test_a_commitment_of_one_round_is_none_of_the_next() public {
        begin();
        bytes32 commitment = commitmentOf(now_().members[0], true);
        hear(3, 4, 0);
        appeal(0);
        drawAll();
        uint256 nextAt = block.timestamp;
        address[] memory members = now_().members;
        vm.assertEq(members.length, 7);
        vm.prank(members[0]);
        panel.commit(id, BLOCK, PART, 0, commitment);
        vm.warp(nextAt + PERIOD / 2);
        refusesReveal(0, true, mismatch(commitment, commitmentOf(members[0], true)));
    }

    // ── appealing and ending ──

    function test_a_verdict_is_appealed_in_the_answer_period_to_the_second() public {
        begin();
        hear(4, 0, 0);
        uint256 until = drawnAt + PERIOD;
        bytes memory refusal = wrongTime(until, until + ANSWER);
        vm.warp(until - 1);
        vm.expectRevert(refusal);
        appeal(0);
        vm.warp(until + ANSWER);
        vm.expectRevert(refusal);
        appeal(0);
        vm.warp(until + ANSWER - 1);
        appeal(0);
        vm.assertEq(roundNow(), 1);
        vm.expectRevert(abi.encodeWithSelector(IPanel.NotDrawn.selector, 1));
        appeal(0);
    }

    function test_a_verdict_that_is_not_appealed_ends_it_to_the_second() public {
        begin();
        hear(4, 0, 0);
        uint256 opensAt = drawnAt + PERIOD + ANSWER;
        vm.warp(opensAt - 1);
        vm.expectRevert(wrongTime(opensAt, type(uint256).max));
        conclude();
        vm.warp(opensAt);
        conclude();
        vm.assertTrue(isOver(), "over");
    }

    function test_a_tie_goes_on_as_soon_as_the_time_to_reveal_is_over() public {
        begin();
        hear(2, 2, 0);
        vm.warp(drawnAt + PERIOD - 1);
        vm.expectRevert(wrongTime(drawnAt + PERIOD, type(uint256).max));
        conclude();
        vm.warp(drawnAt + PERIOD);
        vm.expectEmit(PANEL);
        emit IPanel.PanelHeightNamed(id, BLOCK, PART, 1, uint64(block.number + 2));
        conclude();
        vm.assertEq(roundNow(), 1);
        vm.assertFalse(isOver(), "over");
        vm.assertEq(now_().appellant, address(0));
    }

    function test_a_contract_of_this_size_can_be_deployed() public view {
        vm.assertLe(PANEL.code.length, 22_528, "deployed");
        vm.assertLe(type(Panel).creationCode.length, 47_104, "created");
    }

    // ── refusals ──

    function refusesAll(bytes memory refusal) private {
        vm.expectRevert(refusal);
        draw(ALL);
        vm.expectRevert(refusal);
        panel.commit(id, BLOCK, PART, 0, bytes32(uint256(1)));
        vm.expectRevert(refusal);
        panel.reveal(id, BLOCK, PART, 0, true, 0);
        vm.expectRevert(refusal);
        panel.appeal(id, BLOCK, PART);
        vm.expectRevert(refusal);
        conclude();
    }

    function refusesReveal(uint8 place, bool isHeld, bytes memory refusal) private {
        address member = now_().members[place];
        vm.expectRevert(refusal);
        panel.reveal(id, BLOCK, PART, place, isHeld, keccak256(abi.encode(member)));
    }

    function wrongTime(uint256 opensAt, uint256 closesAt) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IPanel.WrongTime.selector, opensAt, closesAt);
    }

    function mismatch(bytes32 commitment, bytes32 given) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IPanel.CommitmentMismatch.selector, commitment, given);
    }
}
