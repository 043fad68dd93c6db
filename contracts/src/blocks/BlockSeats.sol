// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Stage} from "../interfaces/ChannelTypes.sol";
import {Delegation} from "../interfaces/BlockTypes.sol";
import {IBlockCourse} from "../interfaces/IBlockCourse.sol";
import {Reason, WeiBook, WeiMove} from "../interfaces/IVault.sol";
import {BlockClock} from "../lib/BlockClock.sol";
import {BlockTypedData} from "../lib/BlockTypedData.sol";
import {BlockWords, Seat} from "../lib/BlockWords.sol";
import {Bonds} from "../lib/Bonds.sol";
import {MerklePath} from "../lib/MerklePath.sol";
import {Signatures} from "../lib/Signatures.sol";
import {BlockParts} from "./BlockParts.sol";
import {Found} from "./FoundBlock.sol";

/// A participant's seat: the validator that it delegated to commits.
abstract contract BlockSeats is BlockParts {
    using SafeCast for uint256;

    /// @inheritdoc IBlockCourse
    function commitResult(
        Delegation calldata delegation,
        bytes calldata signature,
        bytes32[] calldata keyPath,
        bytes32 commitment
    ) external {
        (Found memory found, uint256[224] storage stored) =
            find(delegation.channelId, delegation.blockNumber, block.timestamp);
        uint256 index = delegation.participant;
        if (index >= found.terms.participants.length) revert UnknownParticipant(found.channelId, index);
        if (msg.sender != delegation.validator) {
            revert NotDelegatedValidator(msg.sender, delegation.validator);
        }
        requireCommitTime(found);
        requireDelegated(found, delegation, signature);
        requireKeyProven(found, delegation.keyCommitment, keyPath);
        address replaced = takeSeat(found, stored, delegation);
        stored[BlockWords.COMMITMENTS + index] = uint256(commitment);
        found.state.seats |= bit(index);
        if (delegation.binding) found.state.binding |= bit(index);
        else found.state.binding &= ~bit(index);
        saveState(found, stored);
        emit ResultCommitted(
            found.channelId, found.blockNumber, uint8(index), delegation, commitment, replaced
        );
    }

    function requireCommitTime(Found memory found) private view {
        if (found.state.firstRevealedAt != 0) {
            revert FirstRevealDone(found.channelId, found.blockNumber, found.state.firstRevealedAt);
        }
        if (found.stage != Stage.Processing) wrongStage(found);
        uint256 from =
            BlockClock.processingAt(found.terms, found.blockNumber, found.state, block.timestamp).from;
        uint256 until = from + found.terms.processingPeriod / 2;
        if (block.timestamp >= until) revert WrongTime(found.channelId, found.blockNumber, from, until);
    }

    function requireDelegated(Found memory found, Delegation calldata delegation, bytes calldata signature)
        private
        view
    {
        if (delegation.notAfter < block.timestamp) revert DelegationExpired(delegation.notAfter);
        address account = found.terms.participants[delegation.participant];
        if (delegation.binding) {
            (uint64 since, bool isOwn) = ownSince(found, delegation.participant, msg.sender);
            if (!isOwn) revert ValidatorNotOwn(account, msg.sender, since);
        }
        address operatorKey = participants.operatorKeyOf(account);
        bytes32 digest = digestOf(BlockTypedData.delegationHash(delegation));
        if (Signatures.isBy(operatorKey, digest, signature)) return;
        revert DelegationSignatureRefused(operatorKey);
    }

    function requireKeyProven(Found memory found, bytes32 keyCommitment, bytes32[] calldata keyPath)
        private
        pure
    {
        uint256 count = found.terms.blocksMax;
        (bytes32 root, bool isWhole) = MerklePath.rootOf(keyCommitment, found.blockNumber, count, keyPath);
        if (isWhole && root == found.terms.keysRoot) return;
        revert KeyCommitmentNotProven(keyCommitment, found.blockNumber);
    }

    /// Writes the seat and locks what it stands for; who is displaced by a higher nonce gets its bond back, and
    /// the participant the fee that it had reserved. Returns who was displaced.
    function takeSeat(Found memory found, uint256[224] storage stored, Delegation calldata delegation)
        private
        returns (address replaced)
    {
        uint256 index = delegation.participant;
        address account = found.terms.participants[index];
        WeiMove[] memory moves = new WeiMove[](4);
        uint256 used = 0;
        if (has(found.state.seats, index)) {
            Seat memory before = BlockWords.seatOf(stored[BlockWords.SEATS + index]);
            if (delegation.nonce <= before.nonce) revert NonceTooLow(before.nonce, delegation.nonce);
            replaced = before.validator;
            moves[used++] = unlocked(replaced, WeiBook.Stake, Reason.SeatBond, Bonds.SEAT);
            if (before.hasFee) {
                uint96 fee = uint96(stored[BlockWords.FEES + index]);
                moves[used++] = unlocked(account, WeiBook.Free, Reason.Fee, fee);
            }
        }
        bool hasFee = delegation.feeWei > 0;
        if (hasFee) {
            uint96 fee = delegation.feeWei.toUint96();
            stored[BlockWords.FEES + index] = fee;
            moves[used++] = locked(account, WeiBook.Free, Reason.Fee, fee);
        }
        moves[used++] = locked(msg.sender, WeiBook.Stake, Reason.SeatBond, Bonds.SEAT);
        stored[BlockWords.SEATS + index] =
            BlockWords.packSeat(Seat(msg.sender, delegation.nonce, 0, hasFee));
        moveWei(found, moves, used);
    }
}
