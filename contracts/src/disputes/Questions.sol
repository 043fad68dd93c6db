// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {PartFacts} from "../interfaces/BlockTypes.sol";
import {ChannelTerms} from "../interfaces/ChannelTypes.sol";
import {IBlockSeams} from "../interfaces/IBlockSeams.sol";
import {IChannels} from "../interfaces/IChannels.sol";
import {IVault, Reason, WeiBook, WeiMove} from "../interfaces/IVault.sol";
import {IParticipantRegistry} from "../registries/IParticipantRegistry.sol";
import {TermsCode} from "../channels/TermsCode.sol";
import {BlockWords} from "../lib/BlockWords.sol";
import {Bonds} from "../lib/Bonds.sol";
import {MerklePath} from "../lib/MerklePath.sol";
import {OperatorKeys} from "../lib/OperatorKeys.sol";
import {PartLimits} from "../lib/PartLimits.sol";
import {BatchHeader, RecordProof} from "../lib/RecordProof.sol";
import {SealedSegment} from "../lib/SealedSegment.sol";
import {Disproof, HeaderPlace, IQuestions, OpenedRow, RowWords} from "./IQuestions.sol";
import {ISegmentRules} from "./ISegmentRules.sol";
import {SegmentRules} from "./SegmentRules.sol";

/// Questions about parts, what IQuestions says of each act. Holds no money: bonds lie in the Vault.
contract Questions is IQuestions {
    uint256 private constant PIECE_BYTES = 1_024;

    address private immutable channels;
    IVault private immutable vault;
    IParticipantRegistry private immutable participants;
    IBlockSeams private immutable blocks;
    ISegmentRules private immutable rules;

    /// All questions about one part. Masks have a bit for each participant.
    struct PartCase {
        bytes27 partDigest;
        uint16 asked;
        uint16 open;
        bool isStruck;
        uint32[16] rowIndexes;
        mapping(uint32 rowIndex => RowWords) rows;
    }

    /// The part that an act is about.
    struct Part {
        bytes32 channelId;
        uint64 blockNumber;
        uint8 index;
    }

    mapping(bytes32 channelId => mapping(uint64 blockNumber => mapping(uint8 part => PartCase))) private
        cases;

    constructor(
        IChannels channels_,
        IVault vault_,
        IBlockSeams blocks_,
        IParticipantRegistry participants_
    ) {
        channels = address(channels_);
        vault = vault_;
        blocks = blocks_;
        participants = participants_;
        rules = new SegmentRules(address(channels_), participants_);
    }

    // ── a fault of one row ──

    /// @inheritdoc IQuestions
    function askRow(
        bytes32 channelId,
        uint64 blockNumber,
        uint8 part,
        PartFacts calldata facts,
        uint32 rowIndex
    ) external {
        (uint8 participant, address account, bytes27 partDigest) =
            blocks.holdQuestion(channelId, blockNumber, part, msg.sender);
        requireFacts(partDigest, facts);
        if (rowIndex >= facts.segmentCount) revert RowUnknown(rowIndex, facts.segmentCount);
        PartCase storage one = cases[channelId][blockNumber][part];
        uint16 bit = bitOf(participant);
        if (one.asked & bit != 0) revert AlreadyAsked(channelId, blockNumber, part, participant);
        one.partDigest = partDigest;
        one.asked |= bit;
        one.open |= bit;
        one.rowIndexes[participant] = rowIndex;
        RowWords storage row = one.rows[rowIndex];
        // Of what time has decided nobody has a share any more.
        bool isUnanswered = row.until != 0 && row.publisher == address(0) && block.timestamp >= row.until;
        if (isUnanswered) revert RowTooLate(row.until);
        if (row.until == 0) row.asker = participant;
        // Time to publish runs from the first question, time to disprove from the last.
        if (row.until == 0 || row.publisher != address(0)) row.until = answerUntil(channelId);
        emit RowAsked(channelId, blockNumber, part, participant, rowIndex, row.until);
        WeiMove[] memory moves = new WeiMove[](1);
        moves[0] =
            WeiMove(account, account, WeiBook.Free, WeiBook.Locked, Reason.QuestionBond, Bonds.QUESTION);
        vault.moveWei(channelId, blockNumber, moves);
    }

    /// @inheritdoc IQuestions
    function publish(
        bytes32 channelId,
        uint64 blockNumber,
        uint8 part,
        PartFacts calldata facts,
        OpenedRow calldata opened
    ) external {
        Part memory which = Part(channelId, blockNumber, part);
        RowWords storage row = runningRow(which, opened.rowIndex);
        if (row.publisher != address(0)) {
            revert RowAlreadyPublished(channelId, blockNumber, part, opened.rowIndex);
        }
        requireFacts(caseOf(which).partDigest, facts);
        (bytes32 segmentRoot, bytes32 piecesRoot) = rules.check(channelId, blockNumber, opened.segment);
        RecordProof.requireRow(
            opened.sealedDigest,
            segmentRoot,
            opened.rowIndex,
            opened.rowPath,
            facts.partRoot,
            facts.segmentCount
        );
        row.publisher = OperatorKeys.accountOf(participants, msg.sender);
        row.until = answerUntil(channelId);
        row.segmentBytes = uint24(opened.segment.length);
        row.sealedDigest = opened.sealedDigest;
        row.segmentRoot = segmentRoot;
        row.piecesRoot = piecesRoot;
        emit RowPublished(
            channelId, blockNumber, part, opened.rowIndex, row.publisher, row.until, opened.segment
        );
    }

    /// @inheritdoc IQuestions
    function disproveLength(
        bytes32 channelId,
        uint64 blockNumber,
        uint8 part,
        uint32 rowIndex,
        bytes calldata sealedSegment
    ) external {
        Part memory which = Part(channelId, blockNumber, part);
        RowWords storage row = publishedRow(which, rowIndex);
        if (isOfLength(row, sealedSegment)) {
            revert SealedLengthFits(sealedSegment.length, row.segmentBytes);
        }
        upholdRow(which, Fault.RowDisproved, OperatorKeys.accountOf(participants, msg.sender), rowIndex);
    }

    /// @inheritdoc IQuestions
    function disproveText(
        bytes32 channelId,
        uint64 blockNumber,
        uint8 part,
        uint32 rowIndex,
        Disproof calldata disproof
    ) external {
        Part memory which = Part(channelId, blockNumber, part);
        requireDifferent(which, publishedRow(which, rowIndex), disproof);
        upholdRow(which, Fault.RowDisproved, OperatorKeys.accountOf(participants, msg.sender), rowIndex);
    }

    // ── faults that show at once ──

    /// @inheritdoc IQuestions
    function proveDisorder(
        bytes32 channelId,
        uint64 blockNumber,
        uint8 part,
        PartFacts calldata facts,
        HeaderPlace calldata earlier,
        HeaderPlace calldata later
    ) external {
        Part memory which = Part(channelId, blockNumber, part);
        (uint8 participant, address account) = holdFor(which, facts);
        requireRowsApart(earlier, later, 1);
        if (RecordProof.isBelow(headerIn(facts, earlier), headerIn(facts, later))) revert HeadersInOrder();
        uphold(which, Fault.Disorder, account, participant);
    }

    /// @inheritdoc IQuestions
    function proveTooManyRows(
        bytes32 channelId,
        uint64 blockNumber,
        uint8 part,
        PartFacts calldata facts,
        HeaderPlace calldata earlier,
        HeaderPlace calldata later
    ) external {
        Part memory which = Part(channelId, blockNumber, part);
        (uint8 participant, address account) = holdFor(which, facts);
        requireRowsApart(earlier, later, PartLimits.rowsMax(termsOf(channelId)));
        (uint8 one, uint8 other) = (headerIn(facts, earlier).author, headerIn(facts, later).author);
        if (one != other) revert AuthorsDiffer(one, other);
        uphold(which, Fault.TooManyRows, account, participant);
    }

    // ── ends ──

    /// @inheritdoc IQuestions
    function conclude(bytes32 channelId, uint64 blockNumber, uint8 part, uint8 participant) external {
        Part memory which = Part(channelId, blockNumber, part);
        PartCase storage one = caseOf(which);
        if (one.open & bitOf(participant) == 0) {
            revert QuestionNotOpen(channelId, blockNumber, part, participant);
        }
        RowWords storage row = one.rows[one.rowIndexes[participant]];
        // What could not be disproved any more is not refuted either.
        if (!blocks.isOpen(channelId, blockNumber)) return endOne(which, participant, address(0));
        if (block.timestamp < row.until) revert QuestionUndecided(row.until);
        if (row.publisher != address(0)) return endOne(which, participant, row.publisher);
        address asker = termsOf(channelId).participants[row.asker];
        upholdRow(which, Fault.RowUnanswered, asker, one.rowIndexes[participant]);
    }

    // ── views ──

    /// @inheritdoc IQuestions
    function questionsOf(bytes32 channelId, uint64 blockNumber, uint8 part)
        external
        view
        returns (uint16 asked, uint16 open, bool isStruck, uint32[16] memory rowIndexes)
    {
        PartCase storage one = cases[channelId][blockNumber][part];
        return (one.asked, one.open, one.isStruck, one.rowIndexes);
    }

    /// @inheritdoc IQuestions
    function rowOf(bytes32 channelId, uint64 blockNumber, uint8 part, uint32 rowIndex)
        external
        view
        returns (RowWords memory)
    {
        return cases[channelId][blockNumber][part].rows[rowIndex];
    }

    /// @inheritdoc IQuestions
    function segmentRules() external view returns (address) {
        return address(rules);
    }

    // ── what acts ask first ──

    /// A row whose time runs, to be published or disproved.
    function runningRow(Part memory which, uint32 rowIndex) private view returns (RowWords storage row) {
        row = caseOf(which).rows[rowIndex];
        uint256 until = row.until;
        if (until == 0) revert RowNotAsked(which.channelId, which.blockNumber, which.index, rowIndex);
        if (block.timestamp >= until) revert RowTooLate(until);
    }

    function publishedRow(Part memory which, uint32 rowIndex) private view returns (RowWords storage row) {
        row = runningRow(which, rowIndex);
        if (row.publisher == address(0)) {
            revert RowNotPublished(which.channelId, which.blockNumber, which.index, rowIndex);
        }
    }

    function requireFacts(bytes27 partDigest, PartFacts calldata facts) private pure {
        bytes27 given = BlockWords.partDigest(facts.partRoot, facts.segmentCount, facts.indexHash);
        if (given != partDigest) revert PartFactsRefused(partDigest, given);
    }

    /// For what is decided in this call; returns the participant that shows it, and its account.
    function holdFor(Part memory which, PartFacts calldata facts)
        private
        returns (uint8 participant, address account)
    {
        bytes27 partDigest;
        (participant, account, partDigest) =
            blocks.holdProof(which.channelId, which.blockNumber, which.index, msg.sender);
        requireFacts(partDigest, facts);
    }

    function requireRowsApart(HeaderPlace calldata earlier, HeaderPlace calldata later, uint256 least)
        private
        pure
    {
        if (later.rowIndex < earlier.rowIndex + least) {
            revert RowsTooClose(earlier.rowIndex, later.rowIndex, least);
        }
    }

    /// Refuses a header that does not stand there. Whose it is and who signed it is no matter: in a part that
    /// counts no other stands.
    function headerIn(PartFacts calldata facts, HeaderPlace calldata place)
        private
        pure
        returns (BatchHeader memory header)
    {
        header = RecordProof.headerOf(place.header);
        bytes32 segmentRoot =
            RecordProof.segmentRootOf(place.header, place.batchIndex, place.batches, place.batchPath);
        RecordProof.requireRow(
            place.sealedDigest,
            segmentRoot,
            place.rowIndex,
            place.rowPath,
            facts.partRoot,
            facts.segmentCount
        );
    }

    /// Whether the row's sealed bytes have the length of what was published, and a tag.
    function isOfLength(RowWords storage row, bytes calldata sealedSegment) private view returns (bool) {
        bytes32 given = sha256(sealedSegment);
        if (given != row.sealedDigest) revert SealedSegmentRefused(row.sealedDigest, given);
        return sealedSegment.length == row.segmentBytes + SealedSegment.TAG_BYTES;
    }

    function requireDifferent(Part memory which, RowWords storage row, Disproof calldata disproof)
        private
        view
    {
        if (!isOfLength(row, disproof.sealedSegment)) {
            revert SealedLengthDiffers(disproof.sealedSegment.length, row.segmentBytes);
        }
        requireKey(which, disproof);
        // Batches are whole rows of 64 bytes, so no place is cut off.
        uint256 places = row.segmentBytes / SealedSegment.PLACE_BYTES;
        if (disproof.place >= places) revert PlaceOutside(disproof.place, places);
        bytes32 key =
            SealedSegment.keyOf(disproof.blockKey, which.channelId, which.blockNumber, row.segmentRoot);
        bytes16 opened = SealedSegment.openedAt(key, disproof.sealedSegment, disproof.place);
        if (opened == publishedAt(row, disproof)) revert NothingDisproved(disproof.place);
    }

    function requireKey(Part memory which, Disproof calldata disproof) private view {
        ChannelTerms memory terms = termsOf(which.channelId);
        bytes32 commitment = SealedSegment.keyCommitmentOf(disproof.blockKey);
        (bytes32 root, bool isWhole) =
            MerklePath.rootOf(commitment, which.blockNumber, terms.blocksMax, disproof.keyPath);
        if (!isWhole || root != terms.keysRoot) revert KeyNotProven(commitment, which.blockNumber);
    }

    /// The 16 published bytes at the place. A piece is the published one by its hash, so it has its length.
    function publishedAt(RowWords storage row, Disproof calldata disproof) private view returns (bytes16) {
        uint256 offset = disproof.place * SealedSegment.PLACE_BYTES;
        uint256 pieces = (row.segmentBytes + PIECE_BYTES - 1) / PIECE_BYTES;
        (bytes32 root, bool isWhole) =
            MerklePath.rootOf(sha256(disproof.piece), offset / PIECE_BYTES, pieces, disproof.piecePath);
        if (!isWhole || root != row.piecesRoot) revert PieceRefused(offset / PIECE_BYTES);
        uint256 from = offset % PIECE_BYTES;
        return bytes16(disproof.piece[from:from + SealedSegment.PLACE_BYTES]);
    }

    // ── how questions end ──

    /// One that did not strike the part: its bond goes to the publisher, or back if there is none to pay.
    function endOne(Part memory which, uint8 participant, address publisher) private {
        PartCase storage one = caseOf(which);
        one.open &= ~bitOf(participant);
        address asker = termsOf(which.channelId).participants[participant];
        bool isRefuted = publisher != address(0);
        WeiMove[] memory moves = new WeiMove[](1);
        moves[0] = isRefuted
            ? freed(asker, publisher, Reason.Prover, Bonds.QUESTION)
            : freed(asker, asker, Reason.QuestionBond, Bonds.QUESTION);
        emit QuestionEnded(which.channelId, which.blockNumber, which.index, participant, isRefuted);
        blocks.freeQuestions(which.channelId, which.blockNumber, 1);
        vault.moveWei(which.channelId, which.blockNumber, moves);
    }

    /// The part is struck: all open questions about the row get their bonds back, and a share of its owner's bond.
    /// Questions about other rows go on.
    function upholdRow(Part memory which, Fault fault, address prover, uint32 rowIndex) private {
        PartCase storage one = caseOf(which);
        address[] memory accounts = termsOf(which.channelId).participants;
        WeiMove[] memory moves = new WeiMove[](accounts.length);
        tellFault(which, fault, prover);
        uint16 upheld = 0;
        uint8 ended = 0;
        for (uint8 i = 0; i < accounts.length; i++) {
            if (one.open & bitOf(i) == 0 || one.rowIndexes[i] != rowIndex) continue;
            upheld |= bitOf(i);
            moves[ended++] = freed(accounts[i], accounts[i], Reason.QuestionBond, Bonds.QUESTION);
            emit QuestionEnded(which.channelId, which.blockNumber, which.index, i, false);
        }
        assembly ("memory-safe") {
            mstore(moves, ended)
        }
        one.open &= ~upheld;
        strike(which, upheld, ended);
        vault.moveWei(which.channelId, which.blockNumber, moves);
    }

    /// The same, of what one participant shows at once, without a bond.
    function uphold(Part memory which, Fault fault, address prover, uint8 participant) private {
        tellFault(which, fault, prover);
        strike(which, bitOf(participant), 1);
    }

    /// `ended`: how many questions this decides, those of `provers`.
    function strike(Part memory which, uint16 provers, uint8 ended) private {
        blocks.strikePart(which.channelId, which.blockNumber, which.index, provers);
        blocks.freeQuestions(which.channelId, which.blockNumber, ended);
    }

    function tellFault(Part memory which, Fault fault, address prover) private {
        caseOf(which).isStruck = true;
        emit FaultFound(which.channelId, which.blockNumber, which.index, fault, prover);
    }

    function freed(address from, address to, Reason reason, uint96 amount)
        private
        pure
        returns (WeiMove memory)
    {
        return WeiMove(from, to, WeiBook.Locked, WeiBook.Free, reason, amount);
    }

    // ── look-ups ──

    function caseOf(Part memory which) private view returns (PartCase storage) {
        return cases[which.channelId][which.blockNumber][which.index];
    }

    /// The numbers and the participants.
    function termsOf(bytes32 channelId) private view returns (ChannelTerms memory) {
        return TermsCode.hot(TermsCode.placeOf(channels, channelId));
    }

    function answerUntil(bytes32 channelId) private view returns (uint40) {
        return uint40(block.timestamp + termsOf(channelId).answerPeriod);
    }

    /// None for what is no participant.
    function bitOf(uint8 participant) private pure returns (uint16) {
        return uint16(uint256(1) << participant);
    }
}
