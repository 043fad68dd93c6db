// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BlockResult, ChannelTerms, Stage} from "../../src/interfaces/ChannelTypes.sol";
import {IVault} from "../../src/interfaces/IVault.sol";
import {SettlementLevels} from "../../src/lib/SettlementLevels.sol";
import {Bonds} from "../../src/lib/Bonds.sol";
import {DisputeScene} from "./support/DisputeScene.sol";

/// Takes wei, and acts while it does.
contract Meddler {
    IVault private immutable vault;
    address private immutable target;
    bytes private act;
    bool public isActDone;
    bool public isAgainDone;

    constructor(IVault vault_, address target_, bytes memory act_) {
        (vault, target, act) = (vault_, target_, act_);
    }

    receive() external payable {
        (isActDone,) = target.call(act);
        (isAgainDone,) =
            address(vault).call(abi.encodeCall(IVault.withdraw, (address(0), address(this), 1)));
    }
}

/// Disputes at the ends of what terms may say.
contract DisputeExtremesTest is DisputeScene {
    /// What one transaction may cost on a chain with EIP-7825.
    uint256 private constant TRANSACTION_GAS = 2 ** 24;
    /// Turns to one record of the largest tree: of 40 levels 8 are opened at a time, and after each opening the
    /// accuser names one; then the leaf is opened, a record doubted and placed.
    uint256 private constant TURNS = 13;

    // ── the longest path ──

    function test_the_largest_tree_takes_so_many_turns() external pure {
        uint256 turns = 3;
        for (uint256 level = SettlementLevels.topOf(2 ** 40); level > 0;) {
            level = SettlementLevels.openedBelow(level);
            turns += 2;
        }
        vm.assertEq(turns, TURNS);
    }

    /// All is said in the last second: a dispute from the second in which all have posted, a part asked about, three
    /// panels and two appeals, a result for the parts that count, and its accusation to one record. What disputeMax
    /// leaves is for three draws.
    function test_the_least_disputeMax_cuts_nobody_off() external {
        playLongest(2, 1, 1);
        playLongest(3, 7, 5);
        playLongest(40, 60, 20);
    }

    function playLongest(uint64 processing, uint64 challenge, uint64 answer) private {
        uint256 before = vm.snapshotState();
        ChannelTerms memory terms = openTerms(3);
        (terms.processingPeriod, terms.challengePeriod, terms.answerPeriod) =
        (processing, challenge, answer);
        terms.disputeMax = 3 * challenge + 5 * processing + 24 * answer;
        terms.salt = keccak256(abi.encode(processing));
        id = open(terms);
        revealedBySeats([low(), short(), low()]);
        uint256 time = begun() + processing + 2 * uint256(challenge);
        vm.warp(time - 1);
        ask(2, 1);
        time += 3 * uint256(processing) + 2 * uint256(answer);
        vm.warp(time);
        freeQuestions(1);
        time += processing / 2;
        vm.warp(time - 1);
        revealOwn(id, N, 1, high());
        time += challenge;
        vm.warp(time - 1);
        accuse(2, 0);
        time += TURNS * answer;
        vm.warp(time);
        requireStage(id, N, Stage.Dispute);
        fell(2);
        freeAccusations(1);
        requireStage(id, N, Stage.Final);
        uint256 left = begun() + terms.disputeMax - time;
        vm.assertGe(left, processing / 2 + 9 * uint256(answer), "for three draws");
        settle(id, N, low());
        vm.revertToState(before);
    }

    // ── as many as there may be ──

    /// 48 results, all parts struck by all, all accused by somebody: it ends in one transaction, and nothing stays.
    function test_sixteen_that_say_all_that_they_can_end_in_one_transaction() external {
        id = open(16);
        fundAll(id, 16, 1e6);
        sixteenReveal();
        for (uint256 i = 0; i < 16; i++) {
            strike(uint8(i), 0xffff);
        }
        goTo(Q);
        BlockResult[] memory standing = new BlockResult[](16);
        for (uint256 i = 0; i < 16; i++) {
            standing[i] = resultOf(16, uint64(3000 + i), 0);
            revealOwn(id, N, i, standing[i]);
        }
        for (uint256 i = 0; i < 16; i++) {
            accuse(uint8(32 + i), uint8((i + 1) % 16));
        }
        vm.assertEq(dispute().accusations, 16);
        freeAccusations(16);
        goTo(LAST);
        requireStage(id, N, Stage.Final);
        uint256 gas = gasleft();
        blocks.settle(id, N, standing);
        vm.assertLe(gas - gasleft(), TRANSACTION_GAS, "gas");
        for (uint256 i = 0; i < 16; i++) {
            vm.assertEq(lockedOf(account(i)) + lockedOf(validator(i)), 0, "locked");
            vm.assertEq(freeOf(account(i)), 10 ether - Bonds.PART / 2);
            vm.assertEq(stakeOf(i), 1 ether);
        }
        vm.assertEq(freeOf(Bonds.BURN), 16 * uint256(Bonds.PART) / 2);
    }

    function sixteenReveal() private {
        postAll(id, N, 16);
        for (uint256 i = 0; i < 16; i++) {
            commit(id, N, i, resultOf(16, uint64(1000 + i), uint16(0xffff ^ (1 << i))), false);
        }
        for (uint256 i = 0; i < 16; i++) {
            reveal(id, N, i, resultOf(16, uint64(1000 + i), uint16(0xffff ^ (1 << i))));
        }
        goTo(40);
        for (uint256 i = 0; i < 16; i++) {
            revealOwn(id, N, i, resultOf(16, uint64(2000 + i), uint16(1 << i)));
        }
    }

    // ── as much as there may be ──

    /// Nothing wraps where the most that a block may pay is contested.
    function test_the_most_that_a_block_may_pay_is_contested_whole() external {
        uint64 most = 2 ** 63 - 1;
        ChannelTerms memory terms = openTerms(3);
        (terms.blockMaxNano[1], terms.blockMaxNano[2]) = (most, most);
        terms.tokenPerUnit = (2 ** 96 * 1e9 - 1) / uint256(most);
        id = open(terms);
        fundAll(id, 3, 2 ** 97);
        revealedByOne();
        goTo(40);
        revealOwn(id, N, 1, resultOf(3, most, ALL));
        goTo(LAST);
        settle(id, N, low(), resultOf(3, most, ALL));
        uint256 least = 1000 * terms.tokenPerUnit / 1e9;
        for (uint8 i = 1; i < 3; i++) {
            (uint256 amount,) = vault.contested(id, N, i);
            vm.assertEq(amount, most * terms.tokenPerUnit / 1e9 - least);
            vm.assertEq(vault.balanceOf(address(token), account(i)), least);
        }
    }

    // ── whoever is paid acts ──

    function test_who_ends_a_block_while_wei_are_paid_out_is_paid_once() external {
        disputed();
        accuse(1, 0);
        freeAccusations(1);
        accept(1, low());
        goTo(100);
        BlockResult[] memory standing = standingOf(low());
        Meddler meddler =
            new Meddler(vault, address(blocks), abi.encodeCall(blocks.settle, (id, N, standing)));
        vm.deal(address(this), 1);
        vault.depositWei{value: 1}(address(meddler));
        drain(account(0), 3);
        vm.prank(account(0));
        vault.withdraw(address(0), address(meddler), 2);
        vm.assertTrue(meddler.isActDone(), "settled");
        vm.assertFalse(meddler.isAgainDone(), "entered twice");
        vm.assertEq(freeOf(account(0)), 1 + Bonds.PART);
        vm.assertEq(freeOf(Bonds.BURN), Bonds.OWN_RESULT);
        vm.assertEq(address(meddler).balance, 2);
    }
}
