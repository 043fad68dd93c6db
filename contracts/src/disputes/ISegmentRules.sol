// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// What is good in one opened segment by itself (wire-formats.md 3 to 5): what every validator checks of it.
interface ISegmentRules {
    /// `rule`: size, batch (which lies not whole in the segment), author, cut, order or recordsRoot; of the
    /// batch that begins at byte `offset`. What else is wrong with a batch: RecordProof.BatchHeaderMalformed
    /// and the refusals of BatchAuthor.
    error SegmentRefused(string rule, uint256 offset);
    /// `field`: the first at fault of the record at byte `offset`.
    error SegmentRecordRefused(string field, uint256 offset);

    /// Refuses all but good bytes. segmentRoot: of wire-formats.md 5; piecesRoot: a Merkle root of the same
    /// shape over the SHA-256 of each 1,024 bytes, the last piece may be shorter.
    function check(bytes32 channelId, uint64 blockNumber, bytes calldata segment)
        external
        view
        returns (bytes32 segmentRoot, bytes32 piecesRoot);
}
