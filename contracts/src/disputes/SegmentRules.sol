// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ChannelTerms} from "../interfaces/ChannelTypes.sol";
import {IParticipantRegistry} from "../registries/IParticipantRegistry.sol";
import {TermsCode} from "../channels/TermsCode.sol";
import {BatchAuthor} from "../lib/BatchAuthor.sol";
import {ImpressionRecord} from "../lib/ImpressionRecord.sol";
import {MerkleRoot} from "../lib/MerkleRoot.sol";
import {PapyrusDomain} from "../lib/PapyrusDomain.sol";
import {BatchHeader, RecordProof} from "../lib/RecordProof.sol";
import {ISegmentRules} from "./ISegmentRules.sol";

/// Checks an opened segment whole. Stateless; apart from Questions for its size.
contract SegmentRules is ISegmentRules, PapyrusDomain {
    uint256 private constant SEGMENT_BYTES_MAX = 65_536;
    uint256 private constant HEADER_BYTES = 192;
    uint256 private constant PIECE_BYTES = 1_024;
    /// A segment of so many bytes ends after a batch whose recordsRoot's last byte is below CUT_BELOW.
    uint256 private constant CUT_BYTES_MIN = 16_384;
    uint8 private constant CUT_BELOW = 64;

    address private immutable channels;
    IParticipantRegistry private immutable participants;

    /// Whom all batches of the segment are by, and what its records may say.
    struct Author {
        uint8 index;
        address recordKey;
        uint256 sellers;
        uint256 auditors;
        uint64 priceNanoMax;
    }

    constructor(address channels_, IParticipantRegistry participants_) PapyrusDomain(channels_) {
        channels = channels_;
        participants = participants_;
    }

    /// @inheritdoc ISegmentRules
    function check(bytes32 channelId, uint64 blockNumber, bytes calldata segment)
        external
        view
        returns (bytes32 segmentRoot, bytes32 piecesRoot)
    {
        if (segment.length == 0 || segment.length > SEGMENT_BYTES_MAX) {
            revert SegmentRefused("size", 0);
        }
        bytes32[] memory hashes = new bytes32[](segment.length / (HEADER_BYTES + ImpressionRecord.BYTES));
        Author memory author;
        BatchHeader memory before;
        uint256 count = 0;
        for (uint256 offset = 0; offset < segment.length; count++) {
            BatchHeader memory header = headerAt(segment, offset);
            BatchAuthor.requireOf(channelId, blockNumber, header);
            if (count == 0) author = authorOf(header);
            else checkNext(before, header, offset);
            checkBatch(author, header, segment, offset);
            hashes[count] = sha256(segment[offset:offset + HEADER_BYTES]);
            before = header;
            offset += HEADER_BYTES + header.count * ImpressionRecord.BYTES;
        }
        assembly ("memory-safe") {
            mstore(hashes, count)
        }
        return (MerkleRoot.over(hashes), piecesRootOf(segment));
    }

    /// Of a batch that lies whole in the segment.
    function headerAt(bytes calldata segment, uint256 offset)
        private
        pure
        returns (BatchHeader memory header)
    {
        if (segment.length - offset < HEADER_BYTES) revert SegmentRefused("batch", offset);
        header = RecordProof.headerOf(segment[offset:offset + HEADER_BYTES]);
        uint256 recordBytes = header.count * ImpressionRecord.BYTES;
        if (segment.length - offset - HEADER_BYTES < recordBytes) revert SegmentRefused("batch", offset);
    }

    function authorOf(BatchHeader memory header) private view returns (Author memory author) {
        address place = TermsCode.placeOf(channels, header.channelId);
        ChannelTerms memory terms = TermsCode.hot(place);
        author.recordKey = BatchAuthor.recordKeyOf(participants, terms, header);
        author.index = header.author;
        author.priceNanoMax = terms.priceNanoMax;
        (author.sellers, author.auditors) =
            ImpressionRecord.sidesOf(TermsCode.rolesOf(place, terms.participants.length));
    }

    /// Of one author, in order, and not where a cut is due.
    function checkNext(BatchHeader memory before, BatchHeader memory header, uint256 offset) private pure {
        if (header.author != before.author) revert SegmentRefused("author", offset);
        if (offset >= CUT_BYTES_MIN && uint8(uint256(before.recordsRoot)) < CUT_BELOW) {
            revert SegmentRefused("cut", offset);
        }
        if (!RecordProof.isBelow(before, header)) revert SegmentRefused("order", offset);
    }

    function checkBatch(
        Author memory author,
        BatchHeader memory header,
        bytes calldata segment,
        uint256 offset
    ) private view {
        uint256 from = offset + HEADER_BYTES;
        bytes calldata records = segment[from:from + header.count * ImpressionRecord.BYTES];
        bytes32[] memory hashes = new bytes32[](header.count);
        for (uint256 i = 0; i < hashes.length; i++) {
            (bytes32 head, bytes32 tail) = ImpressionRecord.wordsAt(records, i);
            string memory fault = ImpressionRecord.authorOf(head) != author.index
                ? "author"
                : ImpressionRecord.fault(author.sellers, author.auditors, author.priceNanoMax, head, tail);
            if (bytes(fault).length > 0) {
                revert SegmentRecordRefused(fault, from + i * ImpressionRecord.BYTES);
            }
            hashes[i] = ImpressionRecord.hashOf(head, tail);
        }
        if (MerkleRoot.over(hashes) != header.recordsRoot) revert SegmentRefused("recordsRoot", offset);
        bytes calldata signature = RecordProof.signatureIn(segment[offset:from]);
        BatchAuthor.requireKey(author.recordKey, digestOf(header.structHash), signature);
    }

    function piecesRootOf(bytes calldata segment) private pure returns (bytes32) {
        bytes32[] memory hashes = new bytes32[]((segment.length + PIECE_BYTES - 1) / PIECE_BYTES);
        for (uint256 i = 0; i < hashes.length; i++) {
            uint256 from = i * PIECE_BYTES;
            uint256 to = from + PIECE_BYTES < segment.length ? from + PIECE_BYTES : segment.length;
            hashes[i] = sha256(segment[from:to]);
        }
        return MerkleRoot.over(hashes);
    }
}
