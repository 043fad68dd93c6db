// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BlockResult, ChannelTerms, Stage} from "../../src/interfaces/ChannelTypes.sol";
import {BlockWords, Delegation} from "../../src/interfaces/BlockTypes.sol";
import {IBlockFacts} from "../../src/interfaces/IBlockFacts.sol";
import {IVault} from "../../src/interfaces/IVault.sol";
import {Bonds} from "../../src/lib/Bonds.sol";
import {BlockScene} from "./support/BlockScene.sol";

/// What a participant said, it has at stake until the block is over; saying and taking back costs nobody else
/// anything.
contract WordsTest is BlockScene {
    function zero() private pure returns (BlockResult memory) {
        return resultOf(3, 0, ALL);
    }

    function accept(uint256 who, BlockResult memory result) private {
        bytes32 hash = hashOf(result);
        vm.prank(account(who));
        blocks.acceptResult(id, N, uint8(who), hash);
    }

    /// A stranger's seat alone has revealed; the challenge period begins.
    function revealedForAFee() private {
        postAll(id, N, 3);
        Delegation memory one = delegationOf(id, N, 1, false);
        one.feeWei = 1 ether;
        commit(one, commitmentOf(id, N, validator(1), low()));
        vm.warp(begun() + 20);
        reveal(id, N, 1, low());
        vm.warp(begun() + 40);
    }

    function test_who_accepts_its_own_result_keeps_its_bond_at_stake() external {
        revealedByOne();
        vm.warp(begun() + 99);
        uint256 free = freeOf(account(1));
        revealOwn(id, N, 1, zero());
        accept(1, zero());
        vm.assertEq(freeOf(account(1)), free - Bonds.OWN_RESULT, "at stake");
        vm.assertEq(lens.blockWords(id, N).ownResults.length, 1, "its own still");
        vm.warp(begun() + 99 + 1000);
        settle(id, N, low(), zero());
        vm.assertEq(lockedOf(account(1)), 0, "back at the end");
    }

    function test_who_leaves_a_result_to_a_friend_keeps_its_bond_at_stake() external {
        revealedByOne();
        vm.warp(begun() + 99);
        uint256 free = freeOf(account(1));
        revealOwn(id, N, 1, high());
        accept(2, high());
        accept(1, low());
        vm.assertFalse(lens.blockWords(id, N).results[1].withdrawn, "the friend stands for it");
        vm.assertEq(freeOf(account(1)), free - Bonds.OWN_RESULT, "at stake");
        vm.warp(begun() + 99 + 1000);
        settle(id, N, low(), high());
        vm.assertEq(lockedOf(account(1)), 0, "back at the end");
    }

    function test_a_result_that_is_taken_back_holds_up_nobody() external {
        revealedByOne();
        vm.warp(begun() + 99);
        revealOwn(id, N, 1, high());
        requireStage(id, N, Stage.Dispute);
        accept(1, low());
        requireStage(id, N, Stage.Dispute);
        vm.warp(begun() + 100);
        requireStage(id, N, Stage.Final);
        settle(id, N, low());
        vm.assertEq(lockedOf(account(1)), 0);
    }

    /// Whoever relied on it could not reveal it any more.
    function test_a_result_is_not_withdrawn_once_nobody_can_reveal_it_again() external {
        revealedByOne();
        vm.warp(begun() + 99);
        revealOwn(id, N, 1, high());
        vm.warp(begun() + 100);
        accept(1, low());
        vm.assertFalse(lens.blockWords(id, N).results[1].withdrawn, "stands");
        requireStage(id, N, Stage.Dispute);
        vm.warp(begun() + 159);
        settle(id, N, low(), high());
    }

    function test_a_validator_whose_amounts_are_paid_has_its_fee() external {
        revealedForAFee();
        // The same amounts under another hash, which all accept.
        BlockResult memory same = low();
        same.impressionCount = 6;
        revealOwn(id, N, 0, same);
        for (uint256 i = 0; i < 3; i++) {
            accept(i, same);
        }
        settle(id, N, same);
        vm.assertEq(freeOf(validator(1)), 1 ether, "for its work");
    }

    function test_a_validator_whose_amounts_are_not_paid_has_none() external {
        revealedForAFee();
        revealOwn(id, N, 0, high());
        for (uint256 i = 0; i < 3; i++) {
            accept(i, high());
        }
        settle(id, N, high());
        vm.assertEq(freeOf(validator(1)), 0);
    }

    function test_a_binding_seat_takes_back_what_its_participant_revealed_itself() external {
        postAll(id, N, 3);
        commit(id, N, 0, low(), true);
        vm.warp(begun() + 60);
        revealOwn(id, N, 0, high());
        reveal(id, N, 0, low());
        BlockWords memory words = lens.blockWords(id, N);
        vm.assertTrue(words.results[0].withdrawn, "taken back");
        vm.assertEq(words.ownResults.length, 0);
        vm.warp(begun() + 139);
        requireStage(id, N, Stage.Dispute);
        vm.warp(begun() + 140);
        requireStage(id, N, Stage.Final);
        settle(id, N, low());
        vm.assertEq(lockedOf(account(0)), 0);
    }

    function test_a_binding_seat_reveals_nothing_else_than_its_participant_accepted() external {
        postAll(id, N, 3);
        commit(id, N, 0, zero(), true);
        commit(id, N, 1, low(), true);
        vm.warp(begun() + 20);
        reveal(id, N, 1, low());
        accept(0, low());
        vm.warp(begun() + 39);
        bytes memory refusal =
            abi.encodeWithSelector(IBlockFacts.AlreadyBound.selector, id, N, uint8(0), hashOf(low()));
        BlockResult memory other = zero();
        vm.expectRevert(refusal);
        vm.prank(validator(0));
        blocks.revealResult(id, N, 0, other, openingOf(other), WORK, SALT);
    }

    function test_nobody_is_bound_to_a_result_that_fell() external {
        disputed();
        accept(2, low());
        vm.prank(ADJUDICATOR);
        blocks.fall(id, N, 0);
        accept(2, high());
        vm.assertEq(lens.blockWords(id, N).acceptances[0].result, 1);
    }

    function test_what_a_request_could_not_be_paid_yet_stays_asked_for() external {
        ChannelTerms memory terms = openTerms(3);
        terms.salt = "small";
        for (uint256 i = 1; i < 3; i++) {
            terms.blockMaxNano[i] = 1000;
        }
        bytes32 small = open(terms);
        fund(small, 1, 2000);
        vm.warp(startOf(0) - 500);
        vm.prank(account(0));
        vault.requestWithdrawal(small, 1, 2000);
        vm.warp(startOf(1) + 10);
        vm.expectRevert(abi.encodeWithSelector(IVault.NothingFree.selector, small, 1));
        vault.executeWithdrawal(small, 1);
        // An outsider has a unit paid that it gave itself: the rest is asked for as before.
        fund(small, 1, 1);
        vm.prank(STRANGER);
        vault.executeWithdrawal(small, 1);
        vm.assertEq(vault.line(small, 1).requested, 1999);
        vm.warp(startOf(1) + 130);
        vault.executeWithdrawal(small, 1);
        vm.assertEq(vault.balanceOf(address(token), account(0)), 1001);
        vm.assertEq(vault.line(small, 1).requested, 999);
    }

    function test_nobody_stops_a_debt_from_being_paid_by_paying_a_unit_first() external {
        ChannelTerms memory terms = openTerms(3);
        terms.salt = "empty";
        id = open(terms);
        finish(id, N, 3, low());
        settle(id, N, low());
        uint256 debt = vault.line(id, 1).debt;
        vm.assertEq(debt, 1000);
        for (uint256 i = 0; i < 2; i++) {
            address who = i == 0 ? STRANGER : account(0);
            token.mint(who, debt);
            vm.startPrank(who);
            token.approve(address(vault), debt);
            vault.payDebt(id, 1, i == 0 ? 1 : debt);
            vm.stopPrank();
        }
        vm.assertEq(vault.line(id, 1).debt, 0);
        vm.assertEq(vault.balanceOf(address(token), account(1)), debt);
        vm.assertEq(token.balanceOf(account(0)), 1, "no more than the debt was taken");
    }
}
