// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {PartFacts} from "../interfaces/BlockTypes.sol";

/// A row of a part and the opened bytes of its segment; the row's segmentRoot follows from them.
struct OpenedRow {
    uint32 rowIndex;
    bytes32 sealedDigest;
    bytes32[] rowPath;
    bytes segment;
}

/// Where a batch stands in a part: `header` is its first 192 bytes, the one at `batchIndex` of `batches`.
struct HeaderPlace {
    bytes header;
    uint256 batchIndex;
    uint256 batches;
    bytes32[] batchPath;
    bytes32 sealedDigest;
    uint32 rowIndex;
    bytes32[] rowPath;
}

/// What shows that sealed bytes do not decrypt to what was published. keyPath: of the block key's commitment
/// under keysRoot; `piece`: the published 1,024 bytes (the last piece may be shorter) with byte 16 × place in
/// them, piecePath: under the root over all pieces.
struct Disproof {
    bytes32 blockKey;
    bytes32[] keyPath;
    bytes sealedSegment;
    uint256 place;
    bytes piece;
    bytes32[] piecePath;
}

/// A row that was asked about. publisher is zero until it is published; `until`: the end of the time to
/// publish it, then of the time to disprove it.
struct RowWords {
    address publisher;
    uint40 until;
    uint24 segmentBytes;
    /// The participant that asked first.
    uint8 asker;
    bytes32 sealedDigest;
    bytes32 segmentRoot;
    bytes32 piecesRoot;
}

/// Faults of parts, each shown from the part's own bytes (protocol.md 8, "Which parts count"). When a block
/// may be questioned, and by whom, is for Blocks. Times are half-open. What is right about a row cannot be
/// refuted and what is wrong cannot be upheld by anybody who holds the data: the segmentRoot fixes the opened
/// bytes.
interface IQuestions {
    enum Fault {
        /// Nobody published good bytes of the row in time.
        RowUnanswered,
        /// The sealed bytes do not decrypt to what the row says.
        RowDisproved,
        Disorder,
        TooManyRows
    }

    event RowAsked(
        bytes32 indexed channelId,
        uint64 indexed blockNumber,
        uint8 indexed part,
        uint8 participant,
        uint32 rowIndex,
        uint256 until
    );
    /// With the opened bytes, so that everybody who holds the sealed ones can compare.
    event RowPublished(
        bytes32 indexed channelId,
        uint64 indexed blockNumber,
        uint8 indexed part,
        uint32 rowIndex,
        address publisher,
        uint256 until,
        bytes segment
    );
    /// `prover`: who showed it, or was the first to ask about the row that nobody published. What the part's owner
    /// loses is shared by all whose questions were upheld (IBlockSeams.strikePart).
    event FaultFound(
        bytes32 indexed channelId,
        uint64 indexed blockNumber,
        uint8 indexed part,
        Fault fault,
        address prover
    );
    /// The bond went back, or to the publisher of the row if the question was refuted.
    event QuestionEnded(
        bytes32 indexed channelId,
        uint64 indexed blockNumber,
        uint8 indexed part,
        uint8 participant,
        bool isRefuted
    );

    /// One row a participant and part.
    error AlreadyAsked(bytes32 channelId, uint64 blockNumber, uint8 part, uint8 participant);
    error PartFactsRefused(bytes27 partDigest, bytes27 given);
    error RowUnknown(uint32 rowIndex, uint32 segmentCount);
    error RowNotAsked(bytes32 channelId, uint64 blockNumber, uint8 part, uint32 rowIndex);
    error RowNotPublished(bytes32 channelId, uint64 blockNumber, uint8 part, uint32 rowIndex);
    error RowAlreadyPublished(bytes32 channelId, uint64 blockNumber, uint8 part, uint32 rowIndex);
    /// It could be published, or disproved, until then; what nobody published is asked about no more.
    error RowTooLate(uint256 until);
    /// Nothing decides the question before then.
    error QuestionUndecided(uint256 until);
    error QuestionNotOpen(bytes32 channelId, uint64 blockNumber, uint8 part, uint8 participant);
    error KeyNotProven(bytes32 keyCommitment, uint64 blockNumber);
    error SealedSegmentRefused(bytes32 sealedDigest, bytes32 given);
    error SealedLengthDiffers(uint256 sealedBytes, uint256 segmentBytes);
    error SealedLengthFits(uint256 sealedBytes, uint256 segmentBytes);
    error PlaceOutside(uint256 place, uint256 places);
    error PieceRefused(uint256 pieceIndex);
    /// The sealed bytes decrypt there to what was published.
    error NothingDisproved(uint256 place);
    /// `earlierRow` is not before `laterRow`, or too few rows before it.
    error RowsTooClose(uint32 earlierRow, uint32 laterRow, uint256 rowsApartMin);
    error HeadersInOrder();
    error AuthorsDiffer(uint8 author, uint8 other);

    /// A participant (account or operator key) doubts one row, once a part, with Bonds.QUESTION of the
    /// account's free wei. Also of a row that was published: it can then be disproved for another
    /// answerPeriod.
    function askRow(
        bytes32 channelId,
        uint64 blockNumber,
        uint8 part,
        PartFacts calldata facts,
        uint32 rowIndex
    ) external;

    /// Anyone, within answerPeriod of the first question about the row, for all of them. Takes good bytes
    /// alone (ISegmentRules), and only once. An operator key publishes for its account.
    function publish(
        bytes32 channelId,
        uint64 blockNumber,
        uint8 part,
        PartFacts calldata facts,
        OpenedRow calldata row
    ) external;

    /// Anyone, within answerPeriod of the publication and of the last question about the row: the row's
    /// sealed bytes are not 16 more than what was published. Needs no key. The part is struck, and who asked about
    /// the row has its share of what its owner loses, whoever shows this: so nobody gains by copying it.
    function disproveLength(
        bytes32 channelId,
        uint64 blockNumber,
        uint8 part,
        uint32 rowIndex,
        bytes calldata sealedSegment
    ) external;

    /// The same: they have that length, and decrypt to something else at one place.
    function disproveText(
        bytes32 channelId,
        uint64 blockNumber,
        uint8 part,
        uint32 rowIndex,
        Disproof calldata disproof
    ) external;

    /// A participant, as long as it may question the part, without a bond, also where the part is struck already: two
    /// headers of batches, of which the one in the earlier row is not below the other by (author, sequence,
    /// recordsRoot).
    function proveDisorder(
        bytes32 channelId,
        uint64 blockNumber,
        uint8 part,
        PartFacts calldata facts,
        HeaderPlace calldata earlier,
        HeaderPlace calldata later
    ) external;

    /// The same: both of one author, and rowsMax or more rows apart.
    function proveTooManyRows(
        bytes32 channelId,
        uint64 blockNumber,
        uint8 part,
        PartFacts calldata facts,
        HeaderPlace calldata earlier,
        HeaderPlace calldata later
    ) external;

    /// Anyone, as soon as something decides the participant's question. Time: nobody published the row, and
    /// the part is struck; or nobody disproved what was published, and the bond is the publisher's. Once the
    /// block is not open any more, nothing is decided: the bond goes back. What the Panel says of the part, or
    /// others show of other rows, changes nothing of it.
    function conclude(bytes32 channelId, uint64 blockNumber, uint8 part, uint8 participant) external;

    // ── views ──

    /// A bit for each participant that asked, and whose question is open; whether a fault was found here; and
    /// which row each asked about.
    function questionsOf(bytes32 channelId, uint64 blockNumber, uint8 part)
        external
        view
        returns (uint16 asked, uint16 open, bool isStruck, uint32[16] memory rows);

    function rowOf(bytes32 channelId, uint64 blockNumber, uint8 part, uint32 rowIndex)
        external
        view
        returns (RowWords memory);

    /// Where opened segments are checked.
    function segmentRules() external view returns (address);
}
