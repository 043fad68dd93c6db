// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IBlockCourse} from "../../../src/interfaces/IBlockCourse.sol";
import {BlockWords, Delegation, ResultWords} from "../../../src/interfaces/BlockTypes.sol";
import {BlockResult, Stage} from "../../../src/interfaces/ChannelTypes.sol";
import {LineFacts} from "../../../src/interfaces/IVault.sol";
import {BlockWords as RawWords, Quarrel} from "../../../src/lib/BlockWords.sol";
import {Bonds} from "../../../src/lib/Bonds.sol";
import {SystemDecision} from "./SystemDecision.sol";

/// Everything that members and validators do to blocks, in any order; what was promised at each block's
/// start is held against what the block pays.
abstract contract SystemBlocks is SystemDecision {
    mapping(bytes32 id => mapping(uint64 n => mapping(uint256 i => Said))) private committed;
    mapping(bytes32 id => mapping(uint64 n => mapping(uint256 i => bytes32))) private parts;
    mapping(bytes32 outputHash => Said) private saidOf;
    /// cover(n, payee) when n started; what the payee itself released since is taken off.
    mapping(bytes32 id => mapping(uint64 n => mapping(uint256 payee => uint256))) public promised;
    mapping(bytes32 id => mapping(uint64 n => uint256)) public paidBy;
    uint16 private constant ALL = 7;
    uint256 public burnt;
    uint64 private nonce;

    modifier told() {
        vm.recordLogs();
        _;
        follow();
    }

    // ── time ──

    /// To one of the next deadlines of any block, a second before or after it, or a little further.
    function letTimePass(uint256 seed) external {
        uint256 time = block.timestamp + 1 + (seed >> 8) % 30;
        if (block.timestamp < START) {
            time = START;
        } else if ((seed >> 16) % 4 != 0) {
            time = soonest(block.timestamp + 1);
            for (uint256 k = (seed >> 24) % 4; k > 0; k--) {
                time = soonest(time);
            }
            time = time + (seed >> 32) % 3 - 1;
        }
        if (time > block.timestamp) passTo(time);
        watch(idOf(seed % CHANNELS), uint64((seed >> 40) % BLOCKS));
    }

    function soonest(uint256 after_) private view returns (uint256 time) {
        time = after_ + 100;
        for (uint256 c = 0; c < CHANNELS; c++) {
            for (uint64 n = 0; n < startedNow(); n++) {
                uint256 deadline = nextDeadline(idOf(c), n, after_);
                if (deadline != 0 && deadline < time) time = deadline;
            }
        }
    }

    /// Nobody does anything for several blocks.
    function stayQuiet(uint256 seed) external {
        if (seed % 3 == 0 && startedNow() > 3) passTo(block.timestamp + 100 + (seed >> 8) % 500);
        watch(idOf(seed % CHANNELS), uint64((seed >> 40) % BLOCKS));
    }

    /// Stops at every start of a block, where promises count.
    function passTo(uint256 time) internal {
        if (time > endBound(BLOCKS) + 500) return;
        for (uint64 n = startedNow(); n < BLOCKS && beginsAt(n) <= time; n++) {
            vm.warp(beginsAt(n));
            for (uint256 c = 0; c < CHANNELS; c++) {
                for (uint256 i = 1; i < MEMBERS; i++) {
                    promised[idOf(c)][n][i] = vault.cover(idOf(c), n, uint8(i));
                }
            }
        }
        vm.warp(time);
        noteDecisions();
    }

    /// The first after a time, 0 if there is none.
    function nextDeadline(bytes32 id, uint64 n, uint256 after_) private view returns (uint256 time) {
        Noted memory one = noted[id][n];
        uint256 c = collatesAt(n);
        if (one.wordsAtEnd != 0 || (one.posted == 0 && block.timestamp > c + periods.collation)) return 0;
        uint256 p = one.posted == ALL ? one.lastPostedAt : c + periods.collation;
        (uint256 whole, uint256 half) = (periods.processing, periods.processing / 2);
        uint256[13] memory times = [
            c,
            p,
            p + half,
            p + whole,
            p + whole + half,
            p + 2 * whole,
            processedAt(id, n) + periods.challenge,
            0,
            0,
            0,
            0,
            0,
            0
        ];
        if (one.disputedAt != 0) {
            times[7] = processedAt(id, n) + 2 * periods.challenge;
            times[8] = decidesAt(id, n);
            times[9] = times[8] + half;
            times[10] = times[9] + periods.challenge;
            times[11] = one.revealedAt + periods.challenge;
            times[12] = one.disputedAt + periods.disputeMax;
        }
        for (uint256 k = 0; k < 13; k++) {
            if (times[k] > after_ && (time == 0 || times[k] < time)) time = times[k];
        }
    }

    // ── parts, seats, results ──

    /// Every block goes a step on, if who must act does.
    function carryOn(uint256 seed) external told {
        for (uint256 c = 0; c < CHANNELS; c++) {
            for (uint64 n = 0; n < startedNow(); n++) {
                uint256 random = uint256(keccak256(abi.encode(seed, c, n)));
                carryOne(idOf(c), n, random);
            }
        }
    }

    function carryOne(bytes32 id, uint64 n, uint256 random) private {
        Stage stage = stageOf(id, n);
        if (stage == Stage.Collation) return postIn(id, n, random);
        if (stage == Stage.Processing) {
            commitIn(id, n, random);
            return revealIn(id, n, random);
        }
        if (stage >= Stage.Final && random % 3 == 0) endOne(id, n);
        if (stage != Stage.Challenge && stage != Stage.Dispute) return;
        for (uint256 i = 0; i < MEMBERS && decisions[id][n].isClear; i++) {
            ownOf(id, n, i, random >> (8 + 8 * i));
        }
        if (random % 4 == 0) ownIn(id, n, random >> 8);
        if (random % 8 == 1) acceptIn(id, n, random >> 8);
        if (stage == Stage.Dispute) quarrelIn(id, n, random >> 16);
    }

    /// What the contracts of disputes do to a block in one.
    function quarrelIn(bytes32 id, uint64 n, uint256 random) internal virtual;

    function postIn(bytes32 id, uint64 n, uint256 seed) private {
        for (uint256 i = 0; i < MEMBERS; i++) {
            if (parts[id][n][i] != 0 || (seed >> (8 + 2 * i)) % 4 == 0) continue;
            bytes32 root = keccak256(abi.encode(seed, i));
            vm.prank((seed >> 16) % 2 == 0 ? account(i) : operator(i));
            try blocks.postPart(id, n, root, 3, root) {
                if (parts[id][n][i] != 0) broken["write once"] = "a second part";
                parts[id][n][i] = root;
                noted[id][n].posted |= uint16(1 << i);
                noted[id][n].lastPostedAt = uint40(block.timestamp);
                did("part");
            } catch (bytes memory why) {
                allow(why);
            }
        }
        watch(id, n);
    }

    function commitIn(bytes32 id, uint64 n, uint256 seed) private {
        for (uint256 i = 0; i < MEMBERS; i++) {
            uint256 random = uint256(keccak256(abi.encode(seed, i)));
            if (random % 4 != 0) commitOne(id, n, i, random >> 8);
        }
        watch(id, n);
    }

    function commitOne(bytes32 id, uint64 n, uint256 i, uint256 random) private {
        Delegation memory one = delegationOf(id, n, i, random % 3 != 0);
        one.nonce = ++nonce;
        one.feeWei = (random >> 8) % 4;
        one.notAfter = uint64(block.timestamp + (random >> 16) % 60);
        if (!one.binding) one.validator = validator((random >> 24) % 4);
        // Most say the same of a block.
        bool isOdd = (random >> 32) % 4 == 0;
        Said memory said =
            Said(uint8((isOdd ? random >> 40 : uint256(n)) % 6), partsFor(id, n, isOdd ? random >> 56 : 1));
        bytes32 commitment = commitmentOf(id, n, one.validator, made(said));
        bytes memory call = abi.encodeCall(
            IBlockCourse.commitResult, (one, delegationSignature(one), pathOf[n], commitment)
        );
        // Some are signed and never used: they end by themselves.
        if ((random >> 48) % 5 == 0) {
            return keepOld(address(blocks), one.validator, call, uint256(one.notAfter) + 1);
        }
        vm.prank(one.validator);
        (bool isDone, bytes memory why) = address(blocks).call(call);
        if (!isDone) return allow(why);
        committed[id][n][i] = said;
        saidOf[lens.outputHashOf(id, n, made(said))] = said;
        keepOld(address(blocks), one.validator, call, 0);
        did("commit");
    }

    function revealIn(bytes32 id, uint64 n, uint256 seed) private {
        for (uint256 i = 0; i < MEMBERS; i++) {
            if ((seed >> (8 * i)) % 8 == 7) continue;
            BlockResult memory result = made(committed[id][n][i]);
            bytes32 opening = openingOf(result);
            try blocks.revealResult(id, n, uint8(i), result, opening, WORK, SALT) {
                noteReveal(id, n);
                did("reveal");
            } catch (bytes memory why) {
                allow(why);
            }
        }
        watch(id, n);
    }

    function noteReveal(bytes32 id, uint64 n) private {
        Noted storage one = noted[id][n];
        if (one.firstRevealedAt == 0) one.firstRevealedAt = uint40(block.timestamp);
        one.revealedAt = uint40(block.timestamp);
        if (one.disputedAt == 0 && stageOf(id, n) == Stage.Dispute) {
            one.disputedAt = uint40(block.timestamp);
        }
    }

    function ownSome(uint256 seed) external told {
        (bool isFound, bytes32 id, uint64 n) = pickBlock(seed, Stage.Processing, Stage.Dispute);
        if (isFound) ownIn(id, n, seed);
    }

    function ownIn(bytes32 id, uint64 n, uint256 seed) private {
        ownOf(id, n, (seed >> 16) % MEMBERS, seed);
    }

    function ownOf(bytes32 id, uint64 n, uint256 member, uint256 seed) private {
        Said memory said = Said(uint8((seed >> 8) % 6), partsFor(id, n, seed >> 24));
        BlockResult memory result = made(said);
        bytes32 opening = openingOf(result);
        (uint256 before,,) = vault.weiOf(BURN);
        vm.prank(account(member));
        try blocks.revealOwnResult(id, n, result, opening) {
            saidOf[lens.outputHashOf(id, n, result)] = said;
            noteReveal(id, n);
            noteOwn(id, n, before);
            did("own result");
        } catch (bytes memory why) {
            allow(why);
        }
        watch(id, n);
    }

    /// All posted parts that may count, or one less.
    function partsFor(bytes32 id, uint64 n, uint256 random) private view returns (uint16 some) {
        if (decisions[id][n].isClear && random % 4 != 0) return decisions[id][n].counted;
        some = noted[id][n].posted;
        if (random % 2 == 0) some &= ~uint16(1 << ((random >> 8) % MEMBERS));
        // What is struck is refused.
        if (noted[id][n].disputedAt != 0 && (random >> 16) % 4 != 0) some &= ~words(id, n).struck;
    }

    /// Where it was decided before which parts count, a bond that was lost may have been burnt for it.
    function noteOwn(bytes32 id, uint64 n, uint256 burntBefore) private {
        (uint256 burntNow,,) = vault.weiOf(BURN);
        if (decisions[id][n].isClear) did("own result in the window");
        if (burntNow == burntBefore) return;
        if (!decisions[id][n].isClear || burntNow - burntBefore != Bonds.OWN_RESULT) {
            broken["decision"] = "burnt for nothing";
        }
        burnt += Bonds.OWN_RESULT;
        did("burnt for another");
    }

    /// One of a block's results, by one member or by all.
    function acceptSome(uint256 seed) external told {
        (bool isFound, bytes32 id, uint64 n) = pickBlock(seed, Stage.Processing, Stage.Dispute);
        if (isFound) acceptIn(id, n, seed);
    }

    function acceptIn(bytes32 id, uint64 n, uint256 seed) private {
        ResultWords[] memory results = words(id, n).results;
        if (results.length == 0) return;
        bytes32 hash = results[(seed >> 8) % results.length].outputHash;
        for (uint256 i = 0; i < MEMBERS; i++) {
            if ((seed >> 16) % 4 != 0 && (seed >> 24) % MEMBERS != i) continue;
            vm.prank((seed >> 32) % 2 == 0 ? account(i) : validator(i));
            try blocks.acceptResult(id, n, uint8(i), hash) {
                did("acceptance");
            } catch (bytes memory why) {
                allow(why);
            }
        }
        watch(id, n);
    }

    // ── ends ──

    function endSome(uint256 seed) external told {
        for (uint256 k = 0; k < CHANNELS * BLOCKS; k++) {
            bytes32 id = idOf(((seed >> 8) + k) % CHANNELS);
            if (endOne(id, uint64((seed / 2 + k / CHANNELS) % BLOCKS))) return;
        }
    }

    /// Whether there was anything to end.
    function endOne(bytes32 id, uint64 n) internal returns (bool) {
        Stage stage = stageOf(id, n);
        if (stage != Stage.Final && stage != Stage.Void) return false;
        if (noted[id][n].posted == 0 || noted[id][n].wordsAtEnd != 0) return false;
        BlockWords memory all = words(id, n);
        for (uint256 i = 0; i < all.seats.length; i++) {
            if (!all.seats[i].revealed) burnt += Bonds.SILENCE;
        }
        uint256 fetchable = forfeitableIn(id, n);
        if (stage == Stage.Void) {
            blocks.releaseVoid(id, n);
            did("void");
        } else {
            settleOne(id, n, all);
        }
        if (forfeitableIn(id, n) == 0) burnt += fetchable * Bonds.OWN_RESULT;
        noteBurntAtEnd(id, n);
        noted[id][n].wordsAtEnd = wordsAfter(id, n);
        watch(id, n);
        return true;
    }

    /// Own results that were taken back after they were accused, and whose bonds nobody has fetched.
    function forfeitableIn(bytes32 id, uint64 n) internal view returns (uint256) {
        return countOf(RawWords.disputeOf(blocks.rawWords(id, n)[RawWords.DISPUTE]).forfeitable);
    }

    function noteBurntAtEnd(bytes32 id, uint64 n) private {
        uint256[] memory raw = blocks.rawWords(id, n);
        Quarrel memory quarrel = RawWords.quarrelOf(raw[RawWords.QUARREL]);
        uint256 lost = lostIn(id, n);
        burnt += countOf(quarrel.burntSeats & ~lost) * Bonds.SEAT;
        burnt += countOf(quarrel.burntOwn & ~(lost >> 16)) * Bonds.OWN_RESULT;
        if (RawWords.disputeOf(raw[RawWords.DISPUTE]).decided) did("decision");
        for (uint256 part = 0; quarrel.struck >> part != 0; part++) {
            if ((quarrel.struck >> part) & 1 == 0) continue;
            uint256 left = Bonds.PART - raw[RawWords.CHARGES + part];
            uint256 provers = countOf(uint16(raw[RawWords.PROVERS] >> (16 * part)));
            burnt += left - provers * (left / 2 / provers);
            did("shared");
        }
    }

    function countOf(uint256 mask) private pure returns (uint256 count) {
        for (; mask != 0; mask &= mask - 1) {
            count++;
        }
    }

    function settleOne(bytes32 id, uint64 n, BlockWords memory all) private {
        BlockResult[] memory standing = new BlockResult[](all.results.length);
        uint64[2] memory low = [type(uint64).max, type(uint64).max];
        uint64[2] memory high;
        uint256 count = 0;
        for (uint256 r = 0; r < all.results.length; r++) {
            bool isOut = all.results[r].fallen || all.results[r].withdrawn;
            isOut = isOut || (decisions[id][n].fallen >> r) & 1 == 1;
            if (all.agreed == 0 ? isOut : r + 1 != all.agreed) continue;
            Said memory said = saidOf[all.results[r].outputHash];
            standing[count] = made(said);
            for (uint256 k = 0; k < 2; k++) {
                uint64 nano = amountIn(standing[count], k + 1);
                if (nano < low[k]) low[k] = nano;
                if (nano > high[k]) high[k] = nano;
            }
            count++;
        }
        assembly ("memory-safe") {
            mstore(standing, count)
        }
        uint256[2] memory before = [earned(1), earned(2)];
        uint256[2] memory owing = [lineOf(id, 1).debt, lineOf(id, 2).debt];
        blocks.settle(id, n, standing);
        did(count == 1 ? "settle" : "settle between");
        for (uint256 k = 0; k < 2; k++) {
            uint256 paid = earned(k + 1) - before[k];
            paidBy[id][n] += paid;
            checkPayment(id, n, k + 1, [low[k], high[k]], paid, owing[k]);
        }
    }

    function checkPayment(
        bytes32 id,
        uint64 n,
        uint256 payee,
        uint64[2] memory nano,
        uint256 paid,
        uint256 debtBefore
    ) private {
        LineFacts memory facts = lineOf(id, payee);
        uint256 owed = least(unitsOf(id, nano[0]), facts.blockMax);
        uint256 most = least(unitsOf(id, nano[1]), facts.blockMax);
        uint256 sure = promised[id][n][payee];
        (uint256 open,) = vault.contested(id, n, uint8(payee));
        if (paid < least(owed, sure)) broken["cover"] = "less than the cover was paid";
        if (paid + open < least(most, sure)) broken["cover"] = "less than the cover left the line";
        if (facts.debt != debtBefore + owed - paid) broken["cover"] = "what lacked is no debt";
        if (owed + open > most) broken["cover"] = "more than the highest result";
    }

    function forgetPromises(bytes32 id, uint256 payee, uint256 amount) internal {
        for (uint64 n = 0; n < startedNow(); n++) {
            uint256 sure = promised[id][n][payee];
            promised[id][n][payee] = sure > amount ? sure - amount : 0;
        }
    }

    function amountIn(BlockResult memory result, uint256 payee) private pure returns (uint64) {
        return uint64(uint256(result.amountWords[0]) >> (192 - 64 * payee));
    }

    function least(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
    }
}
