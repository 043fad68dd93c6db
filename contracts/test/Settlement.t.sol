// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import "../src/interfaces/ChannelTypes.sol";
import {IChannelRegistryErrors as Errors} from "../src/interfaces/IChannelRegistryErrors.sol";
import {ChannelFixture} from "./support/ChannelFixture.sol";

contract SettlementTest is ChannelFixture {
    bytes32 private channelId;

    function setUp() public override {
        super.setUp();
        channelId = open(3);
    }

    function test_a_final_block_moves_money_once() public {
        fund(channelId, 1_000);
        BlockResult memory result = resultOf(3, 100, 7);
        finish(channelId, 0, 3, result);
        vm.prank(address(0xabc));
        registry.settle(channelId, 0, result);
        vm.assertEq(balance(0), 0);
        vm.assertEq(balance(1), 100);
        vm.assertEq(balance(2), 100);
        vm.assertEq(registry.channel(channelId).deposit, 800);
        vm.assertEq(registry.blockFacts(channelId, 0).settledAt, block.timestamp);
        vm.assertEq(registry.channel(channelId).blocksOver, 1);
        for (uint256 i = 0; i < 3; i++) {
            vm.assertEq(validators.validator(validator(i)).lockedWei, 0);
        }
        vm.expectRevert(
            abi.encodeWithSelector(
                Errors.AlreadySettled.selector, channelId, uint64(0), uint64(block.timestamp)
            )
        );
        settle(channelId, 0, result);
    }

    function test_only_the_final_result_settles() public {
        fund(channelId, 1_000);
        BlockResult memory result = resultOf(3, 100, 7);
        postAll(channelId, 0, 3);
        commit(channelId, 0, 0, result, true);
        vm.expectRevert(
            abi.encodeWithSelector(Errors.NotFinal.selector, channelId, uint64(0), Stage.Processing)
        );
        settle(channelId, 0, result);
        commit(channelId, 0, 1, result, true);
        commit(channelId, 0, 2, result, true);
        for (uint256 i = 0; i < 3; i++) {
            reveal(channelId, 0, i, result);
        }
        BlockResult memory other = resultOf(3, 101, 7);
        bytes32 right = registry.outputHashOf(channelId, 0, result);
        bytes32 wrong = registry.outputHashOf(channelId, 0, other);
        vm.expectRevert(abi.encodeWithSelector(Errors.OutputHashMismatch.selector, right, wrong));
        settle(channelId, 0, other);
        settle(channelId, 0, result);
    }

    function test_the_facts_of_a_block_are_enough_to_settle_it() public {
        fund(channelId, 1_000);
        BlockResult memory result = resultOf(3, 100, 7);
        finish(channelId, 0, 3, result);
        ResultFacts memory found = registry.blockFacts(channelId, 0).results[0];
        vm.assertEq(found.outputHash, registry.finalOutputHash(channelId, 0));
        settle(channelId, 0, found.result);
        vm.assertEq(balance(1), 100);
    }

    function test_base_units_are_rounded_down_once_a_payee() public {
        ChannelTerms memory terms = termsFor(3);
        terms.tokenPerUnit = 333_333_333;
        channelId = open(terms);
        fund(channelId, 1_000);
        BlockResult memory result = resultOf(3, 100, 7);
        finish(channelId, 0, 3, result);
        settle(channelId, 0, result);
        vm.assertEq(balance(1), 33);
        vm.assertEq(balance(2), 33);
        vm.assertEq(registry.channel(channelId).deposit, 934);
    }

    function test_a_shortfall_is_served_in_proportion_and_becomes_debt() public {
        fund(channelId, 101);
        uint64[] memory amounts = new uint64[](3);
        amounts[1] = 100;
        amounts[2] = 300;
        BlockResult memory result = resultOf(amounts, 7);
        finish(channelId, 0, 3, result);
        settle(channelId, 0, result);
        // floor(100 × 101 / 400) and floor(300 × 101 / 400); one unit of dust waits in the deposit.
        vm.assertEq(balance(1), 25);
        vm.assertEq(balance(2), 75);
        vm.assertEq(registry.channel(channelId).deposit, 1);
        vm.assertEq(registry.channel(channelId).debt, 300);
        fund(channelId, 299);
        vm.assertEq(balance(1), 100);
        vm.assertEq(balance(2), 300);
        vm.assertEq(registry.channel(channelId).deposit, 0);
        vm.assertEq(registry.channel(channelId).debt, 0);
        fund(channelId, 5);
        vm.assertEq(registry.channel(channelId).deposit, 5);
    }

    function test_debts_are_paid_in_block_order_whatever_the_order_of_settling() public {
        uint64[] memory amounts = new uint64[](3);
        amounts[1] = 100;
        BlockResult memory early = resultOf(amounts, 7);
        amounts[1] = 0;
        amounts[2] = 100;
        BlockResult memory late = resultOf(amounts, 7);
        finish(channelId, 0, 3, early);
        finish(channelId, 1, 3, late);
        settle(channelId, 1, late);
        settle(channelId, 0, early);
        vm.assertEq(registry.channel(channelId).debt, 200);
        fund(channelId, 60);
        vm.assertEq(balance(1), 60);
        vm.assertEq(balance(2), 0);
        fund(channelId, 60);
        vm.assertEq(balance(1), 100);
        vm.assertEq(balance(2), 20);
        vm.assertEq(registry.channel(channelId).debt, 80);
    }

    function test_more_debts_than_one_call_serves_are_paid_in_steps() public {
        uint64 count = 18;
        ChannelTerms memory terms = termsFor(2);
        terms.blocksMax = 2 ** 20;
        terms.firstBlockStart = uint64(block.timestamp);
        // One leaf high enough for every block: a tree of equal leaves.
        bytes32[] memory path = new bytes32[](20);
        bytes32 node = keyLeaves()[0];
        for (uint256 i = 0; i < 20; i++) {
            path[i] = node;
            node = sha256(abi.encodePacked(node, node));
        }
        terms.keysRoot = node;
        channelId = open(terms);
        for (uint64 n = 0; n < count; n++) {
            // Over several words of the set of debts.
            debtOfTen(300 * (n + 1), path);
        }
        vm.assertEq(registry.channel(channelId).debt, 180);
        fund(channelId, 175);
        vm.assertEq(balance(1), 160);
        vm.assertEq(registry.channel(channelId).deposit, 15);
        registry.payDebts(channelId, 1);
        vm.assertEq(balance(1), 170);
        registry.payDebts(channelId, 100);
        vm.assertEq(balance(1), 175);
        vm.assertEq(registry.channel(channelId).debt, 5);
        // What arrives later for an earlier block comes before.
        debtOfTen(1, path);
        fund(channelId, 12);
        vm.assertEq(registry.channel(channelId).debt, 3);
        vm.assertEq(registry.channel(channelId).deposit, 0);
    }

    function test_with_a_debt_nothing_is_withdrawn() public {
        uint64[] memory amounts = new uint64[](3);
        amounts[1] = 2;
        amounts[2] = 1;
        BlockResult memory result = resultOf(amounts, 7);
        finish(channelId, 0, 3, result);
        settle(channelId, 0, result);
        // One unit is a third of what is owed to two: floor gives it to nobody.
        fund(channelId, 1);
        vm.assertEq(registry.channel(channelId).deposit, 1);
        vm.assertEq(registry.channel(channelId).debt, 3);
        vm.assertEq(registry.cover(channelId, 5), 0);
        vm.prank(account(0));
        registry.requestWithdrawal(channelId, 1);
        vm.warp(deadlineOfParts(10));
        vm.expectRevert(abi.encodeWithSelector(Errors.DebtsFirst.selector, channelId, uint256(3)));
        registry.executeWithdrawal(channelId);
    }

    /// However deposits come: never more than the deposits, at most a unit of dust a payee, all in the end.
    function testFuzz_serving_never_overpays(
        uint64[3] memory amounts,
        uint256[4] memory deposits,
        uint256 rate
    ) public {
        ChannelTerms memory terms = termsFor(4);
        terms.tokenPerUnit = bound(rate, 1, 1e27);
        channelId = open(terms);
        uint64[] memory nano = new uint64[](4);
        uint256 total = 0;
        uint256[] memory units = new uint256[](4);
        for (uint256 i = 1; i < 4; i++) {
            nano[i] = amounts[i - 1] / 4;
            units[i] = uint256(nano[i]) * terms.tokenPerUnit / 1e9;
            total += units[i];
        }
        BlockResult memory result = resultOf(nano, 15);
        finish(channelId, 0, 4, result);
        uint256 given = 0;
        for (uint256 i = 0; i < 4; i++) {
            uint256 amount = bound(deposits[i], 0, total / 3 + 2);
            if (amount > 0) fund(channelId, amount);
            given += amount;
            if (i == 0) settle(channelId, 0, result);
            checkServed(units, given, total);
        }
        fund(channelId, total + 1);
        checkServed(units, given + total + 1, total);
        for (uint256 i = 1; i < 4; i++) {
            vm.assertEq(balance(i), units[i], "all in the end");
        }
    }

    function checkServed(uint256[] memory units, uint256 given, uint256 total) private view {
        uint256 paid = 0;
        for (uint256 i = 1; i < 4; i++) {
            vm.assertLe(balance(i), units[i], "a payee got more than it earned");
            paid += balance(i);
        }
        ChannelFacts memory facts = registry.channel(channelId);
        vm.assertEq(paid + facts.deposit, given, "conservation");
        vm.assertEq(facts.debt, total - paid, "debt is what is missing");
        if (facts.debt > 0) vm.assertLe(facts.deposit, 3, "dust alone stays while something is owed");
        for (uint256 i = 1; i < 4 && given < total; i++) {
            uint256 fair = units[i] == 0 ? 0 : mulDiv(units[i], paid, total);
            vm.assertLe(balance(i), fair + 3, "in proportion");
            vm.assertGe(balance(i) + 3, fair, "in proportion");
        }
    }

    function mulDiv(uint256 a, uint256 b, uint256 c) private pure returns (uint256) {
        return a * b / c;
    }

    function debtOfTen(uint64 n, bytes32[] memory path) private {
        uint64[] memory amounts = new uint64[](2);
        amounts[1] = 10;
        BlockResult memory result = resultOf(amounts, 3);
        vm.warp(registry.channel(channelId).terms.firstBlockStart + 100 * (uint256(n) + 1) + 10);
        post(channelId, n, 0);
        post(channelId, n, 1);
        for (uint256 i = 0; i < 2; i++) {
            Delegation memory delegation = delegationOf(channelId, 0, i, true);
            delegation.blockNumber = n;
            bytes memory signature = signatureOf(OPERATOR + i, registry.delegationDigest(delegation));
            bytes32 commitment = commitmentOf(channelId, n, i, result);
            vm.prank(validator(i));
            registry.commitResult(delegation, signature, path, commitment);
        }
        for (uint256 i = 0; i < 2; i++) {
            reveal(channelId, n, i, result);
        }
        settle(channelId, n, result);
    }

    function balance(uint256 index) private view returns (uint256) {
        return registry.balanceOf(address(token), account(index));
    }
}

contract BondsTest is ChannelFixture {
    bytes32 private channelId;
    uint256 private start;

    function setUp() public override {
        super.setUp();
        channelId = open(3);
        start = collationAt(0);
        postAll(channelId, 0, 3);
    }

    function test_a_silent_seat_pays_half_to_its_participant_and_half_to_the_others() public {
        BlockResult memory result = resultOf(3, 10, 7);
        commit(channelId, 0, 0, result, true);
        commit(channelId, 0, 1, result, true);
        vm.warp(start + 20);
        reveal(channelId, 0, 0, result);
        vm.warp(start + 100);
        settle(channelId, 0, result);
        uint256 penalty = registry.silencePenaltyWei();
        vm.assertEq(validators.validator(validator(0)).bondWei, 1 ether);
        vm.assertEq(validators.validator(validator(1)).bondWei, 1 ether - penalty);
        vm.assertEq(validators.validator(validator(1)).lockedWei, 0);
        vm.assertEq(wei_(1), penalty / 2);
        vm.assertEq(wei_(0), penalty / 4);
        vm.assertEq(wei_(2), penalty / 4);
        vm.assertEq(address(registry).balance, penalty);
        vm.prank(account(1));
        registry.withdraw(address(0), penalty / 2);
        vm.assertEq(account(1).balance, penalty / 2);
    }

    function test_a_void_block_gives_its_bonds_back_once_and_counts_silence() public {
        commit(channelId, 0, 1, resultOf(3, 10, 7), true);
        vm.warp(start + 79);
        vm.expectRevert(
            abi.encodeWithSelector(Errors.WrongStage.selector, channelId, uint64(0), Stage.Processing)
        );
        registry.releaseBonds(channelId, 0);
        vm.warp(start + 80);
        registry.releaseBonds(channelId, 0);
        vm.assertEq(validators.validator(validator(1)).lockedWei, 0);
        vm.assertEq(validators.validator(validator(1)).bondWei, 1 ether - registry.silencePenaltyWei());
        vm.expectRevert(abi.encodeWithSelector(Errors.BondsAlreadyReleased.selector, channelId, uint64(0)));
        registry.releaseBonds(channelId, 0);
    }

    function test_after_a_dispute_most_parts_stand_and_the_other_own_result_pays() public {
        BlockResult memory most = resultOf(3, 10, 7);
        BlockResult memory fewer = resultOf(3, 11, 3);
        commit(channelId, 0, 1, most, true);
        vm.warp(start + 20);
        reveal(channelId, 0, 1, most);
        vm.warp(start + 40);
        uint256 bond = registry.ownResultBondWei();
        revealOwn(channelId, 0, 2, fewer, bond);
        revealOwn(channelId, 0, 0, most, bond);
        vm.warp(start + 40 + 1_000 - 1);
        vm.expectRevert(
            abi.encodeWithSelector(Errors.NotFinal.selector, channelId, uint64(0), Stage.Dispute)
        );
        settle(channelId, 0, most);
        vm.warp(start + 40 + 1_000);
        settle(channelId, 0, most);
        // Participant 2 loses: half to 0 and 1, who stand behind the result, half to 0 and 1, who are not
        // the poster.
        vm.assertEq(wei_(0), bond + bond / 2);
        vm.assertEq(wei_(1), bond / 2);
        vm.assertEq(wei_(2), 0);
        vm.assertEq(address(registry).balance, 2 * bond);
        // Nobody was proved wrong: validators' bonds come back whole.
        vm.assertEq(validators.validator(validator(1)).bondWei, 1 ether);
        vm.assertEq(validators.validator(validator(1)).lockedWei, 0);
    }

    function test_of_results_with_equally_many_parts_the_lowest_hash_stands() public {
        BlockResult[] memory all = new BlockResult[](3);
        bytes32 lowest = bytes32(type(uint256).max);
        uint256 best;
        for (uint256 i = 0; i < 3; i++) {
            all[i] = resultOf(3, uint64(10 + i), i == 0 ? 3 : i == 1 ? 5 : 6);
            commit(channelId, 0, i, all[i], true);
            bytes32 hash = registry.outputHashOf(channelId, 0, all[i]);
            if (hash < lowest) (lowest, best) = (hash, i);
        }
        for (uint256 i = 0; i < 3; i++) {
            reveal(channelId, 0, i, all[i]);
        }
        vm.warp(start + 1_000);
        vm.assertEq(registry.finalOutputHash(channelId, 0), lowest);
        settle(channelId, 0, all[best]);
        vm.assertEq(registry.finalOutputHash(channelId, 0), lowest);
    }

    function test_no_wei_is_lost_when_it_does_not_divide() public {
        bytes32 seven = open(7);
        postAll(seven, 1, 7);
        uint256 from = collationAt(1);
        BlockResult memory result = resultOf(7, 10, 127);
        commit(seven, 1, 0, result, true);
        commit(seven, 1, 1, result, true);
        vm.warp(from + 20);
        reveal(seven, 1, 0, result);
        vm.warp(from + 40);
        uint256 bond = registry.ownResultBondWei();
        revealOwn(seven, 1, 6, resultOf(7, 11, 63), bond);
        vm.warp(from + 1_040);
        settle(seven, 1, result);
        uint256 sum = 0;
        for (uint256 i = 0; i < 7; i++) {
            sum += wei_(i);
        }
        vm.assertEq(sum, bond + registry.silencePenaltyWei());
        vm.assertEq(address(registry).balance, sum);
        vm.assertEq(wei_(6), registry.silencePenaltyWei() / 2 / 6);
    }

    function wei_(uint256 index) private view returns (uint256) {
        return registry.balanceOf(address(0), account(index));
    }
}
