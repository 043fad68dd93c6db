// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {AccusationId, AccusationState, LeafWords, LeftNeighbour} from "../../src/disputes/IAdjudicator.sol";
import {PartFacts} from "../../src/interfaces/BlockTypes.sol";
import {RecordPlace} from "../../src/lib/RecordProof.sol";
import {Groups} from "../support/Groups.sol";
import {DisputeRig} from "./DisputeRig.sol";

/// A result with a tree of a million impressions, participant 0's own, and the acts of accusing it: of
/// such a size the root is opened by 245 descendants, one of these by 256, and one of those by 16 leaves.
abstract contract TreeRig is DisputeRig {
    uint256 private constant IMPRESSIONS = 1_000_000;
    /// Of the leaf with two records; before it stands one with one record, after it one with as many as
    /// may be.
    uint256 internal constant TARGET = 777_780;
    /// To where a second accusation leads.
    uint256 internal constant ELSEWHERE = 222_222;

    AccusationId internal id;
    /// Of a record of the target's leaf, of one that it lacks, and of one of the leaf elsewhere.
    RecordPlace[3] internal places;
    PartFacts[3] internal facts;

    // ── the block ──

    function plantTree() internal {
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

    /// As the first of a batch of 1,021 records, the first of a part of 1,959 segments: two million
    /// records.
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

    function postParts() internal {
        vm.warp(collationAt(BLOCK));
        for (uint256 i = 0; i < size; i++) {
            if (i > 2) post(channelId, BLOCK, i);
            if (i > 2) continue;
            PartFacts memory one = facts[i];
            vm.prank(operator(i));
            blocks.postPart(channelId, BLOCK, one.partRoot, one.segmentCount, one.indexHash);
        }
    }

    // ── acts ──

    function accuseAs(string memory what, uint8 slot, address sender) internal {
        id = idOf(slot);
        bytes memory data = abi.encodeCall(adjudicator.accuse, (channelId, BLOCK, RESULT, claim, 1));
        act(what, Side.Asker, sender, ADJUDICATOR, data);
    }

    function openNode(string memory what) internal {
        AccusationState memory state = adjudicator.accusation(id);
        bytes memory data = abi.encodeCall(adjudicator.openNode, (id, openingOf(state.level, state.index)));
        act(what, Side.Answerer, account(0), ADJUDICATOR, data);
    }

    function name(string memory what, uint256 target) internal {
        AccusationState memory state = adjudicator.accusation(id);
        uint256 below = state.level > 8 ? state.level - 8 : 0;
        uint256 index = target >> below;
        bytes32[] memory path = pathOf(below, index, state.level);
        bytes memory data =
            abi.encodeCall(adjudicator.nameEntry, (id, uint40(index), entry(below, index).hash, path));
        act(what, Side.Asker, accuserOf(id), ADJUDICATOR, data);
    }

    function openLeafAt(string memory what, uint256 index) internal {
        LeftNeighbour memory left = leftOf(index);
        bytes memory data = abi.encodeCall(adjudicator.openLeaf, (id, leafAt[index].records, left));
        act(what, Side.Answerer, account(0), ADJUDICATOR, data);
    }

    function show(string memory what, LeafWords memory leaf) internal {
        bytes memory data = abi.encodeCall(adjudicator.showOmitted, (id, leaf, places[1], 1, facts[1]));
        act(what, Side.Asker, accuserOf(id), ADJUDICATOR, data);
    }

    function doubt(string memory what) internal {
        act(what, Side.Asker, accuserOf(id), ADJUDICATOR, abi.encodeCall(adjudicator.doubtRecord, (id, 0)));
    }

    function placeRecord(string memory what, uint256 index, uint8 part) internal {
        bytes memory data = abi.encodeCall(
            adjudicator.placeRecord, (id, leafWords(index), places[part], part, facts[part])
        );
        act(what, Side.Answerer, account(0), ADJUDICATOR, data);
    }

    /// By who gains by it.
    function timeOut(string memory what, Side side) internal {
        vm.warp(deadlineOf(id));
        act(
            what,
            side,
            account(side == Side.Asker ? 1 : 0),
            ADJUDICATOR,
            abi.encodeCall(adjudicator.timeOut, (id))
        );
    }
}
