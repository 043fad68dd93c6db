// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import "../../src/interfaces/BlockTypes.sol";
import {BlockResult, Stage} from "../../src/interfaces/ChannelTypes.sol";
import {LineFacts} from "../../src/interfaces/IVault.sol";
import {ChannelFacts, ILens} from "../../src/lens/ILens.sol";
import {Bonds} from "../../src/lib/Bonds.sol";
import {BlockWork} from "../support/BlockWork.sol";

/// What the Lens tells of a channel and of a block is what the contracts hold, at every step of a block.
contract LensTest is BlockWork {
    uint256 private constant FEE = 0.003 ether;

    bytes32 private channelId;

    function setUp() public override {
        super.setUp();
        channelId = open(3);
    }

    function test_a_channel_is_told_whole() public {
        fund(channelId, 1, 500);
        fund(channelId, 2, 7);
        vm.prank(account(0));
        vault.requestWithdrawal(channelId, 1, 300);
        ChannelFacts memory facts = lens.channel(channelId);
        vm.assertEq(abi.encode(facts.terms), abi.encode(openTerms(3)));
        vm.assertEq(abi.encode(facts.boxes), abi.encode(boxesFor(3)));
        vm.assertEq(facts.openedAt, block.timestamp);
        vm.assertEq(facts.closedAt, 0);
        vm.assertEq(facts.blocksEnd, BLOCKS_MAX);
        vm.assertEq(facts.lines.length, 2);
        vm.assertEq(
            abi.encode(facts.lines[0]),
            abi.encode(LineFacts(1, 500, 0, 300, uint64(block.timestamp), 1e18 + 1))
        );
        vm.assertEq(abi.encode(facts.lines[1]), abi.encode(LineFacts(2, 7, 0, 0, 0, 1e18 + 2)));
        vm.warp(START - 1);
        vm.prank(account(2));
        channels.closeChannel(channelId);
        facts = lens.channel(channelId);
        vm.assertEq(facts.closedAt, START - 1);
        vm.assertEq(facts.blocksEnd, 0);
    }

    function test_an_unknown_channel_is_refused() public {
        vm.expectRevert(abi.encodeWithSelector(ILens.UnknownChannel.selector, bytes32(uint256(1))));
        lens.channel(bytes32(uint256(1)));
    }

    function test_a_block_is_told_at_every_step() public {
        fund(channelId, 1, 500);
        (BlockWords memory words, Stage stage) = facts();
        BlockWords memory nothing;
        vm.assertEq(abi.encode(words), abi.encode(nothing));
        vm.assertEq(uint256(stage), uint256(Stage.Pending));
        postAll(channelId, 1, 3);
        (words, stage) = facts();
        vm.assertEq(uint256(stage), uint256(Stage.Processing));
        vm.assertEq(words.lastPostedAt, collationAt(1));
        vm.assertEq(words.parts.length, 3);
        for (uint8 i = 0; i < 3; i++) {
            PartWord memory part = PartWord(i, digestOf(i), uint40(block.number));
            vm.assertEq(abi.encode(words.parts[i]), abi.encode(part));
        }
        BlockResult[2] memory results = [outcome(100), outcome(90)];
        commitWith(0, true, FEE, results[0]);
        commitWith(1, false, 0, results[0]);
        commitWith(2, false, FEE, results[1]);
        seatsAre(false, 0);
        reveal(channelId, 1, 0, results[0]);
        reveal(channelId, 1, 1, results[0]);
        vm.warp(collationAt(1) + 2);
        reveal(channelId, 1, 2, results[1]);
        seatsAre(true, 1);
        disputeIsTold(results);
        agreementIsTold(results[0]);
    }

    function facts() private view returns (BlockWords memory words, Stage stage) {
        words = lens.blockWords(channelId, 1);
        stage = blocks.stageAt(channelId, 1, uint64(block.timestamp));
    }

    function disputeIsTold(BlockResult[2] memory results) private view {
        (BlockWords memory words, Stage stage) = facts();
        vm.assertEq(uint256(stage), uint256(Stage.Dispute));
        vm.assertEq(words.firstRevealedAt, collationAt(1));
        vm.assertEq(words.disputedAt, collationAt(1) + 2);
        vm.assertEq(words.agreed, 0);
        vm.assertEq(words.results.length, 2);
        for (uint256 i = 0; i < 2; i++) {
            ResultWords memory one = words.results[i];
            vm.assertEq(one.outputHash, lens.outputHashOf(channelId, 1, results[i]));
            vm.assertEq(bytes32(one.amountsDigest), bytes32(amountsDigestOf(results[i])));
            vm.assertEq(one.validParts, 7);
            vm.assertEq(one.revealedAt, collationAt(1) + 2 * i);
            vm.assertFalse(one.fallen || one.withdrawn, "stands");
        }
    }

    function agreementIsTold(BlockResult memory result) private {
        bytes32 outputHash = lens.outputHashOf(channelId, 1, result);
        for (uint8 i = 1; i < 3; i++) {
            vm.prank(account(i));
            blocks.acceptResult(channelId, 1, i, outputHash);
        }
        (BlockWords memory words, Stage stage) = facts();
        vm.assertEq(uint256(stage), uint256(Stage.Final));
        vm.assertEq(words.agreed, 1);
        vm.assertEq(words.acceptances.length, 2);
        vm.assertEq(abi.encode(words.acceptances[0]), abi.encode(Stance(1, 0)));
        vm.assertEq(abi.encode(words.acceptances[1]), abi.encode(Stance(2, 0)));
        settle(channelId, 1, result);
        (words, stage) = facts();
        vm.assertEq(uint256(stage), uint256(Stage.Settled));
        vm.assertEq(words.endedAt, block.timestamp);
        vm.assertEq(lens.channel(channelId).lines[0].amount, 400);
        vm.assertEq(lens.channel(channelId).lines[0].debt, 0);
    }

    function test_an_own_result_is_told_and_what_the_seams_write() public {
        postAll(channelId, 0, 3);
        // In the reveal half of the extension.
        vm.warp(collationAt(0) + 60);
        revealOwn(channelId, 0, 1, outcome(100));
        BlockWords memory words = lens.blockWords(channelId, 0);
        vm.assertEq(words.ownResults.length, 1);
        vm.assertEq(abi.encode(words.ownResults[0]), abi.encode(Stance(1, 0)));
        BlockResult memory other = outcome(90);
        other.validParts = 3;
        vm.warp(collationAt(0) + 80);
        revealOwn(channelId, 0, 2, other);
        askTwice();
        vm.warp(collationAt(0) + 85);
        vm.prank(ADJUDICATOR);
        blocks.fall(channelId, 0, 0);
        vm.startPrank(PANEL);
        blocks.strikePart(channelId, 0, 2, 1);
        blocks.freeQuestions(channelId, 0, 1);
        vm.stopPrank();
        words = lens.blockWords(channelId, 0);
        vm.assertTrue(words.results[0].fallen, "fallen");
        vm.assertEq(words.struck, 4);
        vm.assertEq(words.questions, 1);
        vm.assertEq(words.resolvedAt, collationAt(0) + 85);
        vm.assertEq(words.revealedAt, collationAt(0) + 80);
        vm.assertTrue(words.differ && !words.decided, "not before the second question is over");
        decisionIsTold();
    }

    function askTwice() private {
        address[2] memory askers = [account(0), operator(1)];
        for (uint256 i = 0; i < 2; i++) {
            vm.prank(QUESTIONS);
            blocks.holdQuestion(channelId, 0, 2, askers[i]);
        }
        vm.assertEq(lens.blockWords(channelId, 0).questions, 2);
    }

    function decisionIsTold() private {
        vm.warp(collationAt(0) + 200);
        vm.prank(PANEL);
        blocks.freeQuestions(channelId, 0, 1);
        vm.warp(collationAt(0) + 210);
        BlockResult memory third = outcome(80);
        third.validParts = 3;
        revealOwn(channelId, 0, 0, third);
        vm.prank(ADJUDICATOR);
        blocks.holdAccusation(channelId, 0, 1, 0, account(0));
        BlockWords memory words = lens.blockWords(channelId, 0);
        vm.assertTrue(words.decided, "decided");
        vm.assertEq(words.counted, 3);
        vm.assertEq(words.accusations, 1);
        vm.assertEq(words.questions, 0);
        vm.assertEq(words.revealedAt, collationAt(0) + 210);
    }

    function test_bonds_are_those_of_the_contracts() public view {
        uint256[5] memory bonds = lens.bonds();
        vm.assertEq(bonds[0], Bonds.PART);
        vm.assertEq(bonds[1], Bonds.SEAT);
        vm.assertEq(bonds[2], Bonds.SILENCE);
        vm.assertEq(bonds[3], Bonds.OWN_RESULT);
        vm.assertEq(bonds[4], Bonds.STAKE_MIN);
    }

    function digestOf(uint256 participant) private pure returns (bytes27) {
        bytes32 root = keccak256(abi.encode(uint64(1), participant));
        return bytes27(keccak256(abi.encode(root, uint32(3), keccak256("index"))));
    }

    function commitWith(uint256 participant, bool binding, uint256 fee, BlockResult memory result) private {
        Delegation memory one = delegationOf(channelId, 1, participant, binding);
        one.feeWei = fee;
        one.nonce = uint64(participant) + 1;
        commit(one, commitmentOf(channelId, 1, validator(participant), result));
    }

    /// The seats that the test filled: a commitment is let go of once it is revealed.
    function seatsAre(bool isRevealed, uint8 lastResult) private view {
        BlockWords memory words = lens.blockWords(channelId, 1);
        BlockResult[2] memory results = [outcome(100), outcome(90)];
        vm.assertEq(words.seats.length, 3);
        for (uint8 i = 0; i < 3; i++) {
            SeatWords memory expected = SeatWords({
                participant: i,
                validator: validator(i),
                binding: i == 0,
                nonce: i + 1,
                feeWei: i == 1 ? 0 : FEE,
                commitment: isRevealed
                    ? bytes32(0)
                    : commitmentOf(channelId, 1, validator(i), results[i == 2 ? 1 : 0]),
                revealed: isRevealed,
                result: i == 2 ? lastResult : 0
            });
            vm.assertEq(abi.encode(words.seats[i]), abi.encode(expected));
        }
    }

    /// What participant 1 earns of it.
    function outcome(uint64 nano) private pure returns (BlockResult memory) {
        uint64[] memory amounts = new uint64[](3);
        amounts[1] = nano;
        return resultOf(amounts, 7);
    }

    function amountsDigestOf(BlockResult memory result) private pure returns (bytes25) {
        uint256 word = uint256(result.amountWords[0]) & (2 ** 192 - 1);
        return bytes25(keccak256(abi.encode(word)));
    }
}
