// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {TermsCode} from "../channels/TermsCode.sol";
import {IBlockSeams} from "../interfaces/IBlockSeams.sol";
import {ChannelTerms} from "../interfaces/ChannelTypes.sol";
import {IVault} from "../interfaces/IVault.sol";
import {IParticipantRegistry} from "../registries/IParticipantRegistry.sol";
import {IValidatorRegistry} from "../registries/IValidatorRegistry.sol";
import {IPanel} from "./IPanel.sol";

/// What the Panel stores, and the look-ups that every act begins with.
abstract contract PanelStore is IPanel {
    uint256 internal constant ROUNDS = 3;
    uint256 internal constant MEMBERS_MAX = 31;
    /// Of a member's word: its address, whether it revealed, and from BOND_SHIFT on what it has locked.
    uint256 internal constant REVEALED = 1 << 160;
    uint256 internal constant BOND_SHIFT = 161;

    struct Round {
        uint40 height;
        uint40 namedAt;
        uint40 drawnAt;
        /// Of a draw that has begun: entries of the list below it are still to be looked at.
        uint32 left;
        /// Members; of a draw that has begun those that are kept so far.
        uint8 count;
        uint8 held;
        uint8 notHeld;
        address appellant;
        /// 0 until the draw begins, and where it was made in one call.
        bytes32 seed;
        /// Entries of PanelDraw until the draw is complete.
        uint256[MEMBERS_MAX] members;
        bytes32[MEMBERS_MAX] commitments;
    }

    struct Case {
        /// The account whose bond is locked.
        address asker;
        /// Its index in the channel.
        uint8 participant;
        uint8 round;
        bool isOver;
        Round[ROUNDS] rounds;
    }

    /// What a case is about, and its current round.
    struct Subject {
        bytes32 channelId;
        uint64 blockNumber;
        uint8 part;
        uint8 round;
    }

    address internal immutable channels;
    IVault internal immutable vault;
    IBlockSeams internal immutable blocks;
    IParticipantRegistry internal immutable participants;
    IValidatorRegistry internal immutable validators;

    mapping(bytes32 channelId => mapping(uint64 blockNumber => mapping(uint8 part => Case))) private cases;

    constructor(
        address channels_,
        IVault vault_,
        IBlockSeams blocks_,
        IParticipantRegistry participants_,
        IValidatorRegistry validators_
    ) {
        channels = channels_;
        vault = vault_;
        blocks = blocks_;
        participants = participants_;
        validators = validators_;
    }

    /// @inheritdoc IPanel
    function standing(bytes32 channelId, uint64 blockNumber, uint8 part)
        external
        view
        returns (address asker, uint8 round, bool isOver)
    {
        Case storage one = cases[channelId][blockNumber][part];
        return (one.asker, one.round, one.isOver);
    }

    /// @inheritdoc IPanel
    function roundAt(bytes32 channelId, uint64 blockNumber, uint8 part, uint8 round)
        external
        view
        returns (PanelRound memory told)
    {
        Round storage one = cases[channelId][blockNumber][part].rounds[round];
        uint256 count = one.drawnAt == 0 ? 0 : one.count;
        told.height = one.height;
        told.namedAt = one.namedAt;
        told.drawnAt = one.drawnAt;
        told.appellant = one.appellant;
        told.held = one.held;
        told.notHeld = one.notHeld;
        told.members = new address[](count);
        told.commitments = new bytes32[](count);
        for (uint256 i = 0; i < count; i++) {
            uint256 word = one.members[i];
            told.members[i] = address(uint160(word));
            told.commitments[i] = one.commitments[i];
            if (word & REVEALED != 0) told.revealed |= uint32(1 << i);
        }
    }

    function caseOf(Subject memory subject) internal view returns (Case storage) {
        return cases[subject.channelId][subject.blockNumber][subject.part];
    }

    /// A case that has not ended.
    function find(bytes32 channelId, uint64 blockNumber, uint8 part)
        internal
        view
        returns (Subject memory subject, Case storage found)
    {
        found = cases[channelId][blockNumber][part];
        if (found.asker == address(0)) revert NotAsked(channelId, blockNumber, part);
        if (found.isOver) revert AlreadyConcluded(channelId, blockNumber, part);
        subject = Subject(channelId, blockNumber, part, found.round);
    }

    /// The current round of a case that has not ended, in a block that has not.
    function findLive(bytes32 channelId, uint64 blockNumber, uint8 part)
        internal
        view
        returns (Subject memory subject, Case storage found, Round storage round)
    {
        (subject, found) = find(channelId, blockNumber, part);
        if (!blocks.isOpen(channelId, blockNumber)) revert BlockOver(channelId, blockNumber);
        round = found.rounds[subject.round];
    }

    /// The same, drawn.
    function findDrawn(bytes32 channelId, uint64 blockNumber, uint8 part)
        internal
        view
        returns (Subject memory subject, Case storage found, Round storage round)
    {
        (subject, found, round) = findLive(channelId, blockNumber, part);
        if (round.drawnAt == 0) revert NotDrawn(subject.round);
    }

    function termsOf(bytes32 channelId) internal view returns (ChannelTerms memory) {
        return TermsCode.hot(TermsCode.placeOf(channels, channelId));
    }

    function requireTime(uint256 opensAt, uint256 closesAt) internal view {
        if (block.timestamp < opensAt || block.timestamp >= closesAt) revert WrongTime(opensAt, closesAt);
    }
}
