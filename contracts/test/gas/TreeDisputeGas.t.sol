// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {AccusationId, AccusationState, LeafWords, LeftNeighbour} from "../../src/disputes/IAdjudicator.sol";
import {PartFacts} from "../../src/interfaces/BlockTypes.sol";
import {BlockResult} from "../../src/interfaces/ChannelTypes.sol";
import {RecordPlace} from "../../src/lib/RecordProof.sol";
import {Groups} from "../support/Groups.sol";
import {DisputeRig} from "./DisputeRig.sol";

/// What the acts of an accusation take, and whole games, over a tree of a million impressions. The first result is
/// that of participant 1's seat; the second, whose tree is opened, is participant 0's own. Either may be the true one.
contract TreeDisputeGasTest is DisputeRig {
    uint256 private constant IMPRESSIONS = 1_000_000;
    /// Of the leaf with two records; before it stands one with one record, after it one with as many as may be.
    uint256 private constant TARGET = 777_780;
    /// To where a second accusation leads.
    uint256 private constant ELSEWHERE = 222_222;

    BlockResult private other;
    AccusationId private id;
    /// Of a record of the target's leaf, of one that it lacks, and of one of the leaf elsewhere.
    RecordPlace[3] private places;
    PartFacts[3] private facts;

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

    // ── the block ──

    function plantTree() private {
        plantRecords(TARGET - 1, keyAt(TARGET - 1), recordIn(goodRecords(keyAt(TARGET - 1), 1000), 0));
        plantGood(TARGET);
        plantRecords(TARGET + 1, keyAt(TARGET + 1), manyRecords(keyAt(TARGET + 1)));
        plantGood(ELSEWHERE);
        leaves = IMPRESSIONS;
        uint256[] memory targets = new uint256[](2);
        (targets[0], targets[1]) = (TARGET, ELSEWHERE);
        grow(targets);
        place(0, recordIn(leafAt[TARGET].records, 0));
        place(1, recordOf(keyAt(TARGET), Groups.win(0, 1, 999, 9)));
        place(2, recordIn(leafAt[ELSEWHERE].records, 0));
    }

    /// One win of each of seven sellers and of the payer towards it, and two audits.
    function manyRecords(bytes16 key) private view returns (bytes memory) {
        uint8 sellers = size > 9 ? 7 : 1;
        bytes[] memory all = new bytes[](2 * sellers + 2);
        for (uint8 i = 1; i <= sellers; i++) {
            all[2 * i - 2] = recordOf(key, Groups.win(0, i, 1000, 2 * i));
            all[2 * i - 1] = recordOf(key, Groups.win(i, 0, 1000, 2 * i + 1));
        }
        uint8 auditor = uint8(size - 1);
        all[2 * sellers] = recordOf(key, Groups.audit(auditor, 1, Groups.VIEWABLE, 50));
        all[2 * sellers + 1] = recordOf(key, Groups.audit(auditor, 255, Groups.VIEWABLE, 51));
        return Groups.joined(Groups.sorted(all));
    }

    /// As the first of a batch of 1,021 records, the first of a part of 1,959 segments: two million records.
    function place(uint256 part, bytes memory record) private {
        uint8 author = uint8(record[2]);
        RecordPlace storage one = places[part];
        one.record = record;
        one.recordPath = siblings(10);
        bytes memory start = abi.encodePacked(
            bytes8("papyrus\x01"),
            Groups.flipped(BLOCK),
            Groups.flipped(0x1234567890),
            uint32(Groups.flipped(1_021) >> 32),
            author,
            bytes3(0),
            channelId,
            fold(sha256(record), one.recordPath)
        );
        one.header = signed(start, RECORDER + author);
        one.batches = 1;
        one.sealedDigest = keccak256("sealed");
        one.rowPath = siblings(11);
        bytes32 row = sha256(abi.encodePacked(one.sealedDigest, sha256(one.header)));
        facts[part] = PartFacts(fold(row, one.rowPath), 1_959, keccak256("index"));
    }

    function siblings(uint256 count) private pure returns (bytes32[] memory path) {
        path = new bytes32[](count);
        for (uint256 i = 0; i < count; i++) {
            path[i] = keccak256(abi.encode("sibling", i));
        }
    }

    function fold(bytes32 hash, bytes32[] memory path) private pure returns (bytes32) {
        for (uint256 i = 0; i < path.length; i++) {
            hash = sha256(abi.encodePacked(hash, path[i]));
        }
        return hash;
    }

    /// All post, a seat reveals, and participant 0 reveals another result of its own in the challenge period.
    function beginDispute() private {
        vm.warp(collationAt(BLOCK));
        for (uint256 i = 0; i < size; i++) {
            if (i > 2) post(channelId, BLOCK, i);
            if (i > 2) continue;
            PartFacts memory one = facts[i];
            vm.prank(operator(i));
            blocks.postPart(channelId, BLOCK, one.partRoot, one.segmentCount, one.indexHash);
        }
        other = resultOf(size, 1e12, allParts());
        commit(channelId, BLOCK, 1, other, false);
        vm.warp(collationAt(BLOCK) + 20);
        reveal(channelId, BLOCK, 1, other);
        vm.warp(collationAt(BLOCK) + 40);
        tell();
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

    // ── acts ──

    function accuseAs(string memory what, uint8 slot, address sender) private {
        id = idOf(slot);
        bytes memory data = abi.encodeCall(adjudicator.accuse, (channelId, BLOCK, RESULT, claim, 1));
        act(what, Side.Asker, sender, ADJUDICATOR, data);
    }

    function openNode(string memory what) private {
        AccusationState memory state = adjudicator.accusation(id);
        bytes memory data = abi.encodeCall(adjudicator.openNode, (id, openingOf(state.level, state.index)));
        act(what, Side.Answerer, account(0), ADJUDICATOR, data);
    }

    function name(string memory what, uint256 target) private {
        AccusationState memory state = adjudicator.accusation(id);
        uint256 below = state.level > 8 ? state.level - 8 : 0;
        uint256 index = target >> below;
        bytes32[] memory path = pathOf(below, index, state.level);
        bytes memory data =
            abi.encodeCall(adjudicator.nameEntry, (id, uint40(index), entry(below, index).hash, path));
        act(what, Side.Asker, accuserOf(id), ADJUDICATOR, data);
    }

    function openLeafAt(string memory what, uint256 index) private {
        LeftNeighbour memory left = leftOf(index);
        bytes memory data = abi.encodeCall(adjudicator.openLeaf, (id, leafAt[index].records, left));
        act(what, Side.Answerer, account(0), ADJUDICATOR, data);
    }

    function show(string memory what, LeafWords memory leaf) private {
        bytes memory data = abi.encodeCall(adjudicator.showOmitted, (id, leaf, places[1], 1, facts[1]));
        act(what, Side.Asker, accuserOf(id), ADJUDICATOR, data);
    }

    function doubt(string memory what) private {
        act(what, Side.Asker, accuserOf(id), ADJUDICATOR, abi.encodeCall(adjudicator.doubtRecord, (id, 0)));
    }

    function placeRecord(string memory what, uint256 index, uint8 part) private {
        bytes memory data = abi.encodeCall(
            adjudicator.placeRecord, (id, leafWords(index), places[part], part, facts[part])
        );
        act(what, Side.Answerer, account(0), ADJUDICATOR, data);
    }

    /// By who gains by it.
    function timeOut(string memory what, Side side) private {
        vm.warp(deadlineOf(id));
        act(
            what,
            side,
            account(side == Side.Asker ? 1 : 0),
            ADJUDICATOR,
            abi.encodeCall(adjudicator.timeOut, (id))
        );
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
