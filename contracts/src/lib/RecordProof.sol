// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ImpressionRecord} from "./ImpressionRecord.sol";
import {MerklePath} from "./MerklePath.sol";
import {BlockTypedData} from "./BlockTypedData.sol";

/// The signed header of a record batch. (channelId, blockNumber, author, sequence) is whose it is.
struct BatchHeader {
    bytes32 channelId;
    uint64 blockNumber;
    uint8 author;
    uint64 sequence;
    uint32 count;
    bytes32 recordsRoot;
    /// Of EIP-712's struct RecordBatch, for the digest that the author's record key signed.
    bytes32 structHash;
}

/// Where a record stands in a part: `header` is the first 192 bytes of its batch, the signature among them.
struct RecordPlace {
    bytes record;
    uint256 recordIndex;
    bytes32[] recordPath;
    bytes header;
    uint256 batchIndex;
    uint256 batches;
    bytes32[] batchPath;
    bytes32 sealedDigest;
    uint256 segmentIndex;
    bytes32[] rowPath;
}

/// Shows that a record lies in a block part, from its bytes up to the part's root (the last paragraph of
/// wire-formats.md 5), and in whose batch. Who signed it and what the record says are for the caller.
library RecordProof {
    /// The first field at fault of the header of a batch.
    error BatchHeaderMalformed(string field);
    /// The record, or the path from it to the named root, is not what the place says.
    error RecordPlaceRefused(string step);

    uint256 private constant HEADER_BYTES = 192;
    uint256 private constant SIGNATURE_AT = 96;
    uint256 private constant SIGNATURE_END = 161;
    bytes8 private constant MAGIC = "papyrus\x01";
    uint256 private constant BATCH_RECORDS_MAX = 1_021;

    /// Reverts unless the record stands there, under `partRoot` of a part of `segmentCount` segments.
    function check(RecordPlace calldata place, bytes32 partRoot, uint256 segmentCount)
        internal
        pure
        returns (BatchHeader memory header)
    {
        header = headerOf(place.header);
        if (place.record.length != ImpressionRecord.BYTES) revert RecordPlaceRefused("record");
        (bytes32 head, bytes32 tail) = ImpressionRecord.wordsAt(place.record, 0);
        if (ImpressionRecord.authorOf(head) != header.author) revert RecordPlaceRefused("author");
        (bytes32 root, bool isWhole) = MerklePath.rootOf(
            ImpressionRecord.hashOf(head, tail), place.recordIndex, header.count, place.recordPath
        );
        if (!isWhole || root != header.recordsRoot) revert RecordPlaceRefused("recordsRoot");
        root = segmentRootOf(place.header, place.batchIndex, place.batches, place.batchPath);
        requireRow(place.sealedDigest, root, place.segmentIndex, place.rowPath, partRoot, segmentCount);
    }

    /// Of a segment with this header of a batch as the one at `index` of `batches`.
    function segmentRootOf(bytes calldata header, uint256 index, uint256 batches, bytes32[] calldata path)
        internal
        pure
        returns (bytes32 root)
    {
        bool isWhole;
        (root, isWhole) = MerklePath.rootOf(sha256(header), index, batches, path);
        if (!isWhole) revert RecordPlaceRefused("segmentRoot");
    }

    /// Reverts unless the row stands at `index` of `segmentCount` under `partRoot`.
    function requireRow(
        bytes32 sealedDigest,
        bytes32 segmentRoot,
        uint256 index,
        bytes32[] calldata path,
        bytes32 partRoot,
        uint256 segmentCount
    ) internal pure {
        (bytes32 root, bool isWhole) =
            MerklePath.rootOf(rowHash(sealedDigest, segmentRoot), index, segmentCount, path);
        if (!isWhole || root != partRoot) revert RecordPlaceRefused("partRoot");
    }

    /// Whether the one stands before the other in a part: by (author, sequence, recordsRoot), strictly.
    function isBelow(BatchHeader memory one, BatchHeader memory other) internal pure returns (bool) {
        if (one.author != other.author) return one.author < other.author;
        if (one.sequence != other.sequence) return one.sequence < other.sequence;
        return one.recordsRoot < other.recordsRoot;
    }

    /// Strictly, as it stands before its records; that the author is a participant is for the caller.
    function headerOf(bytes calldata header) internal pure returns (BatchHeader memory parsed) {
        if (header.length != HEADER_BYTES) revert BatchHeaderMalformed("length");
        if (bytes8(header[0:8]) != MAGIC) revert BatchHeaderMalformed("magic");
        (bytes32 structHash, bool isStrict) = BlockTypedData.batchHash(header);
        if (!isStrict) revert BatchHeaderMalformed("padding");
        uint64 countAndAuthor = ImpressionRecord.littleEndian64(bytes8(header[24:32]));
        parsed = BatchHeader({
            channelId: bytes32(header[32:64]),
            blockNumber: ImpressionRecord.littleEndian64(bytes8(header[8:16])),
            author: uint8(countAndAuthor >> 32),
            sequence: ImpressionRecord.littleEndian64(bytes8(header[16:24])),
            count: uint32(countAndAuthor),
            recordsRoot: bytes32(header[64:96]),
            structHash: structHash
        });
        if (parsed.count == 0 || parsed.count > BATCH_RECORDS_MAX) revert BatchHeaderMalformed("count");
    }

    /// The 65 bytes in a header of 192.
    function signatureIn(bytes calldata header) internal pure returns (bytes calldata) {
        return header[SIGNATURE_AT:SIGNATURE_END];
    }

    /// The leaf of a part's tree: a row is the digest of the sealed segment and its root.
    function rowHash(bytes32 sealedDigest, bytes32 segmentRoot) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(sealedDigest, segmentRoot));
    }
}
