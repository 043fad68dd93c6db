// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Disproof, HeaderPlace} from "../../../src/disputes/IQuestions.sol";
import {PartFacts} from "../../../src/interfaces/BlockTypes.sol";
import {RecordPlace} from "../../../src/lib/RecordProof.sol";
import {Groups} from "../../support/Groups.sol";
import {QuarrelScene} from "./QuarrelScene.sol";

/// Five batches that the members signed, and the parts that each may post of two of them: good, or with a fault that
/// only its kind of question shows.
abstract contract QuarrelParts is QuarrelScene {
    enum Fault {
        None,
        /// A row's sealed bytes hold others than its headers say.
        Unsealed,
        /// Nobody signed a batch of a row.
        Unreadable,
        Disorder,
        /// Nobody but its owner has it.
        Withheld
    }

    uint256 internal constant FAULTS = 5;
    uint256 internal constant BATCHES = 5;
    /// The row with the fault.
    uint32 internal constant ROW = 0;

    /// Encoded: Part by owner and fault; a batch as its bytes.
    mapping(uint256 owner => mapping(Fault fault => bytes)) private made;
    bytes[BATCHES] private batches;
    mapping(uint256 owner => Fault) public faultOf;
    uint16 public posted;

    function setUp() public virtual override {
        super.setUp();
        makeParts();
    }

    function makeParts() internal {
        for (uint256 b = 0; b < BATCHES; b++) {
            batches[b] = batch(id, N, authorOf(b), b == 1 ? 2 : 1, recordsOf(b));
        }
        for (uint256 owner = 0; owner < MEMBERS; owner++) {
            makePartsOf(owner);
        }
    }

    function makePartsOf(uint256 owner) private {
        (uint256 first, uint256 second) = batchesOf(owner);
        bytes[] memory segments = new bytes[](2);
        (segments[0], segments[1]) = (batches[first], batches[second]);
        Part memory part = sealedPart(id, N, segments);
        made[owner][Fault.None] = abi.encode(part);
        if (owner == HONEST) return;
        part.stored[ROW][100] ^= 0x10;
        made[owner][Fault.Unsealed] = abi.encode(part);
        part.segments[ROW][70] ^= 0x01;
        part.segmentRoots[ROW] = rootOf(headerHashes(part.segments[ROW]));
        made[owner][Fault.Unreadable] = abi.encode(part);
        (segments[0], segments[1]) = (batches[second], batches[first]);
        made[owner][Fault.Disorder] = abi.encode(sealedPart(id, N, segments));
    }

    // ── what was signed ──

    function batchesOf(uint256 owner) private pure returns (uint256, uint256) {
        if (owner == 0) return (0, 1);
        if (owner == HONEST) return (0, 2);
        return owner == 2 ? (1, 3) : (0, 4);
    }

    function authorOf(uint256 b) private pure returns (uint8) {
        return b < 2 ? 0 : uint8(b - 1);
    }

    /// The payer bought impressions 0 to 2 of seller 1 and 3 and 4 of seller 2; the sellers say of two of them that
    /// they cost less; the auditor saw one.
    function recordsOf(uint256 b) internal pure returns (bytes memory) {
        bytes[] memory all = new bytes[](3);
        if (b == 0) {
            for (uint256 k = 0; k < 3; k++) {
                all[k] = recordFor(k, Groups.win(0, 1, 1_000, 10 + k));
            }
        } else if (b == 1) {
            for (uint256 k = 0; k < 3; k++) {
                all[k] = recordFor(k == 2 ? 1 : 3 + k, Groups.win(0, 2, 2_000, 20 + k));
            }
        } else if (b == 2) {
            for (uint256 k = 0; k < 3; k++) {
                all[k] = recordFor(k, Groups.win(1, 0, k == 1 ? 900 : 1_000, 30 + k));
            }
        } else {
            all = new bytes[](1);
            all[0] = b == 3
                ? recordFor(3, Groups.win(2, 0, 1_500, 40))
                : recordFor(0, Groups.audit(3, 1, Groups.VIEWABLE, 50));
        }
        return Groups.joined(all);
    }

    function recordFor(uint256 k, bytes memory record) internal pure returns (bytes memory) {
        bytes16 key = keyAt(k);
        for (uint256 i = 0; i < 16; i++) {
            record[16 + i] = key[i];
        }
        return record;
    }

    /// Even, so that there is room between two.
    function keyAt(uint256 k) internal pure returns (bytes16) {
        return bytes16(uint128((k + 1) * 2) << 64);
    }

    /// A bit for each batch that stands in one of the parts.
    function batchesIn(uint16 parts) internal pure returns (uint256 mask) {
        for (uint256 owner = 0; owner < MEMBERS; owner++) {
            if (!has(parts, owner)) continue;
            (uint256 first, uint256 second) = batchesOf(owner);
            mask |= (1 << first) | (1 << second);
        }
    }

    /// All records of these parts.
    function recordsIn(uint16 parts) internal pure returns (bytes[] memory all) {
        all = new bytes[](3 * BATCHES);
        uint256 used = 0;
        uint256 mask = batchesIn(parts);
        for (uint256 b = 0; b < BATCHES; b++) {
            if (!has(mask, b)) continue;
            bytes memory records = recordsOf(b);
            for (uint256 i = 0; i < records.length / 64; i++) {
                all[used++] = slice(records, 64 * i, 64);
            }
        }
        assembly ("memory-safe") {
            mstore(all, used)
        }
    }

    // ── parts ──

    function partFor(uint256 owner) internal view returns (Part memory) {
        return abi.decode(made[owner][faultOf[owner]], (Part));
    }

    function factsFor(uint256 owner) internal view returns (PartFacts memory) {
        if (faultOf[owner] != Fault.Withheld) return factsOf(partFor(owner));
        return PartFacts(keccak256(abi.encode("withheld", owner)), 2, keccak256("index"));
    }

    function isGood(uint256 owner) internal view returns (bool) {
        return has(posted, owner) && faultOf[owner] == Fault.None;
    }

    /// A bit for each part that was posted without fault.
    function goodParts() public view returns (uint16 mask) {
        for (uint256 owner = 0; owner < MEMBERS; owner++) {
            if (isGood(owner)) mask |= bitOf(owner);
        }
    }

    function bitOf(uint256 index) internal pure returns (uint16) {
        return uint16(1 << index);
    }

    function postPart(uint256 owner, Fault fault) internal {
        if (has(posted, owner)) return;
        Fault before = faultOf[owner];
        faultOf[owner] = fault;
        PartFacts memory facts = factsFor(owner);
        vm.prank(operator(owner));
        try blocks.postPart(id, N, facts.partRoot, facts.segmentCount, facts.indexHash) {
            posted |= bitOf(owner);
            did("part");
        } catch (bytes memory why) {
            faultOf[owner] = before;
            allow(why);
        }
    }

    // ── what is shown of them ──

    function disproofOf(uint256 owner) internal view returns (Disproof memory) {
        Part memory part = partFor(owner);
        bytes memory segment = part.segments[ROW];
        return Disproof({
            blockKey: blockKeyOf(N),
            keyPath: keyPath(N),
            sealedSegment: part.stored[ROW],
            place: 6,
            piece: segment,
            piecePath: new bytes32[](0)
        });
    }

    /// The headers of both rows of a part.
    function headersOf(uint256 owner) internal view returns (HeaderPlace memory, HeaderPlace memory) {
        Part memory part = partFor(owner);
        return (headerPlace(part, 0, 0), headerPlace(part, 1, 0));
    }

    /// The record in one of these parts, all of them good; isFound is false if it stands in none.
    function placeIn(uint16 parts, bytes memory record)
        internal
        view
        returns (RecordPlace memory place, uint8 owner, bool isFound)
    {
        bytes32 hash = sha256(record);
        for (; owner < MEMBERS; owner++) {
            if (!has(parts, owner)) continue;
            (uint256 first, uint256 second) = batchesOf(owner);
            for (uint256 row = 0; row < 2; row++) {
                bytes32[] memory hashes = hashesOf(recordsOf(row == 0 ? first : second), 64);
                for (uint256 i = 0; i < hashes.length; i++) {
                    if (hashes[i] != hash) continue;
                    return (placeAt(owner, row, hashes, i), owner, true);
                }
            }
        }
    }

    function placeAt(uint256 owner, uint256 row, bytes32[] memory hashes, uint256 index)
        private
        view
        returns (RecordPlace memory place)
    {
        Part memory part = partFor(owner);
        bytes memory segment = part.segments[row];
        place.record = slice(segment, 192 + 64 * index, 64);
        place.recordIndex = index;
        place.recordPath = siblingsOf(hashes, index);
        place.header = slice(segment, 0, 192);
        place.batches = 1;
        place.batchPath = new bytes32[](0);
        place.sealedDigest = sha256(part.stored[row]);
        place.segmentIndex = row;
        place.rowPath = siblingsOf(rowHashes(part), row);
    }
}
