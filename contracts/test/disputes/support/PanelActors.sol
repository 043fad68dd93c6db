// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPanel} from "../../../src/disputes/IPanel.sol";
import {WeiBook} from "../../../src/interfaces/IVault.sol";
import {Bonds} from "../../../src/lib/Bonds.sol";
import {PanelFixture} from "./PanelFixture.sol";

/// Four participants quarrel about three parts of a block before twelve validators, who come, go, stake more and lock
/// what they have elsewhere; everything in any order, also too early, too late and by the wrong ones.
contract PanelActors is PanelFixture {
    uint256 public constant VALIDATORS = 12;
    uint8 public constant PARTS = 4;

    /// What this contract remembers: what panels have bound of validators' stakes, by part; what others locked.
    mapping(uint8 part => uint256) public bound_;
    uint256 public lockedElsewhere;
    uint256 public deposited;
    mapping(uint8 part => uint256) public concluded;

    function setUp() public override {
        super.setUp();
        deposited = 4 ether;
        putInDoubt(2);
        putInDoubt(3);
        for (uint256 i = 0; i < 5; i++) {
            stakeSome(i, 1 ether);
        }
        vm.warp(block.timestamp + 1);
    }

    function places() external view returns (address, address, bytes32, uint64) {
        return (address(panel), address(vault), id, BLOCK);
    }

    function accountAt(uint256 index) public pure returns (address) {
        if (index == 0) return Bonds.BURN;
        if (index == 1) return PANEL;
        return index < 6 ? account(index - 2) : validator(index - 6);
    }

    /// By the seams' own count, what owners still have locked for parts.
    function partBonds() external view returns (uint256 sum) {
        for (uint8 part = 1; part < PARTS; part++) {
            (,, uint96 bond,) = seams.partOf(id, BLOCK, part);
            sum += bond;
        }
    }

    // ── the registry ──

    function stakeSome(uint256 who, uint256 amount) public {
        address one = validator(who % VALIDATORS);
        amount = bound(amount, Bonds.STAKE_MIN, 2 ether);
        vm.deal(one, amount);
        vm.prank(one);
        try validators.register{value: amount}(keccak256("key"), "", 0, 0) {
            deposited += amount;
        } catch {}
    }

    function announceSome(uint256 who, uint256 share) external {
        address one = validator(who % VALIDATORS);
        (, uint256 stake, uint256 locked) = vault.weiOf(one);
        vm.prank(one);
        try validators.announceExit((stake + locked) * (share % 5) / 4) {} catch {}
    }

    function completeSome(uint256 who) external {
        vm.prank(validator(who % VALIDATORS));
        try validators.completeExit() {} catch {}
    }

    /// Blocks binds a stake elsewhere, sometimes all that is left of it, and gives nothing back.
    function lockSome(uint256 who, uint256 share) external {
        address one = validator(who % VALIDATORS);
        (, uint256 stake,) = vault.weiOf(one);
        uint256 amount = stake * (share % 4) / 3;
        lockedElsewhere += amount;
        moveAs(address(blocks), one, WeiBook.Stake, WeiBook.Locked, uint96(amount));
    }

    function seatSome(uint256 participant, uint256 who) external {
        seams.seat(id, BLOCK, participant % 4, who % 3 == 0 ? address(0) : validator(who % VALIDATORS));
    }

    // ── the panel ──

    function askSome(uint8 part, uint256 who) external {
        vm.prank(who % 2 == 0 ? account(who % 5) : operator(who % 5));
        try panel.ask(id, BLOCK, part % PARTS) {} catch {}
    }

    function drawSome(uint8 part, uint256 limit) public {
        part %= PARTS;
        if (limit % 3 != 0) vm.roll(block.number + 3);
        (, uint8 round,) = panel.standing(id, BLOCK, part);
        uint256[VALIDATORS] memory before = unlocked();
        bool wasDrawn = panel.roundAt(id, BLOCK, part, round).drawnAt != 0;
        try panel.draw(id, BLOCK, part, limit % 7 == 0 ? limit % 4 : 100) {} catch {}
        IPanel.PanelRound memory told = panel.roundAt(id, BLOCK, part, round);
        if (wasDrawn || told.drawnAt == 0) return;
        for (uint256 i = 0; i < VALIDATORS; i++) {
            for (uint256 k = 0; k < told.members.length; k++) {
                if (told.members[k] != validator(i)) continue;
                bound_[part] += before[i] < Bonds.PANEL_SEAT ? before[i] : Bonds.PANEL_SEAT;
            }
        }
    }

    /// All of a round at once, each as it likes; some commit without revealing, some nothing.
    function hearSome(uint8 part, uint256 choices) external {
        part %= PARTS;
        (, uint8 round,) = panel.standing(id, BLOCK, part);
        IPanel.PanelRound memory told = panel.roundAt(id, BLOCK, part, round);
        for (uint8 i = 0; i < told.members.length; i++) {
            uint256 choice = (choices >> (3 * i)) % 8;
            if (choice == 0) continue;
            bytes32 commitment = keccak256(
                abi.encode(id, BLOCK, part, round, told.members[i], choice % 2 == 0, bytes32(uint256(part)))
            );
            vm.prank(told.members[i]);
            try panel.commit(id, BLOCK, part, i, commitment) {} catch {}
        }
        uint256 revealFrom = told.drawnAt + PERIOD / 2;
        if (choices % 5 != 0 && told.drawnAt != 0 && block.timestamp < revealFrom) vm.warp(revealFrom);
        for (uint8 i = 0; i < told.members.length; i++) {
            uint256 choice = (choices >> (3 * i)) % 8;
            if (choice < 2) continue;
            try panel.reveal(id, BLOCK, part, i, choice % 2 == 0, bytes32(uint256(part))) {} catch {}
        }
    }

    function appealSome(uint8 part, uint256 who) external {
        part %= PARTS;
        if (who % 3 != 0) toVerdict(part);
        vm.prank(account(who % 5));
        try panel.appeal(id, BLOCK, part) {} catch {}
    }

    function concludeSome(uint8 part, uint256 wait) external {
        part %= PARTS;
        if (wait % 3 != 0) toVerdict(part);
        if (wait % 5 != 0) vm.warp(block.timestamp + ANSWER);
        end(part);
    }

    function releaseSome(uint8 part) public {
        part %= PARTS;
        try panel.release(id, BLOCK, part) {
            concluded[part]++;
        } catch {}
    }

    function spendElsewhere(uint8 part, uint256 chance) external {
        part = 1 + part % (PARTS - 1);
        if (chance % 8 != 0 || !seams.isOpen(id, BLOCK)) return;
        (address owner, uint96 bond) = seams.chargePart(id, BLOCK, part, Bonds.PART);
        moveAs(address(blocks), owner, WeiBook.Locked, WeiBook.Free, bond);
    }

    function closeSome(uint256 chance) external {
        if (chance % 32 == 0) seams.closeBlock(id, BLOCK);
    }

    function pass(uint256 time) external {
        vm.warp(block.timestamp + (time % 16 == 0 ? 90 days : time % 30));
        if (time % 9 == 0) vm.roll(block.number + 300);
    }

    /// Whatever was asked ends without anybody's help but the clock's: in three rounds, each drawn and waited for.
    function endsByTime(uint8 part) external returns (bool over) {
        address asker;
        (asker,, over) = panel.standing(id, BLOCK, part);
        if (asker == address(0) || over) return true;
        for (uint256 i = 0; i < 6; i++) {
            // Once more, should the hash be gone.
            drawSome(part, 100);
            drawSome(part, 100);
            vm.warp(block.timestamp + PERIOD + ANSWER);
            end(part);
            (,, over) = panel.standing(id, BLOCK, part);
            if (over) return true;
        }
    }

    function close() external {
        seams.closeBlock(id, BLOCK);
    }

    function end(uint8 part) private {
        try panel.conclude(id, BLOCK, part) {
            (,, bool over) = panel.standing(id, BLOCK, part);
            if (over) concluded[part]++;
        } catch {}
    }

    /// To when the time to reveal is over, if that is still to come.
    function toVerdict(uint8 part) private {
        (, uint8 round,) = panel.standing(id, BLOCK, part);
        uint256 drawnAt = panel.roundAt(id, BLOCK, part, round).drawnAt;
        if (drawnAt != 0 && block.timestamp < drawnAt + PERIOD) vm.warp(drawnAt + PERIOD);
    }

    function unlocked() private view returns (uint256[VALIDATORS] memory stakes) {
        for (uint256 i = 0; i < VALIDATORS; i++) {
            (, stakes[i],) = vault.weiOf(validator(i));
        }
    }
}
