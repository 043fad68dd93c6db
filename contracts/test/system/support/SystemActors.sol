// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IVault, LineFacts} from "../../../src/interfaces/IVault.sol";
import {SystemDisputes} from "./SystemDisputes.sol";

/// Everything else that anybody does: money in and out, exits, closings, and what was signed before sent again.
contract SystemActors is SystemDisputes {
    struct Old {
        address to;
        address sender;
        bytes call;
        uint256 until;
    }

    Old[] private olds;

    // ── lines ──

    /// Lines are mostly short of what their blocks could owe, one of them always.
    function depositSome(uint256 seed, uint256 amount) external told {
        (bytes32 id, uint8 payee) = pick(seed);
        amount = bound(amount, 1, seed % 4 == 3 ? 30 : (seed >> 8) % 4 == 0 ? 900 : 130);
        attempt(address(this), abi.encodeCall(IVault.deposit, (id, payee, amount)), "deposit");
    }

    function requestSome(uint256 seed, uint256 amount) external told {
        (bytes32 id, uint8 payee) = pick(seed);
        // One that is replaced starts anew, and would never be due.
        if (lineOf(id, payee).requested > 0 && (seed >> 8) % 4 != 0) return;
        uint256 asked = amount % (lineOf(id, payee).amount + 1);
        attempt(account(0), abi.encodeCall(IVault.requestWithdrawal, (id, payee, asked)), "request");
    }

    function executeSome(uint256) external told {
        for (uint256 k = 0; k < CHANNELS * (MEMBERS - 1); k++) {
            (bytes32 id, uint8 payee) = pick(k);
            if (lineOf(id, payee).requested == 0) continue;
            attempt(address(this), abi.encodeCall(IVault.executeWithdrawal, (id, payee)), "execute");
        }
    }

    /// The second payee alone; the first never does, so that its promises are held as they were.
    function releaseSome(uint256 seed, uint256 amount) external told {
        bytes32 id = idOf(seed % CHANNELS);
        uint256 held = lineOf(id, 2).amount;
        if (held == 0) return;
        amount = bound(amount, 1, held / 4 + 1);
        attempt(account(2), abi.encodeCall(IVault.release, (id, amount)), "release");
        forgetPromises(id, 2, amount);
    }

    function serveSome(uint256 seed) external told {
        (bytes32 id, uint8 payee) = pick(seed);
        uint256 debt = lineOf(id, payee).debt;
        bytes memory call = debt > 0 && (seed >> 16) % 2 == 0
            ? abi.encodeCall(IVault.payDebt, (id, payee, bound(seed >> 24, 1, debt)))
            : abi.encodeCall(IVault.serveDebt, (id, payee));
        attempt(address(this), call, "debt");
    }

    function giveUpSome(uint256 seed, uint256 way) external told {
        for (uint256 k = 0; k < CHANNELS * (MEMBERS - 1) * BLOCKS; k++) {
            (bytes32 id, uint8 payee) = pick(seed / 8 + k);
            uint64 n = uint64((seed / 8 + k) % BLOCKS);
            (uint256 amount,) = vault.contested(id, n, payee);
            if (amount > 0) return giveUp(id, n, payee, way % 3);
        }
    }

    function giveUp(bytes32 id, uint64 n, uint8 payee, uint256 way) private {
        bytes memory call = way == 0
            ? abi.encodeCall(IVault.concede, (id, n, payee))
            : way == 1
                ? abi.encodeCall(IVault.releaseContested, (id, n))
                : abi.encodeCall(IVault.burnContested, (id, n, payee));
        attempt(way == 0 ? account(0) : account(payee), call, "give up");
    }

    function closeSome(uint256 seed) external told {
        if (seed % 4 != 0 || startedNow() < 7) return;
        vm.prank(account((seed >> 8) % MEMBERS));
        try channels.closeChannel(idOf((seed >> 16) % CHANNELS)) {
            did("close");
        } catch (bytes memory why) {
            allow(why);
        }
    }

    // ── accounts ──

    function withdrawSome(uint256 seed, uint256 amount) external told {
        address owner = person(seed % (PEOPLE - 1));
        address asset = (seed >> 8) % 2 == 0 ? address(0) : address(token);
        uint256 balance = vault.balanceOf(asset, owner);
        if (balance == 0) return;
        amount = bound(amount, 1, (seed >> 16) % 4 == 0 ? balance : balance / 8 + 1);
        attempt(owner, abi.encodeCall(IVault.withdraw, (asset, address(0xf1e), amount)), "withdraw");
    }

    function depositWeiSome(uint256 seed, uint256 amount) external told {
        amount = bound(amount, 1, 0.1 ether);
        vm.deal(address(this), amount);
        vault.depositWei{value: amount}(person(seed % (PEOPLE - 1)));
    }

    function stakeSome(uint256 seed, uint256 amount) external told {
        address who = validator(seed % 4);
        (, uint256 staked,) = vault.weiOf(who);
        vm.startPrank(who);
        if ((seed >> 8) % 3 == 0) {
            try validators.announceExit(amount % (staked + 1)) {
                did("exit");
            } catch (bytes memory why) {
                allow(why);
            }
        } else {
            try validators.completeExit() {
                did("left");
            } catch (bytes memory why) {
                allow(why);
            }
        }
        vm.stopPrank();
    }

    // ── what was signed before ──

    function keepOld(address to, address sender, bytes memory call, uint256 until) internal override {
        if (olds.length < 40) olds.push(Old(to, sender, call, until));
    }

    /// By who sent it, or by anybody.
    function sendOldAgain(uint256 seed) external {
        Old memory old = olds[seed % olds.length];
        if (block.timestamp < old.until) return;
        vm.prank((seed >> 8) % 4 == 0 ? address(0x57a) : old.sender);
        (bool isDone, bytes memory why) = old.to.call(old.call);
        if (isDone) broken["old signature"] = "what was signed before worked again";
        allow(why);
        did("old");
    }

    // ── the end of everything ──

    /// All blocks end, all leave: whether nothing but what is burnt stays.
    function takeEverythingOut() external returns (bool) {
        vm.warp(endBound(BLOCKS) + 1_000);
        noteDecisions();
        for (uint256 c = 0; c < CHANNELS; c++) {
            leaveChannel(idOf(c));
        }
        releaseAll();
        for (uint256 i = 0; i < 4; i++) {
            (, uint256 staked,) = vault.weiOf(validator(i));
            if (staked == 0) continue;
            vm.prank(validator(i));
            validators.announceExit(staked);
        }
        vm.warp(block.timestamp + 90 days);
        for (uint256 i = 0; i < PEOPLE - 1; i++) {
            (, uint256 staked,) = vault.weiOf(person(i));
            if (staked > 0) {
                vm.prank(person(i));
                validators.completeExit();
            }
            takeAll(address(0), person(i));
            takeAll(address(token), person(i));
        }
        bool isEmpty = token.balanceOf(address(vault)) == vault.balanceOf(address(token), BURN);
        return isEmpty && address(vault).balance == othersWei + burnt;
    }

    function leaveChannel(bytes32 id) private {
        for (uint64 n = 0; n < BLOCKS; n++) {
            endOne(id, n);
            for (uint8 i = 1; i < MEMBERS; i++) {
                (uint256 amount,) = vault.contested(id, n, i);
                if (amount > 0) giveUp(id, n, i, n % 2);
            }
        }
        (, uint64 closedAt,) = channels.standing(id);
        if (closedAt == 0) {
            vm.prank(account(1));
            channels.closeChannel(id);
        }
        for (uint8 i = 1; i < MEMBERS; i++) {
            LineFacts memory facts = lineOf(id, i);
            if (facts.debt > 0 && facts.amount > 0) vault.serveDebt(id, i);
            if (lineOf(id, i).amount > 0) vault.executeWithdrawal(id, i);
        }
    }

    function takeAll(address asset, address owner) private {
        uint256 balance = vault.balanceOf(asset, owner);
        if (balance == 0) return;
        vm.prank(owner);
        vault.withdraw(asset, address(0xf1e), balance);
    }

    function attempt(address sender, bytes memory call, string memory act) private {
        vm.prank(sender);
        (bool isDone, bytes memory why) = address(vault).call(call);
        if (isDone) did(act);
        else allow(why);
    }

    function pick(uint256 seed) private view returns (bytes32, uint8) {
        return (idOf(seed % CHANNELS), uint8(1 + (seed / CHANNELS) % (MEMBERS - 1)));
    }
}
