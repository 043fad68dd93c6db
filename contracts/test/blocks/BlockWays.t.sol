// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Delegation} from "../../src/interfaces/BlockTypes.sol";
import {BlockResult, ChannelTerms} from "../../src/interfaces/ChannelTypes.sol";
import {IBlockFacts} from "../../src/interfaces/IBlockFacts.sol";
import {IVault, LineFacts, TokenBook, WeiBook, WeiMove} from "../../src/interfaces/IVault.sol";
import {Bonds} from "../../src/lib/Bonds.sol";
import {DelegatedCode} from "../support/Accounts.sol";
import {Vm} from "../support/Vm.sol";
import {VaultIndexer} from "../vault/support/VaultIndexer.sol";
import {BlockScene} from "./support/BlockScene.sol";

/// Ways that were seen to take or lock money on the contracts before, by the numbers under which they are known,
/// where it takes all contracts together to end them.
contract BlockWaysTest is BlockScene {
    uint64 private constant BLOCK_MAX = 1000;

    function setUp() public override {
        super.setUp();
        ChannelTerms memory terms = openTerms(3);
        terms.blockMaxNano[1] = BLOCK_MAX;
        terms.blockMaxNano[2] = BLOCK_MAX;
        terms.salt = "ways";
        id = open(terms);
    }

    function test_way_01_an_unchallenged_amount_above_the_terms_locks_no_channel() external {
        uint64[] memory amounts = new uint64[](3);
        amounts[1] = type(uint64).max - 1;
        BlockResult memory result = resultOf(amounts, ALL);
        postAll(id, N, 3);
        commit(id, N, 1, result, true);
        vm.warp(begun() + 20);
        reveal(id, N, 1, result);
        vm.warp(begun() + 100);
        settle(id, N, result);
        vm.assertEq(line(1).debt, BLOCK_MAX);
        vm.prank(account(0));
        channels.closeChannel(id);
        vm.expectRevert(abi.encodeWithSelector(IVault.ChannelAlreadyClosed.selector, id, block.timestamp));
        vault.deposit(id, 1, 1);
    }

    function test_way_01_later_deposits_are_swallowed_up_to_blockMax_and_the_rest_comes_back() external {
        uint64[] memory amounts = new uint64[](3);
        amounts[1] = 1 << 62;
        settleAlone(1, resultOf(amounts, ALL));
        fund(id, 1, 5 * BLOCK_MAX);
        vm.warp(deadlineOfParts(BLOCKS_MAX));
        vm.assertEq(earned(1), BLOCK_MAX);
        vm.prank(account(1));
        channels.closeChannel(id);
        vault.executeWithdrawal(id, 1);
        vm.assertEq(earned(0), 4 * BLOCK_MAX);
        vm.assertEq(line(1).amount, 0);
    }

    function test_way_02_a_block_that_settles_first_leaves_the_disputed_one_its_cover() external {
        fund(id, 1, BLOCK_MAX);
        vm.warp(startOf(N));
        vm.assertEq(vault.cover(id, N - 1, 1), BLOCK_MAX);
        vm.assertEq(vault.cover(id, N, 1), 0);
        postAll(id, N - 1, 3);
        commit(id, N - 1, 0, resultOf(3, 900, ALL), true);
        vm.warp(collationAt(N - 1) + 20);
        reveal(id, N - 1, 0, resultOf(3, 900, ALL));
        vm.warp(collationAt(N - 1) + 40);
        revealOwn(id, N - 1, 1, resultOf(3, 1000, ALL));
        finish(id, N, 3, low());
        settle(id, N, low());
        vm.assertEq(earned(1), 0);
        vm.assertEq(line(1).debt, 1000);
        vm.warp(collationAt(N - 1) + 40 + 1000);
        settle(id, N - 1, resultOf(3, 900, ALL), resultOf(3, 1000, ALL));
        vm.assertEq(earned(1), 900);
        (uint256 waiting,) = vault.contested(id, N - 1, 1);
        vm.assertEq(waiting, 100);
        vm.assertEq(line(1).amount, 0);
    }

    function test_way_04_a_second_seller_of_the_payers_takes_nothing_of_the_honest_one() external {
        fund(id, 1, BLOCK_MAX);
        uint64[] memory amounts = new uint64[](3);
        (amounts[1], amounts[2]) = (BLOCK_MAX, 1 << 60);
        finish(id, N, 3, resultOf(amounts, ALL));
        settle(id, N, resultOf(amounts, ALL));
        vm.assertEq(earned(1), BLOCK_MAX);
        vm.assertEq(line(1).debt, 0);
        vm.assertEq(line(2).debt, BLOCK_MAX);
    }

    function test_way_06_a_replaced_validator_has_no_seat_any_more() external {
        postAll(id, N, 3);
        Delegation memory one = delegationOf(id, N, 1, true);
        one.feeWei = 5;
        bytes32 former = commitmentOf(id, N, validator(1), high());
        commit(one, former);
        one = delegationOf(id, N, 1, false);
        (one.validator, one.nonce, one.feeWei) = (validator(9), 2, 3);
        bytes32 latter = commitmentOf(id, N, validator(9), low());
        commit(one, latter);
        // Its old delegation does not bring it back, not even with a new signature of the same nonce.
        refuseCommit(
            delegationOf(id, N, 1, true), abi.encodeWithSelector(IBlockFacts.NonceTooLow.selector, 2, 1)
        );
        vm.warp(begun() + 20);
        BlockResult memory result = high();
        bytes32 given = lens.commitmentOf(hashOf(result), validator(9), WORK, SALT);
        vm.expectRevert(abi.encodeWithSelector(IBlockFacts.CommitmentMismatch.selector, latter, given));
        blocks.revealResult(id, N, 1, result, OPENING, WORK, SALT);
        reveal(id, N, 1, low());
        vm.warp(begun() + 100);
        settle(id, N, low());
        vm.assertEq(freeOf(validator(1)), 0);
        vm.assertEq(freeOf(validator(9)), 3);
        (, uint256 staked, uint256 locked) = vault.weiOf(validator(1));
        vm.assertEq(staked, 1 ether);
        vm.assertEq(locked, 0);
    }

    function test_way_10_a_quiet_week_of_one_minute_blocks_stops_nobody() external {
        ChannelTerms memory terms = openTerms(3);
        terms.blockDuration = 60;
        terms.blocksMax = 1 << 20;
        terms.blockMaxNano[1] = BLOCK_MAX;
        terms.salt = "week";
        id = open(terms);
        fund(id, 1, 10 * BLOCK_MAX);
        vm.prank(account(0));
        vault.requestWithdrawal(id, 1, 9 * BLOCK_MAX);
        vm.warp(START + 7 days);
        uint64 now_ = 7 days / 60;
        requireCheap(abi.encodeCall(IVault.cover, (id, now_, 1)), 200_000, "cover now");
        requireCheap(abi.encodeCall(IVault.cover, (id, (1 << 20) - 1, 1)), 200_000, "cover at last");
        requireCheap(abi.encodeCall(IVault.executeWithdrawal, (id, 1)), 200_000, "withdrawal");
        // The block that collects and the one before it, which takes parts, keep theirs.
        vm.assertEq(earned(0), 8 * BLOCK_MAX);
    }

    function test_way_13_a_bond_that_was_there_for_the_draw_only_fills_no_seat() external {
        vm.prank(validator(9));
        validators.announceExit(1 ether);
        vm.assertEq(validators.weightOf(validator(9)), 0);
        // Who is drawn before and leaves after 90 days is refused at the commit.
        ChannelTerms memory terms = openTerms(3);
        terms.firstBlockStart = START + 90 days;
        terms.salt = "later";
        id = open(terms);
        vm.warp(START + 90 days + 210);
        for (uint256 i = 0; i < 3; i++) {
            post(id, N, i);
        }
        vm.prank(validator(9));
        validators.completeExit();
        Delegation memory one = delegationOf(id, N, 1, false);
        one.validator = validator(9);
        refuseCommit(one, tooLittle(validator(9), WeiBook.Stake, 0, Bonds.SEAT));
    }

    function test_way_15_events_alone_tell_every_line_debt_balance_and_book() external {
        VaultIndexer indexer = new VaultIndexer();
        indexer.setPayer(id, account(0));
        for (uint256 i = 0; i < 3; i++) {
            setBooks(indexer, account(i));
            setBooks(indexer, validator(i));
        }
        vm.recordLogs();
        aLifeWithEverything();
        indexer.readAll(vm.getRecordedLogs(), address(vault));
        for (uint8 i = 1; i < 3; i++) {
            vm.assertEq(indexer.booked(id, account(i), TokenBook.Line), line(i).amount);
            vm.assertEq(indexer.booked(id, account(i), TokenBook.Owed), line(i).debt);
            (uint256 waiting,) = vault.contested(id, N, i);
            vm.assertEq(indexer.contested(id, N, account(i)), waiting);
            vm.assertTrue(waiting > 0 && line(i).debt > 0 && earned(i) > 0, "something of each");
        }
        for (uint256 i = 0; i < 3; i++) {
            vm.assertEq(indexer.balances(address(token), account(i)), earned(i));
            WeiBook[3] memory books = [WeiBook.Free, WeiBook.Stake, WeiBook.Locked];
            for (uint256 k = 0; k < 3; k++) {
                vm.assertEq(indexer.weiBooks(account(i), books[k]), weiIn(account(i), k));
                vm.assertEq(indexer.weiBooks(validator(i), books[k]), weiIn(validator(i), k));
            }
        }
    }

    function test_way_17_who_deployed_the_contracts_can_take_no_bond() external {
        disputed();
        WeiMove[] memory moves = new WeiMove[](1);
        moves[0].from = account(1);
        moves[0].to = address(this);
        (moves[0].fromBook, moves[0].toBook) = (WeiBook.Locked, WeiBook.Free);
        moves[0].amount = Bonds.OWN_RESULT;
        vm.expectRevert(abi.encodeWithSelector(IVault.NotAllowed.selector, address(this)));
        vault.moveWei(id, N, moves);
        vm.expectRevert(abi.encodeWithSelector(IBlockFacts.NotAllowed.selector, address(this)));
        blocks.fall(id, N, 1);
        vm.expectRevert(abi.encodeWithSelector(IBlockFacts.NotAllowed.selector, address(this)));
        blocks.strikePart(id, N, 1, 1);
    }

    function test_way_18_an_operator_key_with_delegated_code_goes_on_signing() external {
        address code = address(new DelegatedCode());
        vm.etch(operator(1), abi.encodePacked(bytes3(0xef0100), code));
        vm.etch(account(1), abi.encodePacked(bytes3(0xef0100), code));
        vm.etch(validator(1), abi.encodePacked(bytes3(0xef0100), code));
        postAll(id, N, 3);
        commit(id, N, 1, low(), true);
        vm.warp(begun() + 20);
        reveal(id, N, 1, low());
    }

    function test_way_20_nobody_shares_in_what_its_silence_costs() external {
        postAll(id, N, 3);
        for (uint256 i = 0; i < 3; i++) {
            commit(id, N, i, low(), true);
        }
        reveal(id, N, 0, low());
        reveal(id, N, 2, low());
        vm.warp(begun() + 100);
        vm.recordLogs();
        settle(id, N, low());
        requireSilent(1);
        for (uint256 i = 0; i < 3; i++) {
            vm.assertEq(freeOf(account(i)), 10 ether);
            vm.assertEq(freeOf(validator(i)), 0);
        }
        vm.assertEq(freeOf(Bonds.BURN), Bonds.SILENCE);
    }

    function test_way_20_a_channel_never_has_more_blocks_than_its_terms_say() external {
        vm.warp(startOf(BLOCKS_MAX) + 1000);
        vm.prank(account(1));
        channels.closeChannel(id);
        (,, uint64 blocksEnd) = channels.standing(id);
        vm.assertEq(blocksEnd, BLOCKS_MAX);
        vm.assertEq(vault.cover(id, BLOCKS_MAX, 1), 0);
        vm.assertEq(blocks.liveBefore(id, type(uint64).max), 0);
    }

    // ── making ──

    /// One line of events tells of every kind of move: deposits, a debt, contested money, fees, silence.
    function aLifeWithEverything() private {
        fund(id, 1, 3500);
        fund(id, 2, 3500);
        vm.prank(account(2));
        vault.release(id, 100);
        postAll(id, N, 3);
        Delegation memory one = delegationOf(id, N, 0, true);
        one.feeWei = 5;
        commit(one, commitmentOf(id, N, validator(0), resultOf(3, 300, ALL)));
        commit(id, N, 1, low(), true);
        vm.warp(begun() + 20);
        reveal(id, N, 0, resultOf(3, 300, ALL));
        vm.warp(begun() + 40);
        revealOwn(id, N, 1, resultOf(3, 800, ALL));
        for (uint64 n = 6; n < 10; n++) {
            vm.warp(collationAt(n));
            finish(id, n, 3, low());
            settle(id, n, low());
        }
        vm.warp(begun() + 1040);
        settle(id, N, resultOf(3, 300, ALL), resultOf(3, 800, ALL));
        vm.prank(account(1));
        vault.withdraw(address(token), account(1), 7);
    }

    function settleAlone(uint256 participant, BlockResult memory result) private {
        postAll(id, N, 3);
        commit(id, N, participant, result, true);
        vm.warp(begun() + 20);
        reveal(id, N, participant, result);
        vm.warp(begun() + 100);
        settle(id, N, result);
    }

    function requireCheap(bytes memory call, uint256 most, string memory what) private {
        vm.cool(address(vault));
        vm.cool(address(blocks));
        vm.cool(address(channels));
        uint256 before = gasleft();
        (bool isDone,) = address(vault).call(call);
        vm.assertLe(before - gasleft(), most, what);
        vm.assertTrue(isDone, what);
    }

    function requireSilent(uint8 participant) private {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        uint256 count = 0;
        for (uint256 i = 0; i < logs.length; i++) {
            if (logs[i].topics[0] != IBlockFacts.SeatSilent.selector) continue;
            count++;
            vm.assertEq(uint256(logs[i].topics[3]), participant);
            vm.assertEq(abi.decode(logs[i].data, (address)), validator(participant));
        }
        vm.assertEq(count, 1);
    }

    function line(uint8 payee) private view returns (LineFacts memory) {
        return vault.line(id, payee);
    }

    function earned(uint256 participant) private view returns (uint256) {
        return vault.balanceOf(address(token), account(participant));
    }

    function setBooks(VaultIndexer indexer, address account_) private {
        (uint256 free, uint256 stake_, uint256 locked) = vault.weiOf(account_);
        indexer.setBooks(account_, free, stake_, locked);
    }

    function weiIn(address account_, uint256 book) private view returns (uint256) {
        (uint256 free, uint256 stake_, uint256 locked) = vault.weiOf(account_);
        return [free, stake_, locked][book];
    }
}
