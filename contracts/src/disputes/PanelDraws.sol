// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Reason, WeiBook, WeiMove} from "../interfaces/IVault.sol";
import {IBlocks} from "../interfaces/IBlocks.sol";
import {BlockState, BlockWords} from "../lib/BlockWords.sol";
import {Bonds} from "../lib/Bonds.sol";
import {PanelDraw} from "../lib/PanelDraw.sol";
import {IPanel} from "./IPanel.sol";
import {PanelStore} from "./PanelStore.sol";

/// Who sits in a round. The list of validators is looked at from its end to its start, since an entry that is
/// removed is replaced by the last: so none is left out, however many calls it takes; one that is seen twice
/// counts once.
abstract contract PanelDraws is PanelStore {
    /// A draw under way, in memory.
    struct Draw {
        bytes32 seed;
        uint256 left;
        uint256 count;
        /// Entries that are kept, ascending.
        uint256[] kept;
    }

    /// Of a round that is named now, the height whose hash is nobody's to know yet.
    uint256 private constant SEED_AFTER = 2;

    /// @inheritdoc IPanel
    function draw(bytes32 channelId, uint64 blockNumber, uint8 part, uint256 limit) external {
        (Subject memory subject,, Round storage round) = findLive(channelId, blockNumber, part);
        if (round.drawnAt != 0) revert AlreadyDrawn(round.drawnAt);
        Draw memory one = begin(subject, round);
        if (one.seed == 0) return nameHeight(subject, round);
        look(subject, round.namedAt, one, limit);
        if (one.left == 0) complete(subject, round, one);
        else save(subject, round, one);
    }

    /// Begins a round, or begins it anew.
    function nameHeight(Subject memory subject, Round storage round) internal {
        round.height = uint40(block.number + SEED_AFTER);
        round.namedAt = uint40(block.timestamp);
        emit PanelHeightNamed(
            subject.channelId, subject.blockNumber, subject.part, subject.round, round.height
        );
    }

    /// The draw as it stands; without a seed where its hash is gone.
    function begin(Subject memory subject, Round storage round) private view returns (Draw memory one) {
        one.kept = new uint256[]((8 << subject.round) - 1);
        one.seed = round.seed;
        if (one.seed != 0) {
            one.left = round.left;
            one.count = round.count;
            for (uint256 i = 0; i < one.count; i++) {
                one.kept[i] = round.members[i];
            }
            return one;
        }
        if (block.number <= round.height) revert DrawTooEarly(round.height);
        bytes32 heightHash = blockhash(round.height);
        if (heightHash == 0) return one;
        one.left = validators.validatorCount();
        one.seed = PanelDraw.seedOf(
            heightHash, subject.channelId, subject.blockNumber, subject.part, subject.round
        );
    }

    function look(Subject memory subject, uint64 namedAt, Draw memory one, uint256 limit) private view {
        uint256 size = limit < one.left ? limit : one.left;
        one.left -= size;
        (address[] memory accounts, uint256[] memory weights) =
            validators.steadyBonds(one.left, size, namedAt);
        uint256[] memory words = IBlocks(address(blocks)).rawWords(subject.channelId, subject.blockNumber);
        uint256 seats = BlockWords.stateOf(words[BlockWords.STATE]).seats;
        for (uint256 i = accounts.length; i > 0; i--) {
            if (weights[i - 1] == 0) continue;
            uint256 entry = PanelDraw.entryOf(one.seed, accounts[i - 1], weights[i - 1]);
            if (!PanelDraw.isLow(one.kept, one.count, entry)) continue;
            if (holdsSeat(words, seats, accounts[i - 1])) continue;
            one.count = PanelDraw.insert(one.kept, one.count, entry);
        }
    }

    function holdsSeat(uint256[] memory words, uint256 seats, address account) private pure returns (bool) {
        for (uint256 i = 0; seats >> i != 0; i++) {
            bool isSeat = (seats >> i) & 1 == 1;
            if (isSeat && BlockWords.seatOf(words[BlockWords.SEATS + i]).validator == account) return true;
        }
        return false;
    }

    function save(Subject memory subject, Round storage round, Draw memory one) private {
        round.seed = one.seed;
        round.left = uint32(one.left);
        round.count = uint8(one.count);
        for (uint256 i = 0; i < one.count; i++) {
            round.members[i] = one.kept[i];
        }
        emit PanelDrawBegun(subject.channelId, subject.blockNumber, subject.part, subject.round, one.left);
    }

    /// Whose stake is locked for other blocks sits all the same: nobody can empty a panel by using it up.
    function complete(Subject memory subject, Round storage round, Draw memory one) private {
        WeiMove[] memory moves = new WeiMove[](one.count);
        address[] memory members = new address[](one.count);
        for (uint256 i = 0; i < one.count; i++) {
            address account = PanelDraw.accountOf(one.kept[i]);
            (, uint256 stake,) = vault.weiOf(account);
            uint96 bond = stake < Bonds.PANEL_SEAT ? uint96(stake) : Bonds.PANEL_SEAT;
            moves[i] = WeiMove(account, account, WeiBook.Stake, WeiBook.Locked, Reason.PanelBond, bond);
            members[i] = account;
            round.members[i] = uint160(account) | (uint256(bond) << BOND_SHIFT);
        }
        round.count = uint8(one.count);
        round.drawnAt = uint40(block.timestamp);
        vault.moveWei(subject.channelId, subject.blockNumber, moves);
        emit PanelDrawn(
            subject.channelId, subject.blockNumber, subject.part, subject.round, one.seed, members
        );
    }
}
