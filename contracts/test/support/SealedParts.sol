// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {HeaderPlace, OpenedRow} from "../../src/disputes/IQuestions.sol";
import {PartFacts} from "../../src/interfaces/BlockTypes.sol";
import {RecordProof} from "../../src/lib/RecordProof.sol";
import {SealedSegment} from "../../src/lib/SealedSegment.sol";
import {BlockWork} from "./BlockWork.sol";
import {Groups} from "./Groups.sol";

/// Batches that organisations sign, and parts of segments that are sealed with the keys of their blocks.
abstract contract SealedParts is BlockWork {
    bytes32 private constant INDEX_HASH = keccak256("index");
    uint256 private constant HEADER_BYTES = 192;

    /// Segments as they open, and as they are stored.
    struct Part {
        bytes[] segments;
        bytes[] stored;
        bytes32[] segmentRoots;
    }

    function blockKeyOf(uint64 n) internal pure returns (bytes32) {
        return keccak256(abi.encode("block key", n));
    }

    function keyLeaves() internal pure virtual override returns (bytes32[] memory leaves) {
        leaves = new bytes32[](BLOCKS_MAX);
        for (uint64 n = 0; n < BLOCKS_MAX; n++) {
            leaves[n] = SealedSegment.keyCommitmentOf(blockKeyOf(n));
        }
    }

    // ── batches ──

    /// Wins of the payer towards participant 1, or of a seller towards the payer; `first` makes them others.
    function wins(uint8 author, uint256 count, uint256 first) internal pure returns (bytes memory records) {
        bytes[] memory all = new bytes[](count);
        for (uint256 i = 0; i < count; i++) {
            all[i] = Groups.win(author, author == 0 ? 1 : 0, 1_000, first + i);
        }
        return joined(all);
    }

    /// Signed by the author's record key.
    function batch(bytes32 channelId, uint64 n, uint8 author, uint64 sequence, bytes memory records)
        internal
        view
        returns (bytes memory)
    {
        bytes memory start = abi.encodePacked(
            bytes8("papyrus\x01"),
            Groups.flipped(n),
            Groups.flipped(sequence),
            uint32(Groups.flipped(uint64(records.length / 64)) >> 32),
            author,
            bytes3(0),
            channelId,
            rootOf(hashesOf(records, 64))
        );
        return bytes.concat(signed(start, RECORDER + author), records);
    }

    /// A header of 192 bytes from its first 96.
    function signed(bytes memory start, uint256 key) internal view returns (bytes memory) {
        bytes32 digest = channels.batchDigest(bytes.concat(start, new bytes(96)));
        return bytes.concat(start, signatureOf(key, digest), new bytes(31));
    }

    /// SHA-256 of every `size` bytes, the last may be fewer.
    function hashesOf(bytes memory data, uint256 size) internal pure returns (bytes32[] memory hashes) {
        hashes = new bytes32[]((data.length + size - 1) / size);
        for (uint256 i = 0; i < hashes.length; i++) {
            uint256 left = data.length - i * size;
            hashes[i] = sha256(slice(data, i * size, left < size ? left : size));
        }
    }

    function slice(bytes memory data, uint256 from, uint256 size) internal pure returns (bytes memory cut) {
        cut = new bytes(size);
        assembly ("memory-safe") {
            mcopy(add(cut, 0x20), add(add(data, 0x20), from), size)
        }
    }

    // ── segments and parts ──

    function headerHashes(bytes memory segment) internal pure returns (bytes32[] memory hashes) {
        hashes = new bytes32[](256);
        uint256 count = 0;
        for (uint256 i = 0; i < segment.length; count++) {
            bytes memory header = slice(segment, i, HEADER_BYTES);
            hashes[count] = sha256(header);
            i += HEADER_BYTES + 64 * (uint256(uint8(header[24])) + 256 * uint256(uint8(header[25])));
        }
        assembly ("memory-safe") {
            mstore(hashes, count)
        }
    }

    /// Under the key of block n and of `keyRoot`, with a tag that nobody looks at.
    function sealWith(bytes32 channelId, uint64 n, bytes32 keyRoot, bytes memory segment)
        internal
        view
        returns (bytes memory stored)
    {
        bytes32 key = SealedSegment.keyOf(blockKeyOf(n), channelId, n, keyRoot);
        stored = bytes.concat(segment, bytes16(0));
        for (uint256 place = 0; place < segment.length / 16; place++) {
            bytes16 opened = this.openedAt(key, stored, place);
            assembly ("memory-safe") {
                let word := add(add(stored, 0x20), mul(place, 16))
                mstore(word, or(opened, and(mload(word), 0xffffffffffffffffffffffffffffffff)))
            }
        }
    }

    /// Opening is sealing.
    function openedAt(bytes32 key, bytes calldata stored, uint256 place) external pure returns (bytes16) {
        return SealedSegment.openedAt(key, stored, place);
    }

    function sealedPart(bytes32 channelId, uint64 n, bytes[] memory segments)
        internal
        view
        returns (Part memory part)
    {
        part.segments = segments;
        part.stored = new bytes[](segments.length);
        part.segmentRoots = new bytes32[](segments.length);
        for (uint256 i = 0; i < segments.length; i++) {
            part.segmentRoots[i] = rootOf(headerHashes(segments[i]));
            part.stored[i] = sealWith(channelId, n, part.segmentRoots[i], segments[i]);
        }
    }

    function rowHashes(Part memory part) internal pure returns (bytes32[] memory leaves) {
        leaves = new bytes32[](part.segments.length);
        for (uint256 i = 0; i < leaves.length; i++) {
            leaves[i] = RecordProof.rowHash(sha256(part.stored[i]), part.segmentRoots[i]);
        }
    }

    function factsOf(Part memory part) internal pure returns (PartFacts memory) {
        return PartFacts(rootOf(rowHashes(part)), uint32(part.segments.length), INDEX_HASH);
    }

    function openedRow(Part memory part, uint32 row) internal pure returns (OpenedRow memory) {
        return
            OpenedRow(row, sha256(part.stored[row]), siblingsOf(rowHashes(part), row), part.segments[row]);
    }

    function headerPlace(Part memory part, uint32 row, uint256 batchIndex)
        internal
        pure
        returns (HeaderPlace memory place)
    {
        bytes memory segment = part.segments[row];
        bytes32[] memory hashes = headerHashes(segment);
        uint256 from = 0;
        while (sha256(slice(segment, from, HEADER_BYTES)) != hashes[batchIndex]) from += 64;
        place = HeaderPlace({
            header: slice(segment, from, HEADER_BYTES),
            batchIndex: batchIndex,
            batches: hashes.length,
            batchPath: siblingsOf(hashes, batchIndex),
            sealedDigest: sha256(part.stored[row]),
            rowIndex: row,
            rowPath: siblingsOf(rowHashes(part), row)
        });
    }
}
