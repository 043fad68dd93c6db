// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {PartFacts} from "../interfaces/BlockTypes.sol";
import {BlockResult} from "../interfaces/ChannelTypes.sol";
import {RecordPlace} from "../lib/RecordProof.sol";

/// One accusation of a result. `result`: its index in the block; `slot`: the participant that accuses, or
/// 16 + the participant whose seat's validator does.
struct AccusationId {
    bytes32 channelId;
    uint64 blockNumber;
    uint8 result;
    uint8 slot;
}

/// The leaf before the one that is opened, and its way to the settlement root: for each step that is not a
/// carry the sibling and the digest of the parent's amounts. Not looked at for the first leaf.
struct LeftNeighbour {
    bytes16 impressionKey;
    uint64 kept;
    bytes32 recordsRoot;
    bytes32 amountsDigest;
    bytes32[] path;
}

/// What LeafOpened told: its records, one after the other, and the key of the leaf before it, zero for the
/// first.
struct LeafWords {
    bytes records;
    bytes16 leftKey;
}

/// What an accusation waits for.
enum Turn {
    /// There is no such accusation.
    None,
    /// That the named node or leaf is opened.
    Opening,
    /// That the accuser names, shows or doubts something.
    Accuser,
    /// That the doubted record is placed.
    Placing,
    /// Nothing: the doubted record is placed already, `timeOut` ends it.
    Placed,
    /// It is over.
    Over
}

enum Outcome {
    /// The result fell by it.
    Upheld,
    /// Its bond is lost: half to who answered, the rest burnt.
    Failed,
    /// The result fell otherwise, or the block is not open any more: its bond came back.
    Returned
}

/// deadline: until when what it waits for may come; 0 where nothing is waited for. (level, index): the
/// entry that it has named, the root to begin with. answerer: who opened that, or placed the doubted
/// record; zero if nobody did in time. doubted: index of the doubted record, true of Placing and Placed
/// alone.
struct AccusationState {
    address accuser;
    Turn turn;
    uint256 deadline;
    uint8 level;
    uint40 index;
    bytes32 entryHash;
    address answerer;
    uint8 doubted;
}

/// Accusations of a block's results: the accused opens its settlement tree, the accuser leads the way to
/// the leaf that is wrong, and who does not answer within answerPeriod loses. Anyone answers for a result,
/// and each node, leaf and record is answered once for all who accuse it. For an accusation its accuser
/// acts: the account or current operator key of a participant, or the validator itself. Holds no money: the
/// Vault moves the bonds.
///
/// What is refused of records: ILeafRules, RecordProof and BatchAuthor; of who accuses, and when:
/// IBlockSeams. Entries have places: level 0 are the leaves, and an entry that is carried up has the place
/// where it was made. Intervals are half-open.
interface IAdjudicator {
    event Accused(
        bytes32 indexed channelId,
        uint64 indexed blockNumber,
        uint8 indexed result,
        uint8 slot,
        address accuser,
        BlockResult claim
    );
    /// entries: of openNode.
    event NodeOpened(
        bytes32 indexed channelId,
        uint64 indexed blockNumber,
        uint8 indexed result,
        uint8 level,
        uint40 index,
        address answerer,
        bytes entries
    );
    event EntryNamed(
        bytes32 indexed channelId,
        uint64 indexed blockNumber,
        uint8 indexed result,
        uint8 slot,
        uint8 level,
        uint40 index,
        bytes32 entryHash
    );
    event LeafOpened(
        bytes32 indexed channelId,
        uint64 indexed blockNumber,
        uint8 indexed result,
        uint40 index,
        address answerer,
        bytes records,
        bytes16 leftKey
    );
    event RecordDoubted(
        bytes32 indexed channelId,
        uint64 indexed blockNumber,
        uint8 indexed result,
        uint8 slot,
        uint40 index,
        uint8 record
    );
    event RecordPlaced(
        bytes32 indexed channelId,
        uint64 indexed blockNumber,
        uint8 indexed result,
        uint40 index,
        uint8 record,
        address answerer
    );
    /// to: who proved it (Upheld); who answered and has half of the bond, or Bonds.BURN if nobody did (Failed);
    /// or the accuser (Returned).
    event AccusationEnded(
        bytes32 indexed channelId,
        uint64 indexed blockNumber,
        uint8 indexed result,
        uint8 slot,
        Outcome outcome,
        address to
    );

    error OutputHashMismatch(bytes32 expected, bytes32 given);
    /// Once for each participant, and once for its seat's validator.
    error AlreadyAccused(uint8 result, uint8 slot);
    error NotAccuser(address accuser, address sender);
    /// It waits for something else.
    error WrongTurn(Turn turn);
    /// What it waits for could come until `deadline`.
    error TurnOver(uint256 deadline);
    /// What it waits for may come until `deadline`.
    error TurnNotOver(uint256 deadline);
    /// The block is not open any more, or the result does not stand: `release`.
    error ResultNotStanding(bytes32 channelId, uint64 blockNumber, uint8 result);
    /// `release` is for accusations of what does not stand.
    error ResultStanding(bytes32 channelId, uint64 blockNumber, uint8 result);
    /// A leaf is opened by openLeaf, every other entry by openNode.
    error WrongLevel(uint8 level);
    error EntriesSizeWrong(uint256 bytesGiven, uint256 bytesExpected);
    error AmountsTooLarge();
    error EntryMismatch(bytes32 expected, bytes32 given);
    /// The node's descendants are those from `from` up to `until`.
    error EntryOutside(uint256 index, uint256 from, uint256 until);
    error PathRefused();
    /// The key does not come after that of the leaf before it.
    error KeysNotAscending(bytes16 left, bytes16 own);
    error LeafMismatch(bytes32 expected, bytes32 given);
    error PartNotCounted(uint8 part);
    error PartMismatch(bytes27 expected, bytes27 given);
    /// Its place is not at this leaf.
    error KeyOutside(bytes16 impressionKey);
    /// Keeping it would change nothing.
    error RecordNotMissing();
    error RecordOutside(uint256 record, uint256 records);
    error RecordAlreadyPlaced(address answerer);
    error RecordMismatch();

    /// A participant that stands for another result, or its seat's validator, accuses a result. Locks
    /// Bonds.ACCUSATION of the participant's free wei, or of the validator's stake. `claim`: the fields
    /// behind the result's outputHash. Returns the slot.
    function accuse(
        bytes32 channelId,
        uint64 blockNumber,
        uint8 result,
        BlockResult calldata claim,
        uint8 participant
    ) external returns (uint8 slot);

    /// Anyone opens the node that was named: its descendants 8 levels below, or the leaves where there are
    /// fewer, one after the other, each the 32 bytes that it hashes beside its amounts and then its amount
    /// words.
    function openNode(AccusationId calldata id, bytes calldata entries) external;

    /// The accuser names a descendant of the opened node by its index among all entries of its level.
    /// `path`: from it up to the node, for each step that is not a carry the sibling and the digest of the
    /// parent's amounts.
    function nameEntry(AccusationId calldata id, uint40 index, bytes32 entryHash, bytes32[] calldata path)
        external;

    /// Anyone opens the leaf that was named, if it is good: its records are what keeping leaves, they pay
    /// what it hashes, and its key comes after that of the leaf before it.
    function openLeaf(AccusationId calldata id, bytes calldata records, LeftNeighbour calldata left)
        external;

    /// The accuser shows a record of a part that the result counted, which the opened leaf lacks, or which
    /// belongs between it and the leaf before it, before the first or after the last: the result falls. Of
    /// a tree without leaves any record is missing; `leaf` is not looked at.
    function showOmitted(
        AccusationId calldata id,
        LeafWords calldata leaf,
        RecordPlace calldata place,
        uint8 part,
        PartFacts calldata facts
    ) external;

    /// The accuser, once, doubts that the record at this index of the opened leaf stands in a part that
    /// counted.
    function doubtRecord(AccusationId calldata id, uint8 record) external;

    /// Anyone shows where the doubted record stands: the accusation fails.
    function placeRecord(
        AccusationId calldata id,
        LeafWords calldata leaf,
        RecordPlace calldata place,
        uint8 part,
        PartFacts calldata facts
    ) external;

    /// Anyone, once the turn is over: the result falls where its answer is missing, otherwise the
    /// accusation fails.
    function timeOut(AccusationId calldata id) external;

    /// Anyone, once the result does not stand, or the block is not open any more: the bond comes back; half
    /// of what those lose who took the result back goes to the accuser that is released first. Where the
    /// result stands again, it may be accused anew.
    function release(AccusationId calldata id) external;

    function accusation(AccusationId calldata id) external view returns (AccusationState memory);
}
