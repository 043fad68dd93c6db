// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {AccusationId} from "../../src/disputes/IAdjudicator.sol";
import {BlockResult, ChannelTerms, Stage} from "../../src/interfaces/ChannelTypes.sol";
import {PanelRig} from "./PanelRig.sol";
import {DisputeRig} from "./DisputeRig.sol";
import {TreeRig} from "./TreeRig.sol";

/// How long participant 1, who is wrong, holds up a block by doing everything in the last second that
/// there is, and what that costs; participant 0, whose result is true, answers at once. The periods of
/// the terms are so far apart that seconds tell how many of each passed.
contract DelayGasTest is TreeRig, PanelRig {
    uint64 private constant ANSWERING = 20;
    uint64 private constant PROCESSING = 2_000;
    uint64 private constant CHALLENGE = 100_000;

    BlockResult private other;
    /// The end of processing, and of the challenge period if nobody had disputed anything.
    uint256 private processed;
    uint256 private undisputed;

    /// forge-config: default.isolate = true
    function test_gas_delay_3() external {
        measure(3);
    }

    /// forge-config: default.isolate = true
    function test_gas_delay_16() external {
        measure(16);
    }

    function measure(uint256 size_) private {
        vm.pauseGasMetering();
        listValidators();
        openChannelOf(size_);
        plantTree();
        (asking, concluding, side) = (account(1), account(0), Side.Answerer);
        uint256 before = vm.snapshotState();
        beginDispute(resultOf(size, 1e12, allParts()));
        vm.warp(undisputed - 1);
        revealTrue();
        accuseEach(0, other);
        end("accuses, slowly");
        vm.revertToState(before);
        measureAll();
    }

    // ── games ──

    /// All post, and participant 1's seat reveals.
    function beginDispute(BlockResult memory other_) private {
        other = other_;
        postParts();
        processed = block.timestamp + PROCESSING;
        undisputed = processed + CHALLENGE;
        commit(channelId, BLOCK, 1, other, false);
        vm.warp(processed - PROCESSING / 2);
        reveal(channelId, BLOCK, 1, other);
        tell();
        address[] memory right = new address[](2);
        (right[0], right[1]) = (account(0), account(OWNER));
        address[] memory wrong = new address[](2);
        (wrong[0], wrong[1]) = (account(1), validator(1));
        seat(wrong, right);
    }

    /// A panel with two appeals, a result in the window, and an accusation.
    function measureAll() private {
        beginDispute(resultOf(size, 1e12, allParts() - uint16(1 << OWNER)));
        vm.warp(processed);
        revealTrue();
        vm.warp(processed + 2 * CHALLENGE - 1);
        ask();
        draw("");
        hear(true);
        for (uint256 i = 0; i < 2; i++) {
            vm.warp(block.timestamp + ANSWERING - 1);
            appeal("");
            draw("");
            hear(true);
        }
        bytes memory data = abi.encodeCall(panel.conclude, (channelId, BLOCK, OWNER));
        act("", side, concluding, PANEL, data);
        vm.warp(block.timestamp + PROCESSING / 2 - 1);
        BlockResult memory anew = resultOf(size, 2e12, allParts());
        data = abi.encodeCall(blocks.revealOwnResult, (channelId, BLOCK, anew, OPENING));
        act("", Side.Asker, account(1), address(blocks), data);
        accuseEach(2, anew);
        end("asks a panel, appeals twice, then accuses, slowly");
    }

    function revealTrue() private {
        bytes memory data =
            abi.encodeCall(blocks.revealOwnResult, (channelId, BLOCK, claim, root().content));
        act("", Side.Answerer, account(0), address(blocks), data);
    }

    /// Who is right accuses the wrong result at once, and nobody answers for it; the other accuses the
    /// true one just before its own falls, and leads the way to a record.
    function accuseEach(uint8 result, BlockResult memory wrong) private {
        bytes memory data = abi.encodeCall(adjudicator.accuse, (channelId, BLOCK, result, wrong, 0));
        act("", Side.Answerer, account(0), ADJUDICATOR, data);
        uint256 falls = block.timestamp + ANSWERING;
        vm.warp(falls - 1);
        accuseAs("", 1, account(1));
        openNode("");
        vm.warp(falls);
        data = abi.encodeCall(adjudicator.timeOut, (AccusationId(channelId, BLOCK, result, 0)));
        act("", Side.Answerer, account(0), ADJUDICATOR, data);
        for (uint256 i = 0; i < 3; i++) {
            vm.warp(deadlineOf(id) - 1);
            name("", TARGET);
            if (i < 2) openNode("");
        }
        openLeafAt("", TARGET);
        vm.warp(deadlineOf(id) - 1);
        doubt("");
        placeRecord("", TARGET, 0);
    }

    /// As soon as the block is final.
    function end(string memory game) private {
        while (stageOf(channelId, BLOCK) < Stage.Final) vm.warp(block.timestamp + 1);
        emit log_named_uint(string.concat(game, "; seconds; ", "late"), block.timestamp - undisputed);
        BlockResult[] memory standing = new BlockResult[](1);
        standing[0] = claim;
        bytes memory data = abi.encodeCall(blocks.settle, (channelId, BLOCK, standing));
        act("", Side.Answerer, account(0), address(blocks), data);
        tell(game);
    }

    function termsOf() internal view override returns (ChannelTerms memory terms) {
        terms = DisputeRig.termsOf();
        terms.answerPeriod = ANSWERING;
        terms.processingPeriod = PROCESSING;
        terms.challengePeriod = CHALLENGE;
        terms.disputeMax = 3 * CHALLENGE + 5 * PROCESSING + 24 * ANSWERING;
    }
}
