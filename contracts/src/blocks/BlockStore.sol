// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ChannelTerms, Stage} from "../interfaces/ChannelTypes.sol";
import {IBlocks} from "../interfaces/IBlocks.sol";
import {IChannels} from "../interfaces/IChannels.sol";
import {IVault, Reason, WeiBook, WeiMove} from "../interfaces/IVault.sol";
import {IParticipantRegistry} from "../registries/IParticipantRegistry.sol";
import {IValidatorRegistry} from "../registries/IValidatorRegistry.sol";
import {TermsCode} from "../channels/TermsCode.sol";
import {BlockClock} from "../lib/BlockClock.sol";
import {BlockState, BlockWords, Quarrel} from "../lib/BlockWords.sol";
import {LiveBlocks} from "../lib/LiveBlocks.sol";
import {PapyrusDomain} from "../lib/PapyrusDomain.sol";

/// What Blocks stores, and the look-ups that every act begins with.
abstract contract BlockStore is IBlocks, PapyrusDomain {
    using LiveBlocks for LiveBlocks.Live;

    /// One block as an act finds it: read once, handed on as one word.
    struct Found {
        bytes32 channelId;
        uint64 blockNumber;
        address place;
        ChannelTerms terms;
        BlockState state;
        Quarrel quarrel;
        Stage stage;
    }

    address internal immutable channels;
    IVault internal immutable vault;
    IParticipantRegistry internal immutable participants;
    IValidatorRegistry internal immutable validators;
    address internal immutable adjudicator;
    address internal immutable panel;

    mapping(bytes32 channelId => mapping(uint256 blockNumber => uint256[192])) private words;
    mapping(bytes32 channelId => LiveBlocks.Live) internal liveOf;

    constructor(
        IChannels channels_,
        IVault vault_,
        IParticipantRegistry participants_,
        IValidatorRegistry validators_,
        address adjudicator_,
        address panel_
    ) PapyrusDomain(address(channels_)) {
        channels = address(channels_);
        vault = vault_;
        participants = participants_;
        validators = validators_;
        adjudicator = adjudicator_;
        panel = panel_;
    }

    /// The numbers and the participants of the terms; refuses an unknown channel.
    function termsOf(bytes32 channelId) internal view returns (address place, ChannelTerms memory terms) {
        place = TermsCode.placeOf(channels, channelId);
        terms = TermsCode.hot(place);
        if (terms.participants.length == 0) revert UnknownChannel(channelId);
    }

    /// A block with its stage now; refuses one that never starts.
    function find(bytes32 channelId, uint64 blockNumber)
        internal
        view
        returns (Found memory found, uint256[192] storage stored)
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
        found.stage = stageAtTime(found, block.timestamp);
    }

    /// What `find` leaves out before the first reveal.
    function loadQuarrel(Found memory found, uint256[192] storage stored) internal view {
        if (found.state.firstRevealedAt != 0) return;
        found.quarrel = BlockWords.quarrelOf(stored[BlockWords.QUARREL]);
    }

    /// Channels is asked only where no part was posted: a block with parts has started.
    function stageAtTime(Found memory found, uint256 time) internal view returns (Stage) {
        if (found.state.posted == 0) {
            (,, uint64 blocksEnd) = IChannels(channels).standing(found.channelId);
            if (found.blockNumber >= blocksEnd) return Stage.Void;
        }
        return BlockClock.stageOf(found.terms, found.blockNumber, found.state, found.quarrel, time);
    }

    function wordsOf(bytes32 channelId, uint64 blockNumber) internal view returns (uint256[192] storage) {
        return words[channelId][blockNumber];
    }

    function saveState(Found memory found, uint256[192] storage stored) internal {
        stored[BlockWords.STATE] = BlockWords.packState(found.state);
    }

    function saveQuarrel(Found memory found, uint256[192] storage stored) internal {
        stored[BlockWords.QUARREL] = BlockWords.packQuarrel(found.quarrel);
    }

    /// Index of the participant whose account or current operator key sent this.
    function senderIndex(Found memory found) internal view returns (uint256 index) {
        index = accountIndex(found, msg.sender);
        if (index < found.terms.participants.length) return index;
        index = accountIndex(found, participants.operatorAccountOf(msg.sender));
        if (index == found.terms.participants.length) revert NotParticipant(found.channelId, msg.sender);
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
