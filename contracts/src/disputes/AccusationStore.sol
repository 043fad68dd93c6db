// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {TermsCode} from "../channels/TermsCode.sol";
import {Forfeit} from "../interfaces/IBlockSeams.sol";
import {ChannelTerms} from "../interfaces/ChannelTypes.sol";
import {IVault, Reason, WeiBook, WeiMove} from "../interfaces/IVault.sol";
import {IParticipantRegistry} from "../registries/IParticipantRegistry.sol";
import {Bonds} from "../lib/Bonds.sol";
import {AccusationId, AccusationState, IAdjudicator, Outcome, Turn} from "./IAdjudicator.sol";
import {IDisputedBlocks} from "./IDisputedBlocks.sol";

/// What the Adjudicator stores, whose turn an accusation is, and how it ends.
abstract contract AccusationStore is IAdjudicator {
    enum Status {
        None,
        Named,
        Doubted,
        Over
    }

    /// Of a result that was accused. open: a bit for each slot whose accusation is.
    struct Facts {
        bytes32 settlementRoot;
        uint48 impressionCount;
        uint16 validParts;
        uint32 open;
        bool isKnown;
    }

    /// since: when it named the entry, or doubted the record. entryHash: of the entry that it named.
    struct Accusation {
        address accuser;
        uint40 since;
        uint40 index;
        uint8 level;
        Status status;
        bytes32 entryHash;
        uint8 doubted;
    }

    /// That a node or leaf was opened, or a record placed. records: how many an opened leaf has.
    struct Answer {
        address by;
        uint40 answeredAt;
        uint16 records;
    }

    /// An accusation as an act finds it.
    struct Case {
        bytes32 key;
        address place;
        ChannelTerms terms;
        Facts facts;
        Accusation accusation;
        Answer answer;
        Turn turn;
        uint256 deadline;
    }

    /// Slots of validators follow those of participants.
    uint8 internal constant VALIDATOR_SLOTS = 16;

    address internal immutable channels;
    IVault internal immutable vault;
    IDisputedBlocks internal immutable blocks;
    IParticipantRegistry internal immutable participants;

    mapping(bytes32 key => Facts) internal factsOf;
    mapping(bytes32 key => mapping(uint256 slot => Accusation)) internal accusations;
    mapping(bytes32 key => mapping(uint256 place => Answer)) internal answers;
    /// Of an opened leaf: what later acts must repeat of it.
    mapping(bytes32 key => mapping(uint256 index => bytes32)) internal leafDigests;

    constructor(
        address channels_,
        IVault vault_,
        IDisputedBlocks blocks_,
        IParticipantRegistry participants_
    ) {
        channels = channels_;
        vault = vault_;
        blocks = blocks_;
        participants = participants_;
    }

    /// @inheritdoc IAdjudicator
    function accusation(AccusationId calldata id) external view returns (AccusationState memory) {
        Case memory one = find(id);
        return AccusationState({
            accuser: one.accusation.accuser,
            turn: one.turn,
            deadline: one.deadline,
            level: one.accusation.level,
            index: one.accusation.index,
            entryHash: one.accusation.entryHash,
            answerer: one.answer.by,
            doubted: one.accusation.doubted
        });
    }

    function find(AccusationId calldata id) internal view returns (Case memory one) {
        one.key = keyOf(id.channelId, id.blockNumber, id.result);
        one.accusation = accusations[one.key][id.slot];
        one.facts = factsOf[one.key];
        one.place = TermsCode.placeOf(channels, id.channelId);
        one.terms = TermsCode.hot(one.place);
        if (one.accusation.status != Status.None) {
            // While it was taken back nobody could act.
            uint40 again = blocks.revealedAtOf(id.channelId, id.blockNumber, id.result);
            if (again > one.accusation.since) one.accusation.since = again;
        }
        (one.turn, one.deadline) = turnOf(one);
    }

    /// Refuses an accusation that waits for something else, one whose time is over, and one of a result
    /// that does not stand.
    function findIn(AccusationId calldata id, Turn expected) internal view returns (Case memory one) {
        one = find(id);
        if (one.turn != expected) revert WrongTurn(one.turn);
        if (block.timestamp >= one.deadline) revert TurnOver(one.deadline);
        requireStanding(id);
    }

    /// The same, for the accuser alone.
    function findOwn(AccusationId calldata id) internal view returns (Case memory one) {
        one = findIn(id, Turn.Accuser);
        address accuser = one.accusation.accuser;
        if (msg.sender == accuser) return one;
        bool isOperator = id.slot < VALIDATOR_SLOTS && participants.operatorKeyOf(accuser) == msg.sender;
        if (!isOperator) revert NotAccuser(accuser, msg.sender);
    }

    function requireStanding(AccusationId calldata id) internal view {
        if (blocks.stands(id.channelId, id.blockNumber, id.result)) return;
        revert ResultNotStanding(id.channelId, id.blockNumber, id.result);
    }

    /// The result falls: those who posted it lose their bonds, half to the accuser; all who accused it get
    /// theirs back.
    function uphold(AccusationId calldata id, Case memory one) internal {
        uint256 open = one.facts.open;
        factsOf[one.key].open = 0;
        address accuser = one.accusation.accuser;
        Forfeit[] memory forfeits = blocks.fall(id.channelId, id.blockNumber, id.result);
        WeiMove[] memory moves = new WeiMove[](2 * forfeits.length + 2 * VALIDATOR_SLOTS);
        uint256 used = share(forfeits, accuser, moves);
        uint8 count = 0;
        for (uint8 slot = 0; slot < 2 * VALIDATOR_SLOTS; slot++) {
            if ((open >> slot) & 1 == 0) continue;
            Accusation storage other = accusations[one.key][slot];
            other.status = Status.Over;
            moves[used + count++] = bondBack(other.accuser, slot);
            Outcome outcome = slot == id.slot ? Outcome.Upheld : Outcome.Returned;
            tellEnd(id, slot, outcome, other.accuser);
        }
        blocks.freeAccusations(id.channelId, id.blockNumber, count);
        moveWei(id, moves, used + count);
    }

    /// The accusation is over, and half of its bond goes to who answered, whoever that is: an address is its holder's
    /// choice. The rest goes to nobody, so that no accuser holds up a block for nothing by answering itself.
    function fail(AccusationId calldata id, Case memory one) internal {
        accusations[one.key][id.slot].status = Status.Over;
        endOne(id, one);
        address accuser = one.accusation.accuser;
        address answerer = one.answer.by;
        uint96 half = answerer == address(0) ? 0 : Bonds.ACCUSATION / 2;
        tellEnd(id, id.slot, Outcome.Failed, half == 0 ? Bonds.BURN : answerer);
        WeiMove[] memory moves = new WeiMove[](2);
        moves[0] = WeiMove(
            accuser, Bonds.BURN, WeiBook.Locked, WeiBook.Free, Reason.Burnt, Bonds.ACCUSATION - half
        );
        moves[1] = WeiMove(accuser, answerer, WeiBook.Locked, WeiBook.Free, Reason.Prover, half);
        moveWei(id, moves, half == 0 ? 1 : 2);
    }

    /// As if it had never been made; who took the result back loses as if it had fallen.
    function giveBack(AccusationId calldata id, Case memory one) internal {
        delete accusations[one.key][id.slot];
        address accuser = one.accusation.accuser;
        tellEnd(id, id.slot, Outcome.Returned, accuser);
        Forfeit[] memory forfeits = blocks.forfeitTakenBack(id.channelId, id.blockNumber, id.result);
        WeiMove[] memory moves = new WeiMove[](2 * forfeits.length + 1);
        uint256 used = share(forfeits, accuser, moves);
        // Not before: with the last accusation goes what nobody fetched.
        endOne(id, one);
        moves[used] = bondBack(accuser, id.slot);
        moveWei(id, moves, used + 1);
    }

    /// The first `used` of the moves.
    function moveWei(AccusationId memory id, WeiMove[] memory moves, uint256 used) internal {
        assembly ("memory-safe") {
            mstore(moves, used)
        }
        vault.moveWei(id.channelId, id.blockNumber, moves);
    }

    function keyOf(bytes32 channelId, uint64 blockNumber, uint8 result) internal pure returns (bytes32) {
        return keccak256(abi.encode(channelId, blockNumber, result));
    }

    /// Of an entry of the tree among the answers; those about records lie beyond.
    function placeOf(uint256 level, uint256 index) internal pure returns (uint256) {
        return (level << 40) | index;
    }

    function placeOfRecord(uint256 index, uint256 record) internal pure returns (uint256) {
        return (1 << 64) | placeOf(record, index);
    }

    /// Sets the answer, if there is one that came in time: one that came later is none for this accusation.
    function turnOf(Case memory one) private view returns (Turn, uint256) {
        Accusation memory made = one.accusation;
        if (made.status == Status.None) return (Turn.None, 0);
        if (made.status == Status.Over) return (Turn.Over, 0);
        bool isDoubted = made.status == Status.Doubted;
        uint256 place =
            isDoubted ? placeOfRecord(made.index, made.doubted) : placeOf(made.level, made.index);
        Answer memory found = answers[one.key][place];
        uint256 deadline = uint256(made.since) + one.terms.answerPeriod;
        bool isAnswered = found.by != address(0) && found.answeredAt < deadline;
        if (isAnswered) one.answer = found;
        if (isDoubted) return isAnswered ? (Turn.Placed, 0) : (Turn.Placing, deadline);
        // A tree without leaves has nothing to open.
        if (!isAnswered && one.facts.impressionCount > 0) return (Turn.Opening, deadline);
        uint256 since = found.answeredAt > made.since ? found.answeredAt : made.since;
        return (Turn.Accuser, since + one.terms.answerPeriod);
    }

    function endOne(AccusationId calldata id, Case memory one) private {
        factsOf[one.key].open = one.facts.open & ~uint32(1 << id.slot);
        blocks.freeAccusations(id.channelId, id.blockNumber, 1);
    }

    /// Half of each to the prover, the rest to nobody; returns how many moves that takes.
    function share(Forfeit[] memory forfeits, address prover, WeiMove[] memory moves)
        private
        pure
        returns (uint256 used)
    {
        for (uint256 i = 0; i < forfeits.length; i++) {
            address from = forfeits[i].account;
            uint96 half = forfeits[i].amount / 2;
            moves[used++] = WeiMove(from, prover, WeiBook.Locked, WeiBook.Free, Reason.Prover, half);
            half = forfeits[i].amount - half;
            moves[used++] = WeiMove(from, Bonds.BURN, WeiBook.Locked, WeiBook.Free, Reason.Burnt, half);
        }
    }

    function bondBack(address accuser, uint8 slot) private pure returns (WeiMove memory) {
        WeiBook to = slot < VALIDATOR_SLOTS ? WeiBook.Free : WeiBook.Stake;
        return WeiMove(accuser, accuser, WeiBook.Locked, to, Reason.AccusationBond, Bonds.ACCUSATION);
    }

    function tellEnd(AccusationId calldata id, uint8 slot, Outcome outcome, address to) private {
        emit AccusationEnded(id.channelId, id.blockNumber, id.result, slot, outcome, to);
    }
}
