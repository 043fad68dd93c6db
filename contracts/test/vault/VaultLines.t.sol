// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ChannelTerms} from "../../src/interfaces/ChannelTypes.sol";
import {IVault, LineFacts, Reason, TokenBook} from "../../src/interfaces/IVault.sol";
import {Transfers} from "../../src/lib/Transfers.sol";
import {HundredthToken} from "../support/OddTokens.sol";
import {VaultFixture} from "./support/VaultFixture.sol";

/// What comes into a line and leaves it without a block.
contract VaultLinesTest is VaultFixture {
    function test_a_vault_knows_whom_it_obeys() external view {
        vm.assertEq(vault.channels(), address(channels));
        vm.assertEq(vault.blocks(), address(blocks));
        vm.assertEq(vault.validatorRegistry(), REGISTRY);
        vm.assertEq(vault.adjudicator(), ADJUDICATOR);
        vm.assertEq(vault.panel(), PANEL);
    }

    function test_anyone_deposits_into_a_payees_line() external {
        give(STRANGER, 500);
        expectMove(account(2), NO_BLOCK, TokenBook.Outside, TokenBook.Line, 500, Reason.Deposit);
        vm.recordLogs();
        vm.prank(STRANGER);
        vault.deposit(ID, 2, 500);
        vm.assertEq(eventCount(), 1);
        vm.assertEq(lineOf(2), 500);
        vm.assertEq(lineOf(1), 0, "another payee's line");
        vm.assertEq(token.balanceOf(address(vault)), 500);
    }

    function test_a_line_shows_all_of_itself() external {
        ChannelTerms memory terms = termsFor(3);
        // Floor of 1,000 nano at 1.9 base units a nano.
        terms.tokenPerUnit = 1.9e9 - 1;
        openChannel(ID, terms);
        fund(1, 500);
        request(1, 20);
        blocks.settle(ID, 0, words(700, 0), new bytes32[](0));
        LineFacts memory facts = vault.line(ID, 1);
        vm.assertEq(facts.payee, 1);
        vm.assertEq(facts.amount, 0);
        vm.assertEq(facts.debt, 1_329 - 500);
        vm.assertEq(facts.requested, 20);
        vm.assertEq(facts.requestedAt, START - 10_000);
        vm.assertEq(facts.blockMax, 1_899);
    }

    function test_what_arrives_is_measured() external {
        ChannelTerms memory terms = termsFor(2);
        HundredthToken hundredth = new HundredthToken();
        terms.token = address(hundredth);
        openChannel(ID, terms);
        hundredth.mint(STRANGER, 2_000);
        vm.prank(STRANGER);
        hundredth.approve(address(vault), 2_000);
        vm.expectEmit(address(vault));
        emit IVault.TokenMoved(
            ID,
            account(1),
            address(hundredth),
            NO_BLOCK,
            TokenBook.Outside,
            TokenBook.Line,
            990,
            Reason.Deposit
        );
        vm.prank(STRANGER);
        vault.deposit(ID, 1, 1_000);
        vm.assertEq(lineOf(1), 990);
    }

    function test_what_does_not_arrive_is_refused() external {
        vm.expectRevert(abi.encodeWithSelector(IVault.AmountZero.selector));
        vault.deposit(ID, 1, 0);
        ChannelTerms memory terms = termsFor(2);
        terms.token = address(0x1234);
        openChannel(ID, terms);
        vm.expectRevert(abi.encodeWithSelector(Transfers.TokenRefused.selector, address(0x1234)));
        vault.deposit(ID, 1, 1);
    }

    function test_a_line_holds_at_most_128_bits() external {
        fund(1, 5);
        give(STRANGER, type(uint128).max);
        uint256 most = type(uint128).max - 5;
        vm.expectRevert(abi.encodeWithSelector(IVault.AmountTooLarge.selector, most + 1, most));
        vm.prank(STRANGER);
        vault.deposit(ID, 1, most + 1);
        vm.prank(STRANGER);
        vault.deposit(ID, 1, most);
        vm.assertEq(lineOf(1), type(uint128).max);
    }

    function test_a_closed_channel_takes_no_deposits() external {
        vm.warp(startOf(3));
        closeChannel();
        vm.expectRevert(
            abi.encodeWithSelector(IVault.ChannelAlreadyClosed.selector, ID, uint64(startOf(3)))
        );
        vault.deposit(ID, 1, 1);
    }

    function test_acts_on_an_unknown_channel_are_refused() external {
        bytes32 id = keccak256("unknown");
        bytes memory refusal = abi.encodeWithSelector(IVault.UnknownChannel.selector, id);
        vm.expectRevert(refusal);
        vault.deposit(id, 1, 1);
        vm.expectRevert(refusal);
        vault.requestWithdrawal(id, 1, 1);
        vm.expectRevert(refusal);
        vault.executeWithdrawal(id, 1);
        vm.expectRevert(refusal);
        vault.release(id, 1);
        vm.expectRevert(refusal);
        vault.payDebt(id, 1, 1);
        vm.expectRevert(refusal);
        vault.serveDebt(id, 1);
        vm.expectRevert(refusal);
        vault.concede(id, 0, 1);
        vm.expectRevert(refusal);
        vault.releaseContested(id, 0);
        vm.expectRevert(refusal);
        vault.burnContested(id, 0, 1);
        vm.expectRevert(refusal);
        vault.line(id, 1);
        vm.expectRevert(refusal);
        vault.cover(id, 0, 1);
    }

    function test_the_payer_and_nobody_have_no_line() external {
        uint8[2] memory nobody = [0, 3];
        for (uint256 k = 0; k < 2; k++) {
            bytes memory refusal = abi.encodeWithSelector(IVault.UnknownPayee.selector, ID, nobody[k]);
            vm.expectRevert(refusal);
            vault.deposit(ID, nobody[k], 1);
            vm.expectRevert(refusal);
            vault.requestWithdrawal(ID, nobody[k], 1);
            vm.expectRevert(refusal);
            vault.executeWithdrawal(ID, nobody[k]);
            vm.expectRevert(refusal);
            vault.payDebt(ID, nobody[k], 1);
            vm.expectRevert(refusal);
            vault.serveDebt(ID, nobody[k]);
            vm.expectRevert(refusal);
            vault.concede(ID, 0, nobody[k]);
            vm.expectRevert(refusal);
            vault.burnContested(ID, 0, nobody[k]);
            vm.expectRevert(refusal);
            vault.line(ID, nobody[k]);
            vm.expectRevert(refusal);
            vault.cover(ID, 0, nobody[k]);
        }
    }

    // ── withdrawals ──

    function test_the_payer_alone_requests_and_a_new_request_replaces_the_old() external {
        fund(1, 500);
        vm.expectRevert(abi.encodeWithSelector(IVault.NotPayer.selector, ID, account(1)));
        vm.prank(account(1));
        vault.requestWithdrawal(ID, 1, 5);
        vm.expectRevert(abi.encodeWithSelector(IVault.LineTooSmall.selector, ID, 1, 500, 501));
        request(1, 501);
        vm.expectEmit(address(vault));
        emit IVault.WithdrawalRequested(ID, account(1), 500);
        request(1, 500);
        vm.warp(START - 100);
        request(1, 20);
        vm.assertEq(vault.line(ID, 1).requested, 20);
        vm.assertEq(vault.line(ID, 1).requestedAt, START - 100);
        vm.expectEmit(address(vault));
        emit IVault.WithdrawalRequested(ID, account(1), 0);
        request(1, 0);
        vm.assertEq(vault.line(ID, 1).requested, 0);
        vm.assertEq(vault.line(ID, 1).requestedAt, 0);
        vm.expectRevert(abi.encodeWithSelector(IVault.NothingRequested.selector, ID, 1));
        vault.executeWithdrawal(ID, 1);
    }

    function test_a_request_waits_for_every_block_that_starts_before_its_notice_is_over() external {
        fund(1, 10_000);
        vm.warp(startOf(0));
        request(1, 400);
        // Blocks 0, 1 and 2 start before START + 250.
        bytes memory refusal =
            abi.encodeWithSelector(IVault.BlocksNotOver.selector, ID, 1, startOf(0) + NOTICE);
        vm.warp(startOf(40));
        makeVoid(0, 2);
        vm.expectRevert(refusal);
        vault.executeWithdrawal(ID, 1);
        blocks.makeVoid(ID, 2);
        // Beyond what started blocks may yet cost there is nothing: 38 of them.
        vm.expectRevert(abi.encodeWithSelector(IVault.NothingFree.selector, ID, 1));
        vault.executeWithdrawal(ID, 1);
        makeVoid(3, 32);
        expectMove(account(1), NO_BLOCK, TokenBook.Line, TokenBook.Balance, 400, Reason.WithdrawalExecuted);
        vm.recordLogs();
        vault.executeWithdrawal(ID, 1);
        vm.assertEq(eventCount(), 1);
        vm.assertEq(balance(0), 400);
        vm.assertEq(lineOf(1), 9_600);
        vm.expectRevert(abi.encodeWithSelector(IVault.NothingRequested.selector, ID, 1));
        vault.executeWithdrawal(ID, 1);
    }

    function test_a_block_that_starts_as_the_notice_ends_is_not_waited_for() external {
        fund(1, 10_000);
        vm.warp(startOf(3) - NOTICE + 1);
        request(1, 400);
        makeVoid(0, 3);
        vm.warp(startOf(3) - 1);
        vm.expectRevert(abi.encodeWithSelector(IVault.BlocksNotOver.selector, ID, 1, startOf(3) + 1));
        vault.executeWithdrawal(ID, 1);
        vm.warp(startOf(3) - NOTICE);
        request(1, 400);
        vault.executeWithdrawal(ID, 1);
        vm.assertEq(balance(0), 400);
    }

    function test_before_the_first_block_a_withdrawal_waits_for_nothing() external {
        fund(1, 700);
        vm.warp(START - NOTICE);
        request(1, 700);
        vault.executeWithdrawal(ID, 1);
        vm.assertEq(balance(0), 700);
    }

    function test_a_withdrawal_leaves_a_block_max_for_each_started_block() external {
        fund(1, 2_500);
        vm.warp(startOf(0) - NOTICE);
        request(1, 2_500);
        vm.warp(startOf(1) - 1);
        uint256 before = vm.snapshotState();
        vault.executeWithdrawal(ID, 1);
        vm.assertEq(balance(0), 1_500);
        vm.assertEq(lineOf(1), 1_000);
        vm.revertToState(before);
        vm.warp(startOf(1));
        vault.executeWithdrawal(ID, 1);
        vm.assertEq(balance(0), 500);
        // What was not free stays asked for.
        vm.assertEq(vault.line(ID, 1).requested, 2_000);
        vm.assertEq(vault.line(ID, 1).requestedAt, startOf(0) - NOTICE);
    }

    function test_a_closed_channel_gives_back_at_once_what_is_free() external {
        fund(1, 2_500);
        vm.warp(startOf(1));
        closeChannel();
        vault.executeWithdrawal(ID, 1);
        vm.assertEq(balance(0), 500);
        vm.expectRevert(abi.encodeWithSelector(IVault.NothingFree.selector, ID, 1));
        vault.executeWithdrawal(ID, 1);
        settle(0, 300, 0);
        blocks.makeVoid(ID, 1);
        vault.executeWithdrawal(ID, 1);
        vm.assertEq(balance(0), 500 + 1_700);
        vm.assertEq(lineOf(1), 0);
    }

    function test_a_withdrawal_serves_the_debt_first() external {
        vm.warp(startOf(1));
        settle(0, 900, 0);
        vm.assertEq(debtOf(1), 900);
        fund(1, 1_500);
        // 500 were free at once, since block 1 may yet cost 1,000.
        vm.assertEq(debtOf(1), 400);
        closeChannel();
        vm.expectRevert(abi.encodeWithSelector(IVault.NothingFree.selector, ID, 1));
        vault.executeWithdrawal(ID, 1);
        blocks.makeVoid(ID, 1);
        expectMove(account(1), NO_BLOCK, TokenBook.Line, TokenBook.Balance, 400, Reason.DebtServed);
        expectMove(account(1), NO_BLOCK, TokenBook.Line, TokenBook.Balance, 600, Reason.WithdrawalExecuted);
        vm.recordLogs();
        vault.executeWithdrawal(ID, 1);
        vm.assertEq(eventCount(), 2);
        vm.assertEq(balance(0), 600);
        vm.assertEq(balance(1), 900);
        vm.assertEq(debtOf(1), 0);
        vm.assertEq(lineOf(1), 0);
    }

    // ── release ──

    function test_a_payee_alone_releases_of_its_own_line() external {
        fund(1, 500);
        fund(2, 500);
        expectMove(account(2), NO_BLOCK, TokenBook.Line, TokenBook.Balance, 499, Reason.Released);
        vm.recordLogs();
        vm.prank(account(2));
        vault.release(ID, 499);
        vm.assertEq(eventCount(), 1);
        vm.assertEq(balance(0), 499);
        vm.assertEq(lineOf(2), 1);
        vm.assertEq(lineOf(1), 500);
        vm.expectRevert(abi.encodeWithSelector(IVault.LineTooSmall.selector, ID, 2, 1, 2));
        vm.prank(account(2));
        vault.release(ID, 2);
        vm.expectRevert(abi.encodeWithSelector(IVault.AmountZero.selector));
        vm.prank(account(2));
        vault.release(ID, 0);
        vm.expectRevert(abi.encodeWithSelector(IVault.NotPayee.selector, ID, 0, account(0)));
        vm.prank(account(0));
        vault.release(ID, 1);
        vm.expectRevert(abi.encodeWithSelector(IVault.NotPayee.selector, ID, 3, STRANGER));
        vm.prank(STRANGER);
        vault.release(ID, 1);
    }

    // ── debts ──

    function test_a_deposit_serves_the_debt_as_far_as_started_blocks_leave_it_free() external {
        vm.warp(startOf(0));
        settle(0, 900, 0);
        give(STRANGER, 5_000);
        vm.warp(startOf(2));
        expectMove(account(1), NO_BLOCK, TokenBook.Outside, TokenBook.Line, 2_300, Reason.Deposit);
        expectMove(account(1), NO_BLOCK, TokenBook.Line, TokenBook.Balance, 300, Reason.DebtServed);
        vm.recordLogs();
        vm.prank(STRANGER);
        vault.deposit(ID, 1, 2_300);
        vm.assertEq(eventCount(), 2);
        vm.assertEq(debtOf(1), 600);
        vm.assertEq(lineOf(1), 2_000);
        vm.prank(STRANGER);
        vault.deposit(ID, 1, 700);
        vm.assertEq(debtOf(1), 0);
        vm.assertEq(balance(1), 900);
        vm.assertEq(lineOf(1), 2_100);
    }

    function test_anyone_serves_a_debt_from_what_is_free() external {
        vm.warp(startOf(1));
        fund(1, 1_400);
        settle(0, 500, 0);
        settle(1, 1_000, 0);
        vm.assertEq(debtOf(1), 100);
        vm.expectRevert(abi.encodeWithSelector(IVault.NothingFree.selector, ID, 1));
        vault.serveDebt(ID, 1);
        // Three started blocks reserve more than there is; only block 4 does once they are over.
        vm.warp(startOf(4));
        fund(1, 1_070);
        vm.assertEq(debtOf(1), 100);
        makeVoid(2, 4);
        expectMove(account(1), NO_BLOCK, TokenBook.Line, TokenBook.Balance, 70, Reason.DebtServed);
        vm.recordLogs();
        vm.prank(STRANGER);
        vault.serveDebt(ID, 1);
        vm.assertEq(eventCount(), 1);
        vm.assertEq(debtOf(1), 30);
        vm.assertEq(lineOf(1), 1_000);
        blocks.makeVoid(ID, 4);
        vault.serveDebt(ID, 1);
        vm.assertEq(lineOf(1), 970);
        vm.assertEq(balance(1), 1_500);
        vm.expectRevert(abi.encodeWithSelector(IVault.DebtTooSmall.selector, ID, 1, 0, 1));
        vault.serveDebt(ID, 1);
    }

    function test_anyone_pays_a_debt_with_its_own_tokens_at_most_the_debt() external {
        vm.warp(startOf(1));
        settle(0, 900, 0);
        closeChannel();
        give(STRANGER, 1_000);
        vm.expectRevert(abi.encodeWithSelector(IVault.AmountZero.selector));
        vault.payDebt(ID, 1, 0);
        expectMove(account(1), NO_BLOCK, TokenBook.Outside, TokenBook.Balance, 850, Reason.DebtPaid);
        vm.recordLogs();
        vm.prank(STRANGER);
        vault.payDebt(ID, 1, 850);
        vm.assertEq(eventCount(), 1);
        vm.assertEq(debtOf(1), 50);
        vm.assertEq(balance(1), 850);
        vm.assertEq(lineOf(1), 0);
        // No more than the debt is taken.
        vm.prank(STRANGER);
        vault.payDebt(ID, 1, 51);
        vm.assertEq(debtOf(1), 0);
        vm.assertEq(balance(1), 900);
        vm.assertEq(token.balanceOf(STRANGER), 100);
        vm.expectRevert(abi.encodeWithSelector(IVault.DebtTooSmall.selector, ID, 1, 0, 1));
        vm.prank(STRANGER);
        vault.payDebt(ID, 1, 1);
    }

    function test_a_debt_falls_by_what_arrives() external {
        ChannelTerms memory terms = termsFor(3);
        HundredthToken hundredth = new HundredthToken();
        terms.token = address(hundredth);
        openChannel(ID, terms);
        settle(0, 900, 0);
        hundredth.mint(STRANGER, 2_000);
        vm.prank(STRANGER);
        hundredth.approve(address(vault), 2_000);
        vm.prank(STRANGER);
        vault.payDebt(ID, 1, 901);
        vm.assertEq(debtOf(1), 9);
        vm.assertEq(vault.balanceOf(address(hundredth), account(1)), 891);
    }

    // ── cover ──

    function test_cover_is_what_the_line_holds_beyond_everything_that_comes_first() external {
        fund(1, 2_700);
        vm.assertEq(vault.cover(ID, 0, 1), 1_000);
        vm.assertEq(vault.cover(ID, 1, 1), 1_000);
        vm.assertEq(vault.cover(ID, 2, 1), 700);
        vm.assertEq(vault.cover(ID, 3, 1), 0);
        vm.assertEq(vault.cover(ID, 2, 2), 0, "another payee's line");
        blocks.makeVoid(ID, 1);
        vm.assertEq(vault.cover(ID, 3, 1), 700);
        vm.assertEq(vault.cover(ID, BLOCKS_MAX - 1, 1), 0);
        makeVoid(2, BLOCKS_MAX - 1);
        vm.assertEq(vault.cover(ID, BLOCKS_MAX - 1, 1), 1_000);
    }

    function test_cover_leaves_out_a_debt() external {
        vm.warp(startOf(0));
        settle(0, 900, 0);
        vm.warp(startOf(2));
        fund(1, 2_100);
        vm.assertEq(debtOf(1), 800);
        vm.assertEq(lineOf(1), 2_000);
        vm.assertEq(vault.cover(ID, 1, 1), 1_000);
        vm.assertEq(vault.cover(ID, 2, 1), 200);
        vm.assertEq(vault.cover(ID, 3, 1), 0);
    }

    function test_cover_leaves_out_a_request_from_its_notice_on() external {
        fund(1, 1_000);
        vm.warp(startOf(3) - NOTICE);
        makeVoid(0, 3);
        request(1, 999);
        vm.assertEq(vault.cover(ID, 3, 1), 1);
        vm.warp(startOf(3) - NOTICE + 1);
        request(1, 999);
        vm.assertEq(vault.cover(ID, 3, 1), 1_000);
        blocks.makeVoid(ID, 3);
        vm.assertEq(vault.cover(ID, 4, 1), 1);
    }

    function test_blocks_that_never_start_have_no_cover() external {
        fund(1, 1_000);
        makeVoid(0, BLOCKS_MAX - 1);
        vm.assertEq(vault.cover(ID, BLOCKS_MAX - 1, 1), 1_000);
        vm.assertEq(vault.cover(ID, BLOCKS_MAX, 1), 0);
        vm.assertEq(vault.cover(ID, type(uint64).max, 1), 0);
        vm.warp(startOf(5));
        closeChannel();
        vm.assertEq(vault.cover(ID, 5, 1), 1_000);
        vm.assertEq(vault.cover(ID, 6, 1), 0);
    }
}
