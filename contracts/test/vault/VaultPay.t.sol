// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ChannelTerms} from "../../src/interfaces/ChannelTypes.sol";
import {IVault, Reason, TokenBook} from "../../src/interfaces/IVault.sol";
import {VaultFixture} from "./support/VaultFixture.sol";

/// What a block pays, owes and leaves open.
contract VaultPayTest is VaultFixture {
    function test_a_block_pays_each_payee_from_its_own_line() external {
        fund(1, 500);
        fund(2, 600);
        expectMove(account(1), 0, TokenBook.Line, TokenBook.Balance, 200, Reason.Settle);
        expectMove(account(2), 0, TokenBook.Line, TokenBook.Balance, 300, Reason.Settle);
        vm.recordLogs();
        settle(0, 200, 300);
        vm.assertEq(eventCount(), 2);
        vm.assertEq(balance(1), 200);
        vm.assertEq(balance(2), 300);
        vm.assertEq(balance(0), 0);
        vm.assertEq(lineOf(1), 300);
        vm.assertEq(lineOf(2), 300);
        vm.assertEq(debtOf(1), 0);
    }

    function test_blocks_alone_pay() external {
        address[4] memory others = [REGISTRY, ADJUDICATOR, PANEL, account(1)];
        for (uint256 k = 0; k < 4; k++) {
            vm.expectRevert(abi.encodeWithSelector(IVault.NotAllowed.selector, others[k]));
            vm.prank(others[k]);
            vault.pay(ID, 0, 0, words(1, 1), new bytes32[](0));
        }
    }

    function test_a_channel_that_is_unknown_pays_nothing() external {
        bytes32 id = keccak256("unknown");
        vm.expectRevert(abi.encodeWithSelector(IVault.UnknownChannel.selector, id));
        vm.prank(address(blocks));
        vault.pay(id, 0, 0, words(1, 1), new bytes32[](0));
    }

    function test_what_the_line_lacks_becomes_debt() external {
        fund(1, 150);
        expectMove(account(1), 0, TokenBook.Line, TokenBook.Balance, 150, Reason.Settle);
        expectMove(account(1), 0, TokenBook.Outside, TokenBook.Owed, 50, Reason.Settle);
        vm.recordLogs();
        settle(0, 200, 0);
        vm.assertEq(eventCount(), 2);
        vm.assertEq(debtOf(1), 50);
        vm.assertEq(lineOf(1), 0);
        vm.recordLogs();
        settle(1, 7, 0);
        vm.assertEq(eventCount(), 1);
        vm.assertEq(debtOf(1), 57);
    }

    function test_what_is_owed_above_block_max_is_nobodys_debt() external {
        fund(1, 5_000);
        vm.expectEmit(address(vault));
        emit IVault.CutToBlockMax(ID, account(1), 0, 1);
        expectMove(account(1), 0, TokenBook.Line, TokenBook.Balance, 1_000, Reason.Settle);
        vm.recordLogs();
        settle(0, 1_001, 0);
        vm.assertEq(eventCount(), 2);
        vm.recordLogs();
        settle(1, 1_000, 0);
        vm.assertEq(eventCount(), 1);
        vm.assertEq(balance(1), 2_000);
        vm.expectEmit(address(vault));
        emit IVault.CutToBlockMax(ID, account(2), 2, type(uint64).max - 1_000);
        expectMove(account(2), 2, TokenBook.Outside, TokenBook.Owed, 1_000, Reason.Settle);
        settle(2, 0, type(uint64).max);
        vm.assertEq(debtOf(2), 1_000);
    }

    function test_a_block_pays_beyond_block_max_for_each_earlier_block_that_is_not_over() external {
        fund(1, 2_300);
        settle(2, 500, 0);
        vm.assertEq(balance(1), 300);
        vm.assertEq(debtOf(1), 200);
        vm.assertEq(lineOf(1), 2_000);
        settle(1, 1_000, 0);
        vm.assertEq(balance(1), 1_300);
        settle(0, 1_000, 0);
        vm.assertEq(balance(1), 2_300);
        vm.assertEq(lineOf(1), 0);
        vm.assertEq(debtOf(1), 200);
    }

    function test_each_output_is_rounded_down_once_after_the_cut() external {
        ChannelTerms memory terms = termsFor(3);
        terms.tokenPerUnit = 333_333_333;
        openChannel(ID, terms);
        fund(1, 1_000);
        settle(0, 10, 2_000);
        vm.assertEq(balance(1), 3);
        vm.assertEq(debtOf(2), 333);
        // Less than a base unit.
        vm.recordLogs();
        settle(1, 3, 0);
        vm.assertEq(eventCount(), 0);
        vm.assertEq(balance(1), 3);
    }

    function test_sixteen_participants_are_paid_by_their_place_in_the_words() external {
        openChannel(ID, termsFor(16));
        bytes32[] memory low = new bytes32[](4);
        for (uint256 i = 1; i < 16; i++) {
            fund(uint8(i), 500);
            low[i / 4] |= bytes32((100 + i) << (192 - 64 * (i % 4)));
        }
        blocks.settle(ID, 0, low, new bytes32[](0));
        for (uint256 i = 1; i < 16; i++) {
            vm.assertEq(balance(i), 100 + i);
            vm.assertEq(lineOf(uint8(i)), 400 - i);
        }
    }

    // ── several results ──

    function test_what_results_differ_by_leaves_the_line_and_waits() external {
        fund(1, 900);
        expectMove(account(1), 0, TokenBook.Line, TokenBook.Balance, 200, Reason.Settle);
        expectMove(account(1), 0, TokenBook.Line, TokenBook.Contested, 500, Reason.Settle);
        vm.recordLogs();
        settleBetween(0, [uint64(200), 0], [uint64(700), 0]);
        vm.assertEq(eventCount(), 2);
        (uint256 amount, uint64 since) = vault.contested(ID, 0, 1);
        vm.assertEq(amount, 500);
        vm.assertEq(since, START - 10_000);
        vm.assertEq(lineOf(1), 200);
        (amount, since) = vault.contested(ID, 0, 2);
        vm.assertEq(amount + since, 0);
    }

    function test_what_is_paid_and_contested_together_is_at_most_block_max() external {
        fund(1, 9_000);
        vm.recordLogs();
        settleBetween(0, [uint64(200), 0], [uint64(5_000), 0]);
        // What one result would owe above blockMax is owed by nobody.
        vm.assertEq(eventCount(), 2);
        vm.assertEq(contestedOf(0, 1), 800);
        settleBetween(1, [uint64(1_500), 0], [uint64(5_000), 0]);
        vm.assertEq(contestedOf(1, 1), 0);
        vm.assertEq(lineOf(1), 7_000);
    }

    function test_contested_money_never_becomes_debt_and_never_takes_an_earlier_blocks_cover() external {
        fund(1, 1_300);
        settleBetween(1, [uint64(200), 0], [uint64(900), 0]);
        vm.assertEq(balance(1), 200);
        vm.assertEq(contestedOf(1, 1), 100);
        vm.assertEq(debtOf(1), 0);
        settle(0, 1_000, 0);
        vm.assertEq(balance(1), 1_200);
        settleBetween(2, [uint64(0), 0], [uint64(900), 0]);
        vm.assertEq(contestedOf(2, 1), 0);
        vm.assertEq(debtOf(1), 0);
        settleBetween(3, [uint64(10), 0], [uint64(900), 0]);
        vm.assertEq(debtOf(1), 10);
        vm.assertEq(contestedOf(3, 1), 0);
    }

    function test_a_payee_whom_only_one_result_pays_is_contested() external {
        fund(2, 400);
        settleBetween(0, [uint64(0), 0], [uint64(0), 300]);
        vm.assertEq(contestedOf(0, 2), 300);
        vm.assertEq(balance(2), 0);
    }

    function test_the_payer_alone_concedes() external {
        contest();
        vm.expectRevert(abi.encodeWithSelector(IVault.NotPayer.selector, ID, account(1)));
        vm.prank(account(1));
        vault.concede(ID, 4, 1);
        expectMove(account(1), 4, TokenBook.Contested, TokenBook.Balance, 500, Reason.Conceded);
        vm.recordLogs();
        vm.prank(account(0));
        vault.concede(ID, 4, 1);
        vm.assertEq(eventCount(), 1);
        vm.assertEq(balance(1), 500);
        vm.assertEq(contestedOf(4, 2), 100);
        nothingIsLeft();
    }

    function test_the_payee_alone_releases_what_is_contested() external {
        contest();
        vm.expectRevert(abi.encodeWithSelector(IVault.NotPayee.selector, ID, 0, account(0)));
        vm.prank(account(0));
        vault.releaseContested(ID, 4);
        vm.expectRevert(abi.encodeWithSelector(IVault.NotPayee.selector, ID, 3, STRANGER));
        vm.prank(STRANGER);
        vault.releaseContested(ID, 4);
        expectMove(account(1), 4, TokenBook.Contested, TokenBook.Balance, 500, Reason.ContestedReleased);
        vm.recordLogs();
        vm.prank(account(1));
        vault.releaseContested(ID, 4);
        vm.assertEq(eventCount(), 1);
        vm.assertEq(balance(0), 500);
        vm.assertEq(balance(1), 0);
        vm.assertEq(contestedOf(4, 2), 100);
        nothingIsLeft();
    }

    function test_what_nobody_gave_up_for_the_retention_period_anyone_burns() external {
        contest();
        uint256 burnableAt = block.timestamp + RETENTION;
        vm.warp(burnableAt - 1);
        vm.expectRevert(abi.encodeWithSelector(IVault.ContestedTooYoung.selector, ID, 4, burnableAt));
        vault.burnContested(ID, 4, 1);
        vm.warp(burnableAt);
        expectMove(account(1), 4, TokenBook.Contested, TokenBook.Balance, 500, Reason.Burnt);
        vm.recordLogs();
        vm.prank(STRANGER);
        vault.burnContested(ID, 4, 1);
        vm.assertEq(eventCount(), 1);
        vm.assertEq(vault.balanceOf(address(token), BURN), 500);
        vm.assertEq(contestedOf(4, 2), 100);
        nothingIsLeft();
    }

    function contest() private {
        fund(1, 9_000);
        fund(2, 9_000);
        settleBetween(4, [uint64(0), 0], [uint64(500), 100]);
    }

    function nothingIsLeft() private {
        bytes memory refusal = abi.encodeWithSelector(IVault.NothingContested.selector, ID, 4, 1);
        vm.expectRevert(refusal);
        vm.prank(account(0));
        vault.concede(ID, 4, 1);
        vm.expectRevert(refusal);
        vm.prank(account(1));
        vault.releaseContested(ID, 4);
        vm.expectRevert(refusal);
        vault.burnContested(ID, 4, 1);
        (uint256 amount, uint64 since) = vault.contested(ID, 4, 1);
        vm.assertEq(amount + since, 0);
    }

    // ── gas ──

    /// Terms cold, both lines cold and both balances written for the first time: 22,100 of each balance is
    /// the chain's price for a new slot.
    function test_a_payment_of_two_payees_costs_at_most_60000_gas_beyond_their_balances() external {
        fund(1, 5_000);
        fund(2, 5_000);
        bytes32[] memory low = words(100, 100);
        bytes32[] memory high = new bytes32[](0);
        vm.cool(address(vault));
        vm.prank(address(blocks));
        uint256 before = gasleft();
        vault.pay(ID, 0, 0, low, high);
        uint256 used = before - gasleft();
        vm.assertLe(used, 60_000 + 2 * 22_100);
    }
}
