// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IVault, Reason, TokenBook, WeiBook, WeiMove} from "../../src/interfaces/IVault.sol";
import {Transfers} from "../../src/lib/Transfers.sol";
import {CodeAccount} from "../support/OddTokens.sol";
import {VaultFixture} from "./support/VaultFixture.sol";

/// Balances, and wei in its three books.
contract VaultAccountsTest is VaultFixture {
    address private constant ANNA = address(0xa1);
    address private constant BERT = address(0xb1);
    address private constant CARL = address(0xc1);

    function test_a_balance_leaves_to_any_address_that_its_owner_names() external {
        earn(1, 700);
        vm.expectEmit(address(vault));
        emit IVault.TokenMoved(
            0,
            account(1),
            address(token),
            NO_BLOCK,
            TokenBook.Balance,
            TokenBook.Outside,
            300,
            Reason.Withdraw
        );
        vm.recordLogs();
        vm.prank(account(1));
        vault.withdraw(address(token), ANNA, 300);
        vm.assertEq(eventCount(), 1);
        vm.assertEq(token.balanceOf(ANNA), 300);
        vm.assertEq(balance(1), 400);
        vm.expectRevert(
            abi.encodeWithSelector(IVault.BalanceTooSmall.selector, address(token), account(1), 400, 401)
        );
        vm.prank(account(1));
        vault.withdraw(address(token), ANNA, 401);
        vm.prank(account(1));
        vault.withdraw(address(token), account(1), 400);
        vm.assertEq(token.balanceOf(account(1)), 400);
        vm.assertEq(token.balanceOf(address(vault)), 0);
    }

    function test_nothing_is_sent_as_nothing_to_nobody_or_to_the_vault() external {
        earn(1, 700);
        vm.expectRevert(abi.encodeWithSelector(IVault.AmountZero.selector));
        vm.prank(account(1));
        vault.withdraw(address(token), ANNA, 0);
        vm.expectRevert(abi.encodeWithSelector(IVault.RecipientRefused.selector, address(0)));
        vm.prank(account(1));
        vault.withdraw(address(token), address(0), 1);
        vm.expectRevert(abi.encodeWithSelector(IVault.RecipientRefused.selector, address(vault)));
        vm.prank(account(1));
        vault.withdraw(address(token), address(vault), 1);
    }

    function test_anyone_puts_wei_on_an_account_to_be_free_there() external {
        vm.deal(STRANGER, 5 ether);
        vm.expectEmit(address(vault));
        emit IVault.WeiMoved(
            0, STRANGER, ANNA, NO_BLOCK, WeiBook.Outside, WeiBook.Free, 2 ether, Reason.Deposit
        );
        vm.recordLogs();
        vm.prank(STRANGER);
        vault.depositWei{value: 2 ether}(ANNA);
        vm.assertEq(eventCount(), 1);
        assertBooks(ANNA, 2 ether, 0, 0);
        vm.assertEq(vault.balanceOf(address(0), ANNA), 2 ether);
        vm.prank(STRANGER);
        vault.depositWei{value: 1 ether}(ANNA);
        assertBooks(ANNA, 3 ether, 0, 0);
        vm.expectRevert(abi.encodeWithSelector(IVault.AmountZero.selector));
        vault.depositWei{value: 0}(ANNA);
    }

    function test_free_wei_alone_leaves_to_any_address() external {
        depositWei(ANNA, 5 ether);
        move(ANNA, WeiBook.Free, ANNA, WeiBook.Locked, 2 ether);
        move(ANNA, WeiBook.Free, ANNA, WeiBook.Stake, 1 ether);
        vm.expectRevert(
            abi.encodeWithSelector(IVault.BalanceTooSmall.selector, address(0), ANNA, 2 ether, 2 ether + 1)
        );
        vm.prank(ANNA);
        vault.withdraw(address(0), BERT, 2 ether + 1);
        vm.expectEmit(address(vault));
        emit IVault.WeiMoved(
            0, ANNA, BERT, NO_BLOCK, WeiBook.Free, WeiBook.Outside, 2 ether, Reason.Withdraw
        );
        vm.recordLogs();
        vm.prank(ANNA);
        vault.withdraw(address(0), BERT, 2 ether);
        vm.assertEq(eventCount(), 1);
        vm.assertEq(BERT.balance, 2 ether);
        assertBooks(ANNA, 0, 1 ether, 2 ether);
    }

    function test_who_refuses_wei_keeps_it_in_the_vault() external {
        CodeAccount moody = new CodeAccount();
        depositWei(address(moody), 1 ether);
        vm.expectRevert(
            abi.encodeWithSelector(Transfers.WeiTransferFailed.selector, address(moody), 1 ether)
        );
        vm.prank(address(moody));
        vault.withdraw(address(0), address(moody), 1 ether);
        vm.prank(address(moody));
        vault.withdraw(address(0), BERT, 1 ether);
        vm.assertEq(BERT.balance, 1 ether);
    }

    function test_all_wei_together_fits_into_one_book_so_that_no_book_is_ever_full() external {
        depositWei(ANNA, BOOK_MAX - 1);
        vm.deal(STRANGER, 2);
        vm.expectRevert(abi.encodeWithSelector(IVault.WeiBookFull.selector, BERT, WeiBook.Free));
        vm.prank(STRANGER);
        vault.depositWei{value: 2}(BERT);
        depositWei(BERT, 1);
        move(ANNA, WeiBook.Free, BERT, WeiBook.Locked, uint96(BOOK_MAX - 1));
        move(BERT, WeiBook.Free, BERT, WeiBook.Locked, 1);
        assertBooks(BERT, 0, 0, BOOK_MAX);
        move(BERT, WeiBook.Locked, BERT, WeiBook.Stake, uint96(BOOK_MAX));
        assertBooks(BERT, 0, BOOK_MAX, 0);
        move(BERT, WeiBook.Stake, BERT, WeiBook.Free, uint96(BOOK_MAX));
        assertBooks(BERT, BOOK_MAX, 0, 0);
        assertBooks(ANNA, 0, 0, 0);
    }

    // ── moves ──

    function test_blocks_adjudicator_panel_and_validator_registry_alone_move_wei() external {
        depositWei(ANNA, 10);
        address[4] memory movers = [address(blocks), REGISTRY, ADJUDICATOR, PANEL];
        for (uint256 k = 0; k < 4; k++) {
            vm.prank(movers[k]);
            vault.moveWei(ID, 7, oneMove(ANNA, WeiBook.Free, BERT, WeiBook.Free, 1));
        }
        assertBooks(BERT, 4, 0, 0);
        address[3] memory others = [ANNA, address(channels), STRANGER];
        for (uint256 k = 0; k < 3; k++) {
            vm.expectRevert(abi.encodeWithSelector(IVault.NotAllowed.selector, others[k]));
            vm.prank(others[k]);
            vault.moveWei(ID, 7, oneMove(ANNA, WeiBook.Free, BERT, WeiBook.Free, 1));
        }
    }

    function test_each_move_is_told_with_all_of_itself() external {
        depositWei(ANNA, 10);
        vm.expectEmit(address(vault));
        emit IVault.WeiMoved(ID, ANNA, ANNA, 9, WeiBook.Free, WeiBook.Locked, 4, Reason.PartBond);
        vm.expectEmit(address(vault));
        emit IVault.WeiMoved(ID, ANNA, BERT, 9, WeiBook.Locked, WeiBook.Stake, 4, Reason.Silence);
        WeiMove[] memory moves = new WeiMove[](2);
        moves[0] = WeiMove(ANNA, ANNA, WeiBook.Free, WeiBook.Locked, Reason.PartBond, 4);
        moves[1] = WeiMove(ANNA, BERT, WeiBook.Locked, WeiBook.Stake, Reason.Silence, 4);
        vm.recordLogs();
        vm.prank(PANEL);
        vault.moveWei(ID, 9, moves);
        vm.assertEq(eventCount(), 2);
        assertBooks(ANNA, 6, 0, 0);
        assertBooks(BERT, 0, 4, 0);
    }

    function test_a_book_never_gives_more_than_it_holds() external {
        depositWei(ANNA, 6);
        move(ANNA, WeiBook.Free, ANNA, WeiBook.Stake, 3);
        move(ANNA, WeiBook.Free, ANNA, WeiBook.Locked, 1);
        WeiBook[3] memory books = [WeiBook.Free, WeiBook.Stake, WeiBook.Locked];
        uint96[3] memory held = [uint96(2), 3, 1];
        for (uint256 k = 0; k < 3; k++) {
            vm.expectRevert(
                abi.encodeWithSelector(IVault.WeiTooLittle.selector, ANNA, books[k], held[k], held[k] + 1)
            );
            move(ANNA, books[k], BERT, WeiBook.Free, held[k] + 1);
            uint256 before = vm.snapshotState();
            move(ANNA, books[k], BERT, WeiBook.Free, held[k]);
            assertBooks(BERT, held[k], 0, 0);
            vm.revertToState(before);
        }
        vm.expectRevert(
            abi.encodeWithSelector(IVault.WeiTooLittle.selector, ANNA, WeiBook.Free, 2, type(uint96).max)
        );
        move(ANNA, WeiBook.Free, BERT, WeiBook.Free, type(uint96).max);
    }

    function test_no_move_comes_from_outside_or_goes_there() external {
        depositWei(ANNA, 6);
        vm.expectRevert(abi.encodeWithSelector(IVault.WeiTooLittle.selector, ANNA, WeiBook.Outside, 0, 1));
        move(ANNA, WeiBook.Outside, ANNA, WeiBook.Free, 1);
        vm.expectRevert(abi.encodeWithSelector(IVault.WeiTooLittle.selector, ANNA, WeiBook.Outside, 0, 0));
        move(ANNA, WeiBook.Outside, ANNA, WeiBook.Free, 0);
        vm.expectRevert(abi.encodeWithSelector(IVault.WeiBookFull.selector, BERT, WeiBook.Outside));
        move(ANNA, WeiBook.Free, BERT, WeiBook.Outside, 1);
        vm.expectRevert(abi.encodeWithSelector(IVault.WeiBookFull.selector, ANNA, WeiBook.Outside));
        move(ANNA, WeiBook.Free, ANNA, WeiBook.Outside, 1);
    }

    function test_the_zero_address_has_books_like_everybody() external {
        depositWei(ANNA, 6);
        WeiMove[] memory moves = new WeiMove[](3);
        moves[0] = WeiMove(ANNA, address(0), WeiBook.Free, WeiBook.Free, Reason.Burnt, 5);
        moves[1] = WeiMove(address(0), BERT, WeiBook.Free, WeiBook.Free, Reason.Burnt, 3);
        moves[2] = WeiMove(BERT, address(0), WeiBook.Free, WeiBook.Stake, Reason.Burnt, 1);
        vm.prank(address(blocks));
        vault.moveWei(ID, 7, moves);
        assertBooks(address(0), 2, 1, 0);
        assertBooks(BERT, 2, 0, 0);
        assertBooks(ANNA, 1, 0, 0);
    }

    function test_an_account_in_consecutive_moves_is_written_once() external {
        depositWei(ANNA, 100);
        depositWei(BERT, 100);
        WeiMove[] memory moves = new WeiMove[](5);
        moves[0] = WeiMove(ANNA, ANNA, WeiBook.Free, WeiBook.Locked, Reason.PartBond, 10);
        moves[1] = WeiMove(ANNA, ANNA, WeiBook.Free, WeiBook.Locked, Reason.Fee, 20);
        moves[2] = WeiMove(ANNA, BERT, WeiBook.Locked, WeiBook.Free, Reason.Fee, 5);
        moves[3] = WeiMove(BERT, ANNA, WeiBook.Free, WeiBook.Free, Reason.Fee, 7);
        moves[4] = WeiMove(BERT, BERT, WeiBook.Free, WeiBook.Stake, Reason.StakeAdded, 8);
        vm.record();
        vm.prank(address(blocks));
        vault.moveWei(ID, 7, moves);
        (, bytes32[] memory writes) = vm.accesses(address(vault));
        vm.assertEq(writes.length, 2);
        assertBooks(ANNA, 77, 0, 25);
        assertBooks(BERT, 90, 8, 0);
    }

    function test_many_accounts_in_any_order_of_moves_end_as_one_by_one() external {
        address[4] memory who = [ANNA, BERT, CARL, address(0)];
        for (uint256 k = 0; k < 4; k++) {
            depositWei(who[k], 1_000);
        }
        uint256 before = vm.snapshotState();
        WeiMove[] memory moves = new WeiMove[](40);
        for (uint256 k = 0; k < 40; k++) {
            uint256 seed = uint256(keccak256(abi.encode(k)));
            moves[k] = WeiMove(
                who[seed % 4], who[(seed >> 8) % 4], WeiBook.Free, WeiBook.Free, Reason.Fee, uint96(k)
            );
        }
        vm.prank(PANEL);
        vault.moveWei(ID, 7, moves);
        bytes32 together = booksOf(who);
        vm.revertToState(before);
        for (uint256 k = 0; k < 40; k++) {
            WeiMove memory one = moves[k];
            move(one.from, WeiBook.Free, one.to, WeiBook.Free, one.amount);
        }
        vm.assertEq(booksOf(who), together);
    }

    function booksOf(address[4] memory who) private view returns (bytes32 digest) {
        for (uint256 k = 0; k < 4; k++) {
            (uint256 free, uint256 stake, uint256 locked) = vault.weiOf(who[k]);
            digest = keccak256(abi.encode(digest, free, stake, locked));
        }
    }

    function earn(uint8 payee, uint64 amount) private {
        fund(payee, amount);
        settle(0, payee == 1 ? amount : 0, payee == 2 ? amount : 0);
    }
}
