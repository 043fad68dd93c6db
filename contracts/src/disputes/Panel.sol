// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IBlockSeams} from "../interfaces/IBlockSeams.sol";
import {IVault, Reason, WeiBook, WeiMove} from "../interfaces/IVault.sol";
import {Bonds} from "../lib/Bonds.sol";
import {IParticipantRegistry} from "../registries/IParticipantRegistry.sol";
import {IValidatorRegistry} from "../registries/IValidatorRegistry.sol";
import {IPanel} from "./IPanel.sol";
import {PanelMoney} from "./PanelMoney.sol";
import {PanelStore} from "./PanelStore.sol";

/// Whether parts were served, as validators by lot say.
contract Panel is PanelMoney {
    constructor(
        address channels_,
        IVault vault_,
        IBlockSeams blocks_,
        IParticipantRegistry participants_,
        IValidatorRegistry validators_
    ) PanelStore(channels_, vault_, blocks_, participants_, validators_) {}

    /// @inheritdoc IPanel
    function ask(bytes32 channelId, uint64 blockNumber, uint8 part) external {
        Subject memory subject = Subject(channelId, blockNumber, part, 0);
        Case storage found = caseOf(subject);
        if (found.asker != address(0)) revert AlreadyAsked(channelId, blockNumber, part);
        (uint8 participant, address account, bytes27 partDigest) =
            blocks.holdQuestion(channelId, blockNumber, part, msg.sender);
        (found.asker, found.participant) = (account, participant);
        lock(subject, account, Reason.QuestionBond);
        emit PanelAsked(channelId, blockNumber, part, account, partDigest);
        nameHeight(subject, found.rounds[0]);
    }

    /// @inheritdoc IPanel
    function commit(bytes32 channelId, uint64 blockNumber, uint8 part, uint8 place, bytes32 commitment)
        external
    {
        (Subject memory subject,, Round storage round) = findDrawn(channelId, blockNumber, part);
        requireTime(round.drawnAt, revealFrom(channelId, round));
        if (memberAt(round, place) != msg.sender) revert NotMember(msg.sender, place);
        if (commitment == 0) revert CommitmentMissing();
        round.commitments[place] = commitment;
        emit PanelCommitted(channelId, blockNumber, part, subject.round, msg.sender, commitment);
    }

    /// @inheritdoc IPanel
    function reveal(
        bytes32 channelId,
        uint64 blockNumber,
        uint8 part,
        uint8 place,
        bool isHeld,
        bytes32 salt
    ) external {
        (Subject memory subject,, Round storage round) = findDrawn(channelId, blockNumber, part);
        requireTime(revealFrom(channelId, round), revealUntil(channelId, round));
        address member = memberAt(round, place);
        bytes32 given = commitmentOf(subject, member, isHeld, salt);
        bytes32 commitment = round.commitments[place];
        // Once revealed there is none any more.
        if (commitment != given) revert CommitmentMismatch(commitment, given);
        delete round.commitments[place];
        round.members[place] |= REVEALED;
        if (isHeld) round.held++;
        else round.notHeld++;
        emit PanelRevealed(channelId, blockNumber, part, subject.round, member, isHeld);
    }

    /// @inheritdoc IPanel
    function appeal(bytes32 channelId, uint64 blockNumber, uint8 part) external {
        (Subject memory subject, Case storage found, Round storage round) =
            findDrawn(channelId, blockNumber, part);
        if (subject.round == ROUNDS - 1 || round.held == round.notHeld) {
            revert NothingToAppeal(subject.round);
        }
        uint256 opensAt = revealUntil(channelId, round);
        requireTime(opensAt, opensAt + termsOf(channelId).answerPeriod);
        address account = participantOf(channelId);
        Round storage next = beginNext(subject, found);
        next.appellant = account;
        lock(subject, account, Reason.PanelBond);
        emit PanelAppealed(channelId, blockNumber, part, subject.round, account);
    }

    /// @inheritdoc IPanel
    function conclude(bytes32 channelId, uint64 blockNumber, uint8 part) external {
        (Subject memory subject, Case storage found, Round storage round) =
            findDrawn(channelId, blockNumber, part);
        if (round.count > 0) {
            uint256 opensAt = revealUntil(channelId, round);
            bool isLast = subject.round == ROUNDS - 1;
            bool isTie = round.held == round.notHeld;
            if (!isLast && !isTie) opensAt += termsOf(channelId).answerPeriod;
            requireTime(opensAt, type(uint256).max);
            if (!isLast && isTie) {
                beginNext(subject, found);
                return;
            }
        }
        found.isOver = true;
        bool isHeld = saysHeld(round);
        if (!isHeld) blocks.strikePart(channelId, blockNumber, part, uint16(1 << found.participant));
        payDecided(subject, found, isHeld);
        emit PanelConcluded(channelId, blockNumber, part, isHeld);
        blocks.freeQuestions(channelId, blockNumber, 1);
    }

    /// @inheritdoc IPanel
    function release(bytes32 channelId, uint64 blockNumber, uint8 part) external {
        (Subject memory subject, Case storage found) = find(channelId, blockNumber, part);
        if (blocks.isOpen(channelId, blockNumber)) revert BlockOpen(channelId, blockNumber);
        found.isOver = true;
        payUndecided(subject, found);
        emit PanelReleased(channelId, blockNumber, part);
    }

    function beginNext(Subject memory subject, Case storage found) private returns (Round storage next) {
        found.round = ++subject.round;
        next = found.rounds[subject.round];
        nameHeight(subject, next);
    }

    /// The bond for calling the subject's round.
    function lock(Subject memory subject, address account, Reason reason) private {
        WeiMove[] memory moves = new WeiMove[](1);
        moves[0] = WeiMove(account, account, WeiBook.Free, WeiBook.Locked, reason, bondOf(subject.round));
        vault.moveWei(subject.channelId, subject.blockNumber, moves);
    }

    /// The account of the participant that sends this: its own, otherwise whose operator key it is.
    function participantOf(bytes32 channelId) private view returns (address account) {
        address[] memory all = termsOf(channelId).participants;
        account = has(all, msg.sender) ? msg.sender : participants.operatorAccountOf(msg.sender);
        if (!has(all, account)) revert NotParticipant(channelId, msg.sender);
    }

    function has(address[] memory all, address account) private pure returns (bool) {
        for (uint256 i = 0; i < all.length; i++) {
            if (all[i] == account) return true;
        }
        return false;
    }

    function memberAt(Round storage round, uint8 place) private view returns (address) {
        if (place >= round.count) revert PlaceUnknown(place, round.count);
        return address(uint160(round.members[place]));
    }

    function revealFrom(bytes32 channelId, Round storage round) private view returns (uint256) {
        return round.drawnAt + termsOf(channelId).processingPeriod / 2;
    }

    function revealUntil(bytes32 channelId, Round storage round) private view returns (uint256) {
        return round.drawnAt + termsOf(channelId).processingPeriod;
    }

    function commitmentOf(Subject memory subject, address member, bool isHeld, bytes32 salt)
        private
        pure
        returns (bytes32)
    {
        return keccak256(
            abi.encode(
                subject.channelId, subject.blockNumber, subject.part, subject.round, member, isHeld, salt
            )
        );
    }
}
