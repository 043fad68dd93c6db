// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {PartFacts} from "../interfaces/BlockTypes.sol";
import {BlockResult} from "../interfaces/ChannelTypes.sol";
import {IChannels} from "../interfaces/IChannels.sol";
import {IReducerTable} from "../interfaces/IReducerTable.sol";
import {IVault, Reason, WeiBook, WeiMove} from "../interfaces/IVault.sol";
import {AmountWords} from "../lib/AmountWords.sol";
import {BatchAuthor} from "../lib/BatchAuthor.sol";
import {BlockTypedData} from "../lib/BlockTypedData.sol";
import {BlockWords} from "../lib/BlockWords.sol";
import {Bonds} from "../lib/Bonds.sol";
import {OperatorKeys} from "../lib/OperatorKeys.sol";
import {ImpressionRecord} from "../lib/ImpressionRecord.sol";
import {PapyrusDomain} from "../lib/PapyrusDomain.sol";
import {BatchHeader, RecordPlace, RecordProof} from "../lib/RecordProof.sol";
import {SettlementFold} from "../lib/SettlementFold.sol";
import {SettlementLevels} from "../lib/SettlementLevels.sol";
import {SettlementTree} from "../lib/SettlementTree.sol";
import {IParticipantRegistry} from "../registries/IParticipantRegistry.sol";
import {AccusationStore} from "./AccusationStore.sol";
import {AccusationId, IAdjudicator, LeafWords, LeftNeighbour, Turn} from "./IAdjudicator.sol";
import {IDisputedBlocks} from "./IDisputedBlocks.sol";
import {ILeafRules} from "./ILeafRules.sol";
import {LeafRules} from "./LeafRules.sol";

/// The acts of an accusation, from the root of a result's tree to one record.
contract Adjudicator is AccusationStore, PapyrusDomain {
    ILeafRules private immutable rules;

    constructor(
        IChannels channels_,
        IVault vault_,
        IDisputedBlocks blocks_,
        IParticipantRegistry participants_,
        IReducerTable reducers_
    )
        AccusationStore(address(channels_), vault_, blocks_, participants_)
        PapyrusDomain(address(channels_))
    {
        rules = new LeafRules(reducers_);
    }

    /// @inheritdoc IAdjudicator
    function accuse(
        bytes32 channelId,
        uint64 blockNumber,
        uint8 result,
        BlockResult calldata claim,
        uint8 participant
    ) external returns (uint8) {
        (bytes32 expected, address accuser, bool isValidator) = blocks.holdAccusation(
            channelId, blockNumber, result, participant, msg.sender
        );
        bytes32 given = BlockTypedData.outputHash(channelId, blockNumber, claim);
        if (given != expected) revert OutputHashMismatch(expected, given);
        uint8 slot = isValidator ? VALIDATOR_SLOTS + participant : participant;
        AccusationId memory id = AccusationId(channelId, blockNumber, result, slot);
        begin(id, accuser, claim);
        emit Accused(channelId, blockNumber, result, slot, accuser, claim);
        WeiBook from = isValidator ? WeiBook.Stake : WeiBook.Free;
        WeiMove[] memory moves = new WeiMove[](1);
        moves[0] = WeiMove(accuser, accuser, from, WeiBook.Locked, Reason.AccusationBond, Bonds.ACCUSATION);
        moveWei(id, moves, 1);
        return slot;
    }

    /// @inheritdoc IAdjudicator
    function openNode(AccusationId calldata id, bytes calldata entries) external {
        Case memory one = findIn(id, Turn.Opening);
        requireNode(one, entries);
        uint8 level = one.accusation.level;
        uint40 index = one.accusation.index;
        address answerer = OperatorKeys.accountOf(participants, msg.sender);
        answers[one.key][placeOf(level, index)] = Answer(answerer, uint40(block.timestamp), 0);
        emit NodeOpened(id.channelId, id.blockNumber, id.result, level, index, answerer, entries);
    }

    /// @inheritdoc IAdjudicator
    function nameEntry(AccusationId calldata id, uint40 index, bytes32 entryHash, bytes32[] calldata path)
        external
    {
        Case memory one = findOwn(id);
        Accusation memory made = one.accusation;
        (made.level, made.index) = placeNamed(one, index, entryHash, path);
        made.entryHash = entryHash;
        made.since = uint40(block.timestamp);
        accusations[one.key][id.slot] = made;
        emit EntryNamed(id.channelId, id.blockNumber, id.result, id.slot, made.level, made.index, entryHash);
    }

    /// @inheritdoc IAdjudicator
    function openLeaf(AccusationId calldata id, bytes calldata records, LeftNeighbour calldata left)
        external
    {
        Case memory one = findIn(id, Turn.Opening);
        uint40 index = one.accusation.index;
        if (one.accusation.level != 0) revert WrongLevel(one.accusation.level);
        bytes32 hash = rules.leafOf(one.place, records);
        if (hash != one.accusation.entryHash) revert LeafMismatch(one.accusation.entryHash, hash);
        bytes16 leftKey;
        if (index > 0) {
            requireNeighbour(one, left);
            leftKey = left.impressionKey;
            bytes16 key = keyOfRecord(records);
            if (leftKey >= key) revert KeysNotAscending(leftKey, key);
        }
        uint16 count = uint16(records.length / ImpressionRecord.BYTES);
        address answerer = OperatorKeys.accountOf(participants, msg.sender);
        answers[one.key][placeOf(0, index)] = Answer(answerer, uint40(block.timestamp), count);
        leafDigests[one.key][index] = keccak256(abi.encodePacked(leftKey, records));
        emit LeafOpened(id.channelId, id.blockNumber, id.result, index, answerer, records, leftKey);
    }

    /// @inheritdoc IAdjudicator
    function showOmitted(
        AccusationId calldata id,
        LeafWords calldata leaf,
        RecordPlace calldata place,
        uint8 part,
        PartFacts calldata facts
    ) external {
        Case memory one = findOwn(id);
        requirePlaced(id, one, place, part, facts);
        bool isEmpty = one.facts.impressionCount == 0;
        if (!isEmpty) requireLeaf(one, leaf);
        // A record of another impression is held against no records: it is well-formed and no test.
        bool isOfLeaf = !isEmpty && keyOfRecord(place.record) == keyOfRecord(leaf.records);
        if (!isEmpty && !isOfLeaf) requireBeside(one, leaf, keyOfRecord(place.record));
        bytes calldata records = isOfLeaf ? leaf.records : leaf.records[0:0];
        if (!rules.isMissing(one.place, records, place.record)) revert RecordNotMissing();
        uphold(id, one);
    }

    /// @inheritdoc IAdjudicator
    function doubtRecord(AccusationId calldata id, uint8 record) external {
        Case memory one = findOwn(id);
        if (one.accusation.level != 0) revert WrongLevel(one.accusation.level);
        if (record >= one.answer.records) revert RecordOutside(record, one.answer.records);
        uint40 index = one.accusation.index;
        address answerer = answers[one.key][placeOfRecord(index, record)].by;
        if (answerer != address(0)) revert RecordAlreadyPlaced(answerer);
        Accusation storage made = accusations[one.key][id.slot];
        made.since = uint40(block.timestamp);
        made.status = Status.Doubted;
        made.doubted = record;
        emit RecordDoubted(id.channelId, id.blockNumber, id.result, id.slot, index, record);
    }

    /// @inheritdoc IAdjudicator
    function placeRecord(
        AccusationId calldata id,
        LeafWords calldata leaf,
        RecordPlace calldata place,
        uint8 part,
        PartFacts calldata facts
    ) external {
        Case memory one = findIn(id, Turn.Placing);
        requireLeaf(one, leaf);
        uint40 index = one.accusation.index;
        uint8 record = one.accusation.doubted;
        uint256 from = uint256(record) * ImpressionRecord.BYTES;
        bytes calldata doubted = leaf.records[from:from + ImpressionRecord.BYTES];
        if (keccak256(doubted) != keccak256(place.record)) revert RecordMismatch();
        requirePlaced(id, one, place, part, facts);
        address answerer = OperatorKeys.accountOf(participants, msg.sender);
        one.answer = Answer(answerer, uint40(block.timestamp), 0);
        answers[one.key][placeOfRecord(index, record)] = one.answer;
        emit RecordPlaced(id.channelId, id.blockNumber, id.result, index, record, answerer);
        fail(id, one);
    }

    /// @inheritdoc IAdjudicator
    function timeOut(AccusationId calldata id) external {
        Case memory one = find(id);
        if (one.turn == Turn.None || one.turn == Turn.Over) revert WrongTurn(one.turn);
        if (block.timestamp < one.deadline) revert TurnNotOver(one.deadline);
        requireStanding(id);
        if (one.turn == Turn.Opening || one.turn == Turn.Placing) uphold(id, one);
        else fail(id, one);
    }

    /// @inheritdoc IAdjudicator
    function release(AccusationId calldata id) external {
        Case memory one = find(id);
        if (one.turn == Turn.None || one.turn == Turn.Over) revert WrongTurn(one.turn);
        if (blocks.stands(id.channelId, id.blockNumber, id.result)) {
            revert ResultStanding(id.channelId, id.blockNumber, id.result);
        }
        giveBack(id, one);
    }

    /// Keeps what is asked for first: the root.
    function begin(AccusationId memory id, address accuser, BlockResult calldata claim) private {
        bytes32 key = keyOf(id.channelId, id.blockNumber, id.result);
        if (accusations[key][id.slot].status != Status.None) revert AlreadyAccused(id.result, id.slot);
        Facts memory facts = factsOf[key];
        if (!facts.isKnown) {
            facts.settlementRoot = claim.settlementRoot;
            facts.impressionCount = uint48(claim.impressionCount);
            facts.validParts = claim.validParts;
            facts.isKnown = true;
        }
        facts.open |= uint32(1 << id.slot);
        factsOf[key] = facts;
        accusations[key][id.slot] = Accusation({
            accuser: accuser,
            since: uint40(block.timestamp),
            index: 0,
            level: uint8(SettlementLevels.topOf(facts.impressionCount)),
            status: Status.Named,
            entryHash: facts.settlementRoot,
            doubted: 0
        });
    }

    /// Refuses entries that are not all descendants of the named node.
    function requireNode(Case memory one, bytes calldata entries) private view {
        if (one.accusation.level == 0) revert WrongLevel(0);
        (uint256 from, uint256 until) = SettlementLevels.descendantsOf(positionOf(one));
        uint256 words = AmountWords.countFor(one.terms.participants.length);
        uint256 size = (until - from) * 32 * (1 + words);
        if (entries.length != size) revert EntriesSizeWrong(entries.length, size);
        (bytes32 hash, bool fits) = SettlementFold.fold(entries, words);
        if (hash != one.accusation.entryHash) revert EntryMismatch(one.accusation.entryHash, hash);
        if (!fits) revert AmountsTooLarge();
    }

    /// Where the descendant was made; refuses one that is not below the opened node.
    function placeNamed(Case memory one, uint256 index, bytes32 entryHash, bytes32[] calldata path)
        private
        pure
        returns (uint8, uint40)
    {
        Accusation memory made = one.accusation;
        if (made.level == 0) revert WrongLevel(0);
        SettlementLevels.Position memory position = positionOf(one);
        (uint256 from, uint256 until) = SettlementLevels.descendantsOf(position);
        if (index < from || index >= until) revert EntryOutside(index, from, until);
        (position.level, position.index) = (SettlementLevels.openedBelow(made.level), index);
        (bytes32 node, bool isWhole) = SettlementLevels.climb(entryHash, position, made.level, path);
        if (!isWhole) revert PathRefused();
        if (node != made.entryHash) revert EntryMismatch(made.entryHash, node);
        SettlementLevels.sink(position);
        return (uint8(position.level), uint40(position.index));
    }

    /// Refuses what is not the leaf before the named one.
    function requireNeighbour(Case memory one, LeftNeighbour calldata left) private pure {
        bytes32 content = SettlementTree.groupContent(left.impressionKey, left.kept, left.recordsRoot);
        bytes32 hash = SettlementTree.entryWith(content, left.amountsDigest);
        SettlementLevels.Position memory position = positionOf(one);
        position.index--;
        bool isWhole;
        (hash, isWhole) =
            SettlementLevels.climb(hash, position, SettlementLevels.topOf(position.leaves), left.path);
        if (!isWhole) revert PathRefused();
        if (hash != one.facts.settlementRoot) revert EntryMismatch(one.facts.settlementRoot, hash);
    }

    /// Refuses what is not the opened leaf at which the accusation stands.
    function requireLeaf(Case memory one, LeafWords calldata leaf) private view {
        if (one.accusation.level != 0) revert WrongLevel(one.accusation.level);
        bytes32 expected = leafDigests[one.key][one.accusation.index];
        bytes32 given = keccak256(abi.encodePacked(leaf.leftKey, leaf.records));
        if (given != expected) revert LeafMismatch(expected, given);
    }

    /// Refuses the key of an impression whose leaf would not stand right before this one, or after the last.
    function requireBeside(Case memory one, LeafWords calldata leaf, bytes16 key) private pure {
        uint256 index = one.accusation.index;
        bool isBelow = key < keyOfRecord(leaf.records);
        bool isBeside = isBelow ? index == 0 || key > leaf.leftKey : index == one.facts.impressionCount - 1;
        if (!isBeside) revert KeyOutside(key);
    }

    /// Refuses a record that does not stand there in a part that the result counted, or that its author did
    /// not sign for this block.
    function requirePlaced(
        AccusationId calldata id,
        Case memory one,
        RecordPlace calldata place,
        uint8 part,
        PartFacts calldata facts
    ) private view {
        if ((one.facts.validParts >> part) & 1 == 0) {
            revert PartNotCounted(part);
        }
        bytes27 expected = blocks.partDigestOf(id.channelId, id.blockNumber, part);
        bytes27 given = BlockWords.partDigest(facts.partRoot, facts.segmentCount, facts.indexHash);
        if (given != expected) revert PartMismatch(expected, given);
        BatchHeader memory header = RecordProof.check(place, facts.partRoot, facts.segmentCount);
        BatchAuthor.requireSigned(
            participants,
            one.terms,
            id.channelId,
            id.blockNumber,
            header,
            digestOf(header.structHash),
            RecordProof.signatureIn(place.header)
        );
    }

    function positionOf(Case memory one) private pure returns (SettlementLevels.Position memory) {
        return
            SettlementLevels.Position(one.facts.impressionCount, one.accusation.level, one.accusation.index);
    }

    function keyOfRecord(bytes calldata records) private pure returns (bytes16) {
        return ImpressionRecord.impressionKeyOf(bytes32(records[0:32]));
    }
}
