// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ChannelTerms, Stage} from "../interfaces/ChannelTypes.sol";
import {IBlockFacts} from "../interfaces/IBlockFacts.sol";
import {IChannels} from "../interfaces/IChannels.sol";
import {IResultRules} from "../interfaces/IResultRules.sol";
import {IVault, Reason, WeiBook, WeiMove} from "../interfaces/IVault.sol";
import {IParticipantRegistry} from "../registries/IParticipantRegistry.sol";
import {IValidatorRegistry} from "../registries/IValidatorRegistry.sol";
import {TermsCode} from "../channels/TermsCode.sol";
import {BlockClock} from "../lib/BlockClock.sol";
import {BlockWords} from "../lib/BlockWords.sol";
import {Bonds} from "../lib/Bonds.sol";
import {LiveBlocks} from "../lib/LiveBlocks.sol";
import {PapyrusDomain} from "../lib/PapyrusDomain.sol";
import {Found} from "./FoundBlock.sol";
import {PartDecision} from "./PartDecision.sol";

/// What Blocks made of its constructor's arguments; BlockDisputes, whose code runs in the storage of Blocks, is
/// made with the same.
struct Places {
    IChannels channels;
    IVault vault;
    IParticipantRegistry participants;
    IValidatorRegistry validators;
    IResultRules rules;
    address adjudicator;
    address questions;
    address panel;
}

/// What Blocks stores, and the look-ups that every act begins with. Nothing is stored elsewhere, so that the
/// code of Blocks and of BlockDisputes agrees on where everything lies.
abstract contract BlockStore is IBlockFacts, PapyrusDomain {
    using LiveBlocks for LiveBlocks.Live;

    address internal immutable channels;
    IVault internal immutable vault;
    IParticipantRegistry internal immutable participants;
    IValidatorRegistry internal immutable validators;
    IResultRules internal immutable rules;
    address internal immutable adjudicator;
    address internal immutable questions;
    address internal immutable panel;

    mapping(bytes32 channelId => mapping(uint256 blockNumber => uint256[224])) private words;
    mapping(bytes32 channelId => LiveBlocks.Live) internal liveOf;

    constructor(Places memory places) PapyrusDomain(address(places.channels)) {
        channels = address(places.channels);
        vault = places.vault;
        participants = places.participants;
        validators = places.validators;
        rules = places.rules;
        adjudicator = places.adjudicator;
        questions = places.questions;
        panel = places.panel;
    }

    /// The numbers and the participants of the terms; refuses an unknown channel.
    function termsOf(bytes32 channelId) internal view returns (address place, ChannelTerms memory terms) {
        place = TermsCode.placeOf(channels, channelId);
        terms = TermsCode.hot(place);
        if (terms.participants.length == 0) revert UnknownChannel(channelId);
    }

    /// A block with its stage at a time, with the facts as they are now; refuses one that never starts.
    function find(bytes32 channelId, uint64 blockNumber, uint256 time)
        internal
        view
        returns (Found memory found, uint256[224] storage stored)
    {
        (found.place, found.terms) = termsOf(channelId);
        uint256 blocksMax = found.terms.blocksMax;
        if (blockNumber >= blocksMax) revert UnknownBlock(channelId, blockNumber, uint64(blocksMax));
        stored = words[channelId][blockNumber];
        found.channelId = channelId;
        found.blockNumber = blockNumber;
        found.state = BlockWords.stateOf(stored[BlockWords.STATE]);
        // Without a result there is nothing that could fall, and one slot less to read.
        if (found.state.firstRevealedAt != 0) {
            found.quarrel = BlockWords.quarrelOf(stored[BlockWords.QUARREL]);
        }
        if (found.state.disputedAt != 0) {
            found.dispute = BlockWords.disputeOf(stored[BlockWords.DISPUTE]);
            if (PartDecision.isDue(found, time)) PartDecision.decide(found, stored);
        }
        found.stage = stageAtTime(found, time);
    }

    /// A block as an act finds it: what has become clear of its parts is written first, so that nothing an act
    /// changes can change that.
    function findNow(bytes32 channelId, uint64 blockNumber)
        internal
        returns (Found memory found, uint256[224] storage stored)
    {
        (found, stored) = find(channelId, blockNumber, block.timestamp);
        keepDecision(found, stored);
    }

    /// Channels is asked only where no part was posted: a block with parts has started.
    function stageAtTime(Found memory found, uint256 time) internal view returns (Stage) {
        if (found.state.posted == 0) {
            (,, uint64 blocksEnd) = IChannels(channels).standing(found.channelId);
            if (found.blockNumber >= blocksEnd) return Stage.Void;
        }
        return
            BlockClock.stageOf(
                found.terms, found.blockNumber, found.state, found.quarrel, found.dispute, time
            );
    }

    function wordsOf(bytes32 channelId, uint64 blockNumber) internal view returns (uint256[224] storage) {
        return words[channelId][blockNumber];
    }

    function saveState(Found memory found, uint256[224] storage stored) internal {
        stored[BlockWords.STATE] = BlockWords.packState(found.state);
    }

    function saveQuarrel(Found memory found, uint256[224] storage stored) internal {
        stored[BlockWords.QUARREL] = BlockWords.packQuarrel(found.quarrel);
    }

    function saveDispute(Found memory found, uint256[224] storage stored) internal {
        stored[BlockWords.DISPUTE] = BlockWords.packDispute(found.dispute);
    }

    /// Writes down which parts count, where that has just become clear.
    function keepDecision(Found memory found, uint256[224] storage stored) private {
        if (!found.isNewlyDecided) return;
        uint256 before = BlockWords.quarrelOf(stored[BlockWords.QUARREL]).fallen;
        saveQuarrel(found, stored);
        saveDispute(found, stored);
        emit PartsDecided(found.channelId, found.blockNumber, found.dispute.counted);
        tellFallen(found, stored, found.quarrel.fallen & ~before);
    }

    /// `fallen`: a bit for each result.
    function tellFallen(Found memory found, uint256[224] storage stored, uint256 fallen) internal {
        for (uint256 i = 0; fallen >> i != 0; i++) {
            if (has(fallen, i)) emit ResultFell(found.channelId, found.blockNumber, hashOf(stored, i));
        }
    }

    function hashOf(uint256[224] storage stored, uint256 result) internal view returns (bytes32) {
        return bytes32(stored[BlockWords.RESULTS + 2 * result]);
    }

    function senderIndex(Found memory found) internal view returns (uint256) {
        return indexOf(found, msg.sender);
    }

    /// Index of the participant whose account or current operator key this is.
    function indexOf(Found memory found, address sender) internal view returns (uint256 index) {
        index = accountIndex(found, sender);
        if (index < found.terms.participants.length) return index;
        index = accountIndex(found, participants.operatorAccountOf(sender));
        if (index == found.terms.participants.length) revert NotParticipant(found.channelId, sender);
    }

    /// The number of participants if it is none of them.
    function accountIndex(Found memory found, address account) internal pure returns (uint256 index) {
        uint256 count = found.terms.participants.length;
        while (index < count && found.terms.participants[index] != account) index++;
    }

    /// Whether the account named the validator as its own before the block's start.
    function ownSince(Found memory found, uint256 index, address validator)
        internal
        view
        returns (uint64 since, bool isOwn)
    {
        since = validators.ownSince(found.terms.participants[index], validator);
        isOwn = since != 0 && since < BlockClock.startOf(found.terms, found.blockNumber);
    }

    function moveOne(Found memory found, WeiMove memory one) internal {
        WeiMove[] memory moves = new WeiMove[](1);
        moves[0] = one;
        moveWei(found, moves, 1);
    }

    /// The first `used` of the moves.
    function moveWei(Found memory found, WeiMove[] memory moves, uint256 used) internal {
        assembly ("memory-safe") {
            mstore(moves, used)
        }
        vault.moveWei(found.channelId, found.blockNumber, moves);
    }

    function locked(address account, WeiBook from, Reason reason, uint96 amount)
        internal
        pure
        returns (WeiMove memory)
    {
        return WeiMove(account, account, from, WeiBook.Locked, reason, amount);
    }

    function unlocked(address account, WeiBook to, Reason reason, uint96 amount)
        internal
        pure
        returns (WeiMove memory)
    {
        return WeiMove(account, account, WeiBook.Locked, to, reason, amount);
    }

    /// What is locked of the account goes to nobody.
    function burnt(address account, uint96 amount) internal pure returns (WeiMove memory) {
        return WeiMove(account, Bonds.BURN, WeiBook.Locked, WeiBook.Free, Reason.Burnt, amount);
    }

    function wrongStage(Found memory found) internal pure {
        revert WrongStage(found.channelId, found.blockNumber, found.stage);
    }

    /// A bit for each result that does not stand.
    function goneIn(Found memory found) internal pure returns (uint256) {
        return found.quarrel.fallen | found.quarrel.withdrawn;
    }

    function has(uint256 mask, uint256 index) internal pure returns (bool) {
        return (mask >> index) & 1 == 1;
    }

    function bit(uint256 index) internal pure returns (uint16) {
        return uint16(1 << index);
    }
}
