// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {AccusationId, LeafWords} from "../../src/disputes/IAdjudicator.sol";
import {BlockResult} from "../../src/interfaces/ChannelTypes.sol";
import {TreeRig} from "./TreeRig.sol";

/// What the acts of an accusation take, and whole games, over a tree of a million impressions. The first
/// result is that of participant 1's seat; the second, whose tree is opened, is participant 0's own.
/// Either may be the true one.
contract TreeDisputeGasTest is TreeRig {
    BlockResult private other;

    /// forge-config: default.isolate = true
    function test_gas_tree_3() external {
        measure(3);
    }

    /// forge-config: default.isolate = true
    function test_gas_tree_16() external {
        measure(16);
    }

    function measure(uint256 size_) private {
        vm.pauseGasMetering();
        openChannelOf(size_);
        plantTree();
        beginDispute();
        uint256 begun = vm.snapshotState();
        measureNothing();
        vm.revertToState(begun);
        measureSilence();
        vm.revertToState(begun);
        measureWay();
        measureLeaf();
        measureFlood();
    }

    /// All post, a seat reveals, and participant 0 reveals another result of its own in the challenge
    /// period.
    function beginDispute() private {
        postParts();
        other = resultOf(size, 1e12, allParts());
        commit(channelId, BLOCK, 1, other, false);
        vm.warp(collationAt(BLOCK) + 20);
        reveal(channelId, BLOCK, 1, other);
        vm.warp(collationAt(BLOCK) + 40);
        tell();
        seat(only(account(1)), only(account(0)));
        bytes memory data =
            abi.encodeCall(blocks.revealOwnResult, (channelId, BLOCK, claim, root().content));
        act("", Side.Answerer, account(0), address(blocks), data);
    }

    // ── games ──

    /// A third result, of nothing.
    function measureNothing() private {
        BlockResult memory nothing = emptyResult(size);
        nothing.validParts = allParts();
        revealOwn(channelId, BLOCK, 2, nothing);
        id = AccusationId(channelId, BLOCK, 2, 1);
        vm.prank(account(1));
        adjudicator.accuse(channelId, BLOCK, 2, nothing, 1);
        show("show that a tree of nothing lacks a record", LeafWords("", 0));
    }

    function measureSilence() private {
        accuseAs("accuse", 1, account(1));
        uint256 accused = vm.snapshotState();
        timeOut("time out, the result falls", Side.Asker);
        settleOther("");
        tell("nobody opens the tree");
        vm.revertToState(accused);
        openNode("");
        timeOut("time out, the accusation fails", Side.Answerer);
        tell("the accuser leaves after the root");
        vm.revertToState(accused);
        bytes32 hash = lens.outputHashOf(channelId, BLOCK, other);
        vm.prank(account(0));
        blocks.acceptResult(channelId, BLOCK, 0, hash);
        bytes memory data = abi.encodeCall(adjudicator.release, (id));
        act("release, the result was taken back", Side.Asker, account(1), ADJUDICATOR, data);
    }

    /// From the root to the node above the target's leaf.
    function measureWay() private {
        accuseAs("", 1, account(1));
        openNode("");
        name("name an entry", TARGET);
        openNode("open a node of 256");
        name("", TARGET);
        openNode("open a node of 16 leaves");
        uint256 opened = vm.snapshotState();
        string[3] memory records = ["one record", "two records", size == 3 ? "4 records" : "16 records"];
        for (uint256 i = 0; i < 3; i++) {
            name("", TARGET - 1 + i);
            openLeafAt(string.concat("open a leaf of ", records[i]), TARGET - 1 + i);
            vm.revertToState(opened);
        }
        name("", TARGET);
    }

    function measureLeaf() private {
        uint256 named = vm.snapshotState();
        timeOut("", Side.Asker);
        settleOther("");
        tell("a leaf that does not open");
        vm.revertToState(named);
        openLeafAt("", TARGET);
        uint256 opened = vm.snapshotState();
        show("show what a leaf lacks", leafWords(TARGET));
        settleOther("settle at what stands alone");
        tell("a leaf that lacks a record");
        vm.revertToState(opened);
        doubt("doubt a record");
        uint256 doubted = vm.snapshotState();
        timeOut("", Side.Asker);
        settleOther("");
        tell("a record that stands in no part");
        vm.revertToState(doubted);
        placeRecord("place a record", TARGET, 0);
        tell("a true result");
    }

    /// Of the same result, by another way: what is opened once is open for both.
    function measureFlood() private {
        seat(only(validator(1)), only(account(0)));
        accuseAs("accuse, a later one", 17, validator(1));
        name("", ELSEWHERE);
        openNode("");
        name("", ELSEWHERE);
        openNode("");
        name("", ELSEWHERE);
        openLeafAt("", ELSEWHERE);
        doubt("");
        placeRecord("", ELSEWHERE, 2);
        tell("one more accusation of a true result");
    }

    /// By who was right.
    function settleOther(string memory what) private {
        vm.warp(collationAt(BLOCK) + 200);
        BlockResult[] memory standing = new BlockResult[](1);
        standing[0] = other;
        act(
            what,
            Side.Asker,
            account(1),
            address(blocks),
            abi.encodeCall(blocks.settle, (channelId, BLOCK, standing))
        );
    }
}
