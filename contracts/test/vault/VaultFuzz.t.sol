// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ChannelTerms} from "../../src/interfaces/ChannelTypes.sol";
import {WeiBook} from "../../src/interfaces/IVault.sol";
import {VaultFixture} from "./support/VaultFixture.sol";

/// Amounts anywhere up to the edges that TermsRules and the chain leave: lines of 128 bits, blockMax of 96 bits,
/// books of 85 bits, 2^20 live blocks.
contract VaultFuzzTest is VaultFixture {
    struct Case {
        uint256 held;
        uint256 live;
        uint64 low;
        uint64 high;
        uint64 blockMaxNano;
        uint256 tokenPerUnit;
    }

    /// The same rule in long words: what is owed first, from what is not reserved; then what is contested.
    function testFuzz_a_payment_is_what_the_rule_says_at_any_size(Case memory one) external {
        shape(one);
        (uint256 line, uint256 debt) = (lineOf(1), debtOf(1));
        vm.prank(address(blocks));
        vault.pay(ID, 3, one.live, words(one.low, 0), words(one.high, 0));
        uint256 blockMax = inUnits(one, one.blockMaxNano);
        uint256 reserve = blockMax * one.live;
        uint256 owed = inUnits(one, one.low < one.blockMaxNano ? one.low : one.blockMaxNano);
        uint256 most = inUnits(one, one.high < one.blockMaxNano ? one.high : one.blockMaxNano);
        uint256 open = line < reserve ? 0 : line - reserve;
        uint256 paid = owed < open ? owed : open;
        uint256 left = open - paid;
        uint256 contested = most <= owed ? 0 : most - owed < left ? most - owed : left;
        vm.assertEq(balance(1), paid, "paid");
        vm.assertEq(contestedOf(3, 1), contested, "contested");
        vm.assertEq(debtOf(1), debt + owed - paid, "debt");
        vm.assertEq(lineOf(1), line - paid - contested, "line");
        vm.assertLe(owed + contested, blockMax, "beyond blockMax");
    }

    /// As many blocks as a channel may have, each owing as much as it may: no debt is too large.
    function test_debts_of_all_blocks_fit() external {
        ChannelTerms memory terms = termsFor(2);
        terms.blockMaxNano[1] = type(uint64).max;
        terms.tokenPerUnit = (uint256(2 ** 96) - 1) * 1e9 / type(uint64).max;
        openChannel(ID, terms);
        uint256 most = vault.line(ID, 1).blockMax;
        vm.assertLe(2 ** 95, most);
        vm.assertLe(most, 2 ** 96 - 1);
        for (uint64 n = 0; n < 64; n++) {
            settle(n, type(uint64).max, 0);
        }
        vm.assertEq(debtOf(1), 64 * most);
        vm.assertLe(debtOf(1) / 64 * 2 ** 20, type(uint128).max);
    }

    function testFuzz_cover_is_paid_and_no_less(Case memory one, uint64 owed, uint256 asked) external {
        shape(one);
        vm.warp(START - NOTICE);
        if (lineOf(1) > 0) request(1, asked % (lineOf(1) + 1));
        // As many live blocks before it as the scripted Blocks have.
        uint64 n = uint64(one.live % BLOCKS_MAX);
        uint256 promised = vault.cover(ID, n, 1);
        vm.prank(address(blocks));
        vault.pay(ID, n, n, words(owed, 0), new bytes32[](0));
        uint256 due = inUnits(one, owed < one.blockMaxNano ? owed : one.blockMaxNano);
        vm.assertGe(balance(1), due < promised ? due : promised, "less than the cover");
        vm.assertLe(promised, inUnits(one, one.blockMaxNano), "beyond blockMax");
    }

    function testFuzz_a_withdrawal_and_a_service_leave_what_started_blocks_may_cost(
        Case memory one,
        uint64 started
    ) external {
        shape(one);
        uint256 debt = inUnits(one, one.low < one.blockMaxNano ? one.low : one.blockMaxNano);
        // A debt beside a full line: a block with so many before it that it is paid nothing.
        vm.prank(address(blocks));
        vault.pay(ID, 9, 2 ** 128, words(one.low, 0), new bytes32[](0));
        started = uint64(bound(started, 1, BLOCKS_MAX));
        vm.warp(startOf(started) - 1);
        closeChannel();
        uint256 reserve = inUnits(one, one.blockMaxNano) * started;
        uint256 line = lineOf(1);
        uint256 open = line < reserve ? 0 : line - reserve;
        uint256 served = debt < open ? debt : open;
        try vault.executeWithdrawal(ID, 1) {
            vm.assertEq(balance(0), open - debt, "withdrawn");
            vm.assertEq(balance(1), debt, "served");
            vm.assertEq(lineOf(1), reserve, "left");
        } catch {
            vm.assertLe(open, debt, "not withdrawn");
            if (served == 0) return;
            vault.serveDebt(ID, 1);
            vm.assertEq(balance(1), served, "served");
            vm.assertEq(debtOf(1), debt - served, "debt");
            vm.assertEq(lineOf(1), line - served, "line");
        }
    }

    function testFuzz_books_hold_their_own_up_to_85_bits(uint256 total, uint256 stake, uint256 locked)
        external
    {
        total = bound(total, 1, BOOK_MAX);
        if (stake % 3 == 0) total = BOOK_MAX;
        stake = bound(stake, 0, total);
        locked = bound(locked, 0, total - stake);
        depositWei(account(1), total);
        move(account(1), WeiBook.Free, account(1), WeiBook.Stake, uint96(stake));
        move(account(1), WeiBook.Free, account(1), WeiBook.Locked, uint96(locked));
        assertBooks(account(1), total - stake - locked, stake, locked);
        move(account(1), WeiBook.Locked, account(2), WeiBook.Stake, uint96(locked));
        move(account(1), WeiBook.Stake, account(2), WeiBook.Locked, uint96(stake));
        assertBooks(account(1), total - stake - locked, 0, 0);
        assertBooks(account(2), 0, locked, stake);
    }

    /// A channel of the case's terms with the case's line.
    function shape(Case memory one) private {
        one.live = one.live % 2 ** 20;
        one.tokenPerUnit = bound(one.tokenPerUnit, 1, type(uint128).max);
        // TermsRules: below 2^96 base units.
        uint256 nanoMost = (uint256(2 ** 96) - 1) * 1e9 / one.tokenPerUnit;
        if (one.blockMaxNano > nanoMost) one.blockMaxNano = uint64(nanoMost);
        ChannelTerms memory terms = termsFor(2);
        terms.blockMaxNano[1] = one.blockMaxNano;
        terms.tokenPerUnit = one.tokenPerUnit;
        openChannel(ID, terms);
        // Half of the lines lie about the edge that matters.
        if (one.held % 2 == 0) {
            one.held = inUnits(one, one.blockMaxNano) * one.live + one.held % (2 ** 97);
        }
        one.held %= 2 ** 128;
        if (one.held > 0) fund(1, one.held);
    }

    function inUnits(Case memory one, uint64 nano) private pure returns (uint256) {
        return uint256(nano) * one.tokenPerUnit / 1e9;
    }
}
