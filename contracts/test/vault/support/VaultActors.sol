// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IVault, LineFacts, Reason, WeiBook, WeiMove} from "../../../src/interfaces/IVault.sol";
import {MoodyToken} from "../../support/OddTokens.sol";
import {Vm} from "../../support/Vm.sol";
import {VaultScene} from "./VaultScene.sol";

/// A payer, its payees and strangers who do all that a Vault lets anybody do, in any order. What was promised when a block
/// started is kept apart, and held against what it pays.
contract VaultActors is VaultScene {
    /// Started blocks of each channel, as far as their promises are noted.
    mapping(bytes32 id => uint64) private noted;
    /// cover(n, payee) when n started; what the payee itself released since is taken off.
    mapping(bytes32 id => mapping(uint64 n => mapping(uint256 payee => uint256))) public promised;
    /// What settled blocks owe a payee within blockMax, and what it got of that.
    mapping(bytes32 id => mapping(uint256 payee => uint256)) public owedInAll;
    mapping(bytes32 id => mapping(uint256 payee => uint256)) public gotInAll;
    /// What of a rule was broken, in words; empty if nothing was.
    string public broken;
    mapping(string act => uint256) public taken;

    /// Follows the events of an act.
    modifier told() {
        vm.recordLogs();
        _;
        follow();
    }

    // ── time and blocks ──

    /// At most to the next start of a block, so that every promise is noted when it counts.
    function letTimePass(uint256 seed) external {
        uint256 step = [uint256(1), 30, DURATION, DURATION][seed % 4];
        uint256 sinceStart = (block.timestamp + 500 - START) % DURATION;
        if (sinceStart + step > DURATION) step = DURATION - sinceStart;
        if (block.timestamp + step > START + DURATION * (BLOCKS + 12)) return;
        vm.warp(block.timestamp + step);
        notePromises();
    }

    function notePromises() private {
        for (uint256 c = 0; c < CHANNELS; c++) {
            bytes32 id = idOf(c);
            (,, uint64 blocksEnd) = channels.standing(id);
            uint64 started = startedNow();
            for (uint64 n = noted[id]; n < started && n < blocksEnd; n++) {
                for (uint256 i = 1; i < PEOPLE - 1; i++) {
                    promised[id][n][i] = vault.cover(id, n, uint8(i));
                }
                noted[id] = n + 1;
            }
        }
    }

    /// Any started block that is not over, in any order; sometimes with two results that differ.
    function settleSome(uint256 seed, uint64[2] memory low, uint64[2] memory more) external told {
        bytes32 id = idOf(seed % CHANNELS);
        (bool isFound, uint64 n) = liveBlock(id, seed >> 8);
        if (!isFound) return;
        if (seed % 7 == 0) {
            taken["void"]++;
            return blocks.makeVoid(id, n);
        }
        uint64[2] memory high;
        for (uint256 k = 0; k < 2; k++) {
            low[k] = low[k] % 200;
            high[k] = low[k] + more[k] % 200;
        }
        uint256[2] memory before = [gained(id, 1), gained(id, 2)];
        uint256[2] memory owing = [lineOf(id, 1).debt, lineOf(id, 2).debt];
        bool isOne = seed % 3 == 0;
        blocks.settle(id, n, words(low), isOne ? new bytes32[](0) : words(high));
        taken[isOne ? "settle" : "settle between"]++;
        for (uint256 k = 0; k < 2; k++) {
            checkPayment(id, n, k + 1, low[k], gained(id, k + 1) - before[k], owing[k]);
        }
    }

    function checkPayment(
        bytes32 id,
        uint64 n,
        uint256 payee,
        uint64 nano,
        uint256 paid,
        uint256 debtBefore
    ) private {
        LineFacts memory facts = lineOf(id, payee);
        uint256 owed = unitsOf(id, nano);
        if (owed > facts.blockMax) owed = facts.blockMax;
        uint256 sure = promised[id][n][payee];
        if (paid < (owed < sure ? owed : sure)) broken = "less than the cover was paid";
        if (facts.debt != debtBefore + owed - paid) broken = "what lacked is no debt";
        (uint256 open,) = vault.contested(id, n, uint8(payee));
        if (owed + open > facts.blockMax) broken = "more than blockMax";
        owedInAll[id][payee] += owed;
        gotInAll[id][payee] += paid;
    }

    function closeSome(uint256 seed) external {
        bytes32 id = idOf(seed % CHANNELS);
        (, uint64 closedAt,) = channels.standing(id);
        // Rarely, since it ends much.
        if (closedAt != 0 || (seed >> 8) % 3 != 0) return;
        channels.close(id, startedNow());
        taken["close"]++;
    }

    // ── lines ──

    function depositSome(uint256 seed, uint256 amount) external told {
        (bytes32 id, uint8 payee) = pick(seed);
        (, uint64 closedAt,) = channels.standing(id);
        uint256 debt = lineOf(id, payee).debt;
        arm(seed >> 16);
        vm.prank(person(seed >> 8));
        try vault.deposit(id, payee, bound(amount, 1, 500)) {
            if (closedAt != 0) broken = "a closed channel took a deposit";
            gotInAll[id][payee] += debt - lineOf(id, payee).debt;
            taken[debt > 0 ? "deposit over a debt" : "deposit"]++;
        } catch (bytes memory why) {
            allow(why, closedAt != 0 ? IVault.ChannelAlreadyClosed.selector : bytes4(0));
        }
        disarm();
    }

    function requestSome(uint256 seed, uint256 amount) external told {
        (bytes32 id, uint8 payee) = pick(seed);
        uint256 asked = amount % (lineOf(id, payee).amount + 1);
        vm.prank(person(0));
        vault.requestWithdrawal(id, payee, asked);
        taken["request"]++;
    }

    function executeSome(uint256 seed) external told {
        (bytes32 id, uint8 payee) = pick(seed);
        LineFacts memory before = lineOf(id, payee);
        (, uint64 closedAt,) = channels.standing(id);
        uint256 payers = vault.balanceOf(tokenIn(id), person(0));
        try vault.executeWithdrawal(id, payee) {
            LineFacts memory after_ = lineOf(id, payee);
            uint256 amount = vault.balanceOf(tokenIn(id), person(0)) - payers;
            if (closedAt == 0) {
                if (amount > before.requested) broken = "more than requested";
                if (!areOverBefore(id, before.requestedAt + NOTICE)) broken = "before the notice ended";
            }
            if (after_.debt != 0) broken = "withdrawn beside a debt";
            uint256 rest = before.requested > amount ? before.requested - amount : 0;
            if (after_.requested != rest) broken = "what is asked for is not what was not paid";
            if (after_.amount < after_.blockMax * liveStarted(id)) broken = "withdrawn from a block";
            gotInAll[id][payee] += before.debt - after_.debt;
            taken[closedAt == 0 ? "execute in time" : "execute when closed"]++;
        } catch (bytes memory why) {
            bytes4 reason = closedAt != 0 ? bytes4(0) : IVault.BlocksNotOver.selector;
            if (closedAt == 0 && before.requested == 0) reason = IVault.NothingRequested.selector;
            allow(why, bytes4(why) == IVault.NothingFree.selector ? bytes4(why) : reason);
        }
    }

    /// The second payee alone; the first never does, so that its promises are held as they were.
    function releaseSome(uint256 seed, uint256 amount) external told {
        bytes32 id = idOf(seed % CHANNELS);
        uint256 line = lineOf(id, 2).amount;
        if (line == 0) return;
        amount = bound(amount, 1, line);
        vm.prank(person(2));
        vault.release(id, amount);
        forgetPromises(id, amount);
        taken["release"]++;
    }

    function payDebtSome(uint256 seed, uint256 amount) external told {
        (bytes32 id, uint8 payee) = pickIndebted(seed);
        uint256 debt = lineOf(id, payee).debt;
        if (debt == 0) return;
        amount = bound(amount, 1, debt);
        arm(seed >> 16);
        vm.prank(person(seed >> 8));
        try vault.payDebt(id, payee, amount) {
            gotInAll[id][payee] += debt - lineOf(id, payee).debt;
            taken["pay debt"]++;
        } catch (bytes memory why) {
            allow(why, bytes4(0));
        }
        disarm();
    }

    function serveSome(uint256 seed) external told {
        (bytes32 id, uint8 payee) = pickIndebted(seed);
        if ((seed >> 8) % 3 == 0) freeForDebt(id, payee);
        LineFacts memory before = lineOf(id, payee);
        uint256 reserve = before.blockMax * liveStarted(id);
        bool isFree = before.debt > 0 && before.amount > reserve;
        try vault.serveDebt(id, payee) {
            if (!isFree) broken = "served from what is not free";
            gotInAll[id][payee] += before.debt - lineOf(id, payee).debt;
            taken["serve"]++;
        } catch (bytes memory why) {
            bytes4 reason = before.debt == 0 ? IVault.DebtTooSmall.selector : IVault.NothingFree.selector;
            allow(why, isFree ? bytes4(0) : reason);
        }
    }

    /// Blocks that turn out void free what they kept.
    function freeForDebt(bytes32 id, uint8 payee) private {
        LineFacts memory facts = lineOf(id, payee);
        if (facts.debt == 0 || facts.amount == 0) return;
        while (facts.amount <= facts.blockMax * liveStarted(id)) {
            (, uint64 n) = liveBlock(id, 0);
            blocks.makeVoid(id, n);
        }
    }

    // ── contested ──

    function giveUpSome(uint256 seed, uint256 way) external told {
        (bytes32 id, uint8 payee, uint64 n) = pickContested(seed);
        (uint256 amount, uint64 since) = vault.contested(id, n, payee);
        bool isOld = block.timestamp >= since + RETENTION;
        bool isOpen = amount > 0 && (way % 3 != 2 || isOld);
        bytes4 reason = amount == 0 ? IVault.NothingContested.selector : IVault.ContestedTooYoung.selector;
        bytes memory call = way % 3 == 0
            ? abi.encodeCall(IVault.concede, (id, n, payee))
            : way % 3 == 1
                ? abi.encodeCall(IVault.releaseContested, (id, n))
                : abi.encodeCall(IVault.burnContested, (id, n, payee));
        vm.prank(way % 3 == 0 ? person(0) : person(payee));
        (bool isDone, bytes memory why) = address(vault).call(call);
        if (!isDone) allow(why, isOpen ? bytes4(0) : reason);
        else if (!isOpen) broken = "given up what was not open";
        else taken[way % 3 == 0 ? "concede" : way % 3 == 1 ? "release contested" : "burn"]++;
    }

    // ── accounts ──

    function withdrawSome(uint256 seed, uint256 amount) external told {
        address[3] memory tokens = [address(0), address(moody), address(hundredth)];
        address token = tokens[seed % 3];
        address owner = person(seed >> 8);
        uint256 balance = vault.balanceOf(token, owner);
        if (balance == 0) return;
        if (token != address(0)) arm(seed >> 16);
        vm.prank(owner);
        try vault.withdraw(token, address(uint160(0xf1e + seed % 5)), bound(amount, 1, balance)) {
            taken["withdraw"]++;
        } catch (bytes memory why) {
            allow(why, bytes4(0));
        }
        disarm();
    }

    function depositWeiSome(uint256 seed, uint256 amount) external told {
        address from = person(seed);
        vm.deal(from, 1e9);
        vm.prank(from);
        vault.depositWei{value: bound(amount, 1, 1e6)}(person(seed >> 8));
    }

    /// Up to six moves among few accounts; the last may ask for too much.
    function moveSome(uint256 seed, uint256 amounts) external told {
        WeiMove[] memory moves = new WeiMove[](seed % 7);
        for (uint256 k = 0; k < moves.length; k++) {
            uint256 one = uint256(keccak256(abi.encode(seed, k)));
            moves[k] = WeiMove(
                person(one),
                (one >> 8) % 2 == 0 ? person(one) : (one >> 16) % 5 == 0 ? BURN : person(one >> 16),
                WeiBook(1 + (one >> 24) % 3),
                WeiBook(1 + (one >> 32) % 3),
                Reason.SeatBond,
                uint96((amounts >> (16 * k)) % 1e5)
            );
        }
        vm.prank([address(blocks), REGISTRY, PANEL][seed % 3]);
        try vault.moveWei(idOf(0), 1, moves) {
            taken["move"]++;
        } catch (bytes memory why) {
            allow(why, IVault.WeiTooLittle.selector);
            taken["too little wei"]++;
        }
    }

    // ── the end ──

    /// All blocks end, all debts are paid, everybody takes everything out; true if nothing is left but what was
    /// burnt.
    function takeEverythingOut() external returns (bool) {
        vm.warp(START + DURATION * BLOCKS + RETENTION + 5_000);
        for (uint256 c = 0; c < CHANNELS; c++) {
            bytes32 id = idOf(c);
            (, uint64 closedAt, uint64 blocksEnd) = channels.standing(id);
            for (uint64 n = 0; n < blocksEnd; n++) {
                if (!blocks.isOver(id, n)) blocks.makeVoid(id, n);
            }
            if (closedAt == 0) channels.close(id, blocksEnd);
            for (uint8 i = 1; i < PEOPLE - 1; i++) {
                emptyLine(id, i, blocksEnd);
            }
        }
        address[2] memory tokens = [address(moody), address(hundredth)];
        for (uint256 k = 0; k < 2; k++) {
            for (uint256 i = 0; i < PEOPLE; i++) {
                takeOut(tokens[k], person(i));
            }
            uint256 left = MoodyToken(tokens[k]).balanceOf(address(vault));
            if (left != vault.balanceOf(tokens[k], BURN)) return false;
        }
        return true;
    }

    function emptyLine(bytes32 id, uint8 payee, uint64 blocksEnd) private {
        if (lineOf(id, payee).debt > 0 && lineOf(id, payee).amount > 0) vault.serveDebt(id, payee);
        // Several times, where the token keeps a fee.
        while (lineOf(id, payee).debt > 0) {
            uint256 debt = lineOf(id, payee).debt;
            vm.prank(person(3));
            vault.payDebt(id, payee, debt);
        }
        if (lineOf(id, payee).amount > 0) vault.executeWithdrawal(id, payee);
        for (uint64 n = 0; n < blocksEnd; n++) {
            (uint256 amount,) = vault.contested(id, n, payee);
            if (amount > 0) vault.burnContested(id, n, payee);
        }
    }

    function takeOut(address token, address owner) private {
        uint256 balance = vault.balanceOf(token, owner);
        if (balance == 0) return;
        vm.prank(owner);
        vault.withdraw(token, owner, balance);
    }

    // ── small parts ──

    /// Now and then the token calls somebody first: acts that are guarded are refused, others are done between.
    function arm(uint256 seed) private {
        if (seed % 4 != 0) return;
        (bytes32 id, uint8 payee) = pick(seed >> 8);
        bytes[3] memory calls = [
            abi.encodeCall(IVault.deposit, (id, payee, 1)),
            abi.encodeCall(IVault.withdraw, (address(moody), address(0xf1e), 1)),
            abi.encodeCall(IVault.payDebt, (id, payee, 1))
        ];
        moody.callNext(address(vault), calls[(seed >> 4) % 3]);
    }

    function disarm() private {
        moody.callNext(address(0), "");
    }

    function allow(bytes memory why, bytes4 reason) private {
        bytes4 found = bytes4(why);
        bool isGuard = found == bytes4(keccak256("ReentrancyGuardReentrantCall()"));
        if (!isGuard && (reason == bytes4(0) || found != reason)) {
            broken = "a refusal that nothing explains";
        }
        if (isGuard) taken["guard"]++;
        // Forge also keeps what was emitted before the refusal took it back.
        vm.getRecordedLogs();
    }

    function follow() private {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; i++) {
            if (logs[i].emitter == address(vault)) indexer.read(logs[i]);
        }
    }

    function forgetPromises(bytes32 id, uint256 amount) private {
        for (uint64 n = 0; n < BLOCKS; n++) {
            uint256 sure = promised[id][n][2];
            promised[id][n][2] = sure < amount ? 0 : sure - amount;
        }
    }
}
