// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BlockResult, Stage} from "./ChannelTypes.sol";
import {Delegation} from "./BlockTypes.sol";

/// A block from its first part to its end. What is refused of a result itself: IResultRules. Times are seconds of chain time, intervals half-open. Holds no money.
interface IBlocks {
    /// postedAt is the height's timestamp.
    event PartPosted(
        bytes32 indexed channelId,
        uint64 indexed blockNumber,
        uint8 indexed participant,
        bytes32 partRoot,
        uint32 segmentCount,
        bytes32 indexHash
    );
    /// replaced: the validator that a higher nonce displaced, zero if none.
    event ResultCommitted(
        bytes32 indexed channelId,
        uint64 indexed blockNumber,
        uint8 indexed participant,
        Delegation delegation,
        bytes32 commitment,
        address replaced
    );
    event ResultRevealed(
        bytes32 indexed channelId,
        uint64 indexed blockNumber,
        uint8 indexed participant,
        bytes32 outputHash,
        BlockResult result,
        bytes32 workDigest
    );
    event OwnResultRevealed(
        bytes32 indexed channelId,
        uint64 indexed blockNumber,
        uint8 indexed participant,
        bytes32 outputHash,
        BlockResult result
    );
    event ResultAccepted(
        bytes32 indexed channelId, uint64 indexed blockNumber, uint8 indexed participant, bytes32 outputHash
    );
    event BlockDisputed(bytes32 indexed channelId, uint64 indexed blockNumber);
    event ResultFell(bytes32 indexed channelId, uint64 indexed blockNumber, bytes32 outputHash);
    event PartStruck(bytes32 indexed channelId, uint64 indexed blockNumber, uint8 indexed participant);
    event SeatSilent(
        bytes32 indexed channelId, uint64 indexed blockNumber, uint8 indexed participant, address validator
    );
    /// outputHashes: of the results that stand, in the order of their first reveal; several are settled at the
    /// lowest common amounts.
    event BlockSettled(bytes32 indexed channelId, uint64 indexed blockNumber, bytes32[] outputHashes);
    event BlockVoid(bytes32 indexed channelId, uint64 indexed blockNumber);

    error UnknownChannel(bytes32 channelId);
    error UnknownBlock(bytes32 channelId, uint64 blockNumber, uint64 blocksEnd);
    error UnknownParticipant(bytes32 channelId, uint256 participant);
    error NotParticipant(bytes32 channelId, address sender);
    error NotAllowed(address sender);
    error WrongStage(bytes32 channelId, uint64 blockNumber, Stage stage);
    /// The stage is right, the half of the period is not: half-open [opensAt, closesAt).
    error WrongTime(bytes32 channelId, uint64 blockNumber, uint256 opensAt, uint256 closesAt);
    error PartAlreadyPosted(bytes32 channelId, uint64 blockNumber, uint8 participant, bytes27 partDigest);
    error SegmentsTooMany(uint32 segmentCount, uint256 segmentsMax);
    error EmptyPartRefused(bytes32 partRoot, bytes32 indexHash);
    error NotDelegatedValidator(address sender, address validator);
    error DelegationExpired(uint64 notAfter);
    error DelegationSignatureRefused(address operatorKey);
    /// The account named this validator as its own not before the block's start, or not at all.
    error ValidatorNotOwn(address account, address validator, uint64 namedAt);
    error KeyCommitmentNotProven(bytes32 keyCommitment, uint64 blockNumber);
    error NonceTooLow(uint64 nonce, uint64 given);
    error FirstRevealDone(bytes32 channelId, uint64 blockNumber, uint64 firstRevealedAt);
    error SeatEmpty(bytes32 channelId, uint64 blockNumber, uint8 participant);
    error AlreadyRevealed(bytes32 channelId, uint64 blockNumber, uint8 participant);
    error CommitmentMismatch(bytes32 commitment, bytes32 given);
    error ResultUnknown(bytes32 outputHash);
    /// The participant stands for this result: its binding seat revealed it, or it accepted it.
    error AlreadyBound(bytes32 channelId, uint64 blockNumber, uint8 participant, bytes32 outputHash);
    error NotFinal(bytes32 channelId, uint64 blockNumber, Stage stage);
    error AlreadyEnded(bytes32 channelId, uint64 blockNumber, uint64 endedAt);
    error ResultsMismatch(uint256 standing, uint256 given);
    error OutputHashMismatch(bytes32 expected, bytes32 given);

    /// By a participant's account or current operator key, in collation, once; the same again changes nothing.
    /// The account's bond (Bonds.PART of its free wei) lies locked until the block is over.
    function postPart(
        bytes32 channelId,
        uint64 blockNumber,
        bytes32 partRoot,
        uint32 segmentCount,
        bytes32 indexHash
    ) external;

    /// By the validator that the participant's current operator key delegated to, in the first half of
    /// processing or of its extension, before the first reveal. Locks Bonds.SEAT of its stake and feeWei of the
    /// participant's free wei. A higher nonce displaces a lower one, whose bond and fee come back. `keyPath`
    /// proves keyCommitment at index blockNumber of blocksMax leaves under keysRoot.
    function commitResult(
        Delegation calldata delegation,
        bytes calldata signature,
        bytes32[] calldata keyPath,
        bytes32 commitment
    ) external;

    /// In the second half, or as soon as every participant's seat has committed. `opening` is x of
    /// wire-formats.md 8, zero if there is no impression. Anyone may send what the commitment binds.
    function revealResult(
        bytes32 channelId,
        uint64 blockNumber,
        uint8 participant,
        BlockResult calldata result,
        bytes32 opening,
        bytes32 workDigest,
        bytes32 salt
    ) external;

    /// A participant's own result (account or operator key) without delegation, in the reveal half of the
    /// extension and in the challenge period; locks Bonds.OWN_RESULT of the account's free wei.
    function revealOwnResult(
        bytes32 channelId,
        uint64 blockNumber,
        BlockResult calldata result,
        bytes32 opening
    ) external;

    /// A participant's account, or its own validator (named before the block's start), stands for a revealed
    /// result from now on; takes back another one of its own, whose bond stays until the block is over.
    function acceptResult(bytes32 channelId, uint64 blockNumber, uint8 participant, bytes32 outputHash)
        external;

    /// Anyone, once the block is final, with the fields of every result that stands, by first reveal (their
    /// events have them).
    function settle(bytes32 channelId, uint64 blockNumber, BlockResult[] calldata standing) external;

    /// Anyone, once a block with parts is void: unlocks its bonds; a seat that committed and did not reveal pays
    /// for its silence.
    function releaseVoid(bytes32 channelId, uint64 blockNumber) external;

    // ── seams for fixed addresses ──

    /// The Adjudicator: a result of the block does not stand any more.
    function fall(bytes32 channelId, uint64 blockNumber, uint8 result) external;

    /// The Adjudicator or the Panel: the part counts for nobody; every result that counted it falls.
    function strikePart(bytes32 channelId, uint64 blockNumber, uint8 participant) external;

    // ── views ──

    /// All that is stored of a block, as lib/BlockWords.sol reads it; the Lens gives it names.
    function rawWords(bytes32 channelId, uint64 blockNumber) external view returns (uint256[] memory);

    /// With the facts as they are now, at `timestamp`; true of the future only if no fact is added until then.
    function stageAt(bytes32 channelId, uint64 blockNumber, uint64 timestamp) external view returns (Stage);

    /// How many blocks below `blockNumber` (and below blocksEnd) are not over now: neither settled nor void.
    /// A void block with parts counts until its bonds are released. Bounded gas, whatever the number.
    function liveBefore(bytes32 channelId, uint64 blockNumber) external view returns (uint256);
}
