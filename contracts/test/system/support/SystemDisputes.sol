// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BlockWords} from "../../../src/interfaces/BlockTypes.sol";
import {Stage} from "../../../src/interfaces/ChannelTypes.sol";
import {Forfeit} from "../../../src/interfaces/IBlockSeams.sol";
import {Reason, WeiBook, WeiMove} from "../../../src/interfaces/IVault.sol";
import {Bonds} from "../../../src/lib/Bonds.sol";
import {SystemBlocks} from "./SystemBlocks.sol";

/// What Adjudicator, Questions and Panel do to blocks, in their order and with books of their own: they fell what
/// stands, give back where a block is over, and dispose of all that they are handed at once.
abstract contract SystemDisputes is SystemBlocks {
    struct Accusation {
        bytes32 id;
        uint64 n;
        uint8 result;
        address accuser;
        bool isValidator;
    }

    struct Question {
        bytes32 id;
        uint64 n;
        uint8 part;
        address asker;
    }

    Accusation[] private accusations;
    Question[] private questions;
    /// Wei that each has locked for what is open here.
    mapping(address account => uint256) public bondsOpen;

    // ── accusations ──

    function accuseSome(uint256 seed) external told {
        (bool isFound, bytes32 id, uint64 n) = pickBlock(seed, Stage.Dispute, Stage.Dispute);
        if (isFound) accuseIn(id, n, seed);
    }

    function quarrelIn(bytes32 id, uint64 n, uint256 random) internal override {
        if (random % 2 == 0) askIn(id, n, random >> 8);
        accuseIn(id, n, random >> 8);
        if ((random >> 2) % 16 == 0 && accusations.length > 0) judge(0, random >> 8);
        if ((random >> 4) % 2 == 0 && questions.length > 0) conclude(0, random >> 8);
    }

    function accuseIn(bytes32 id, uint64 n, uint256 seed) private {
        uint8 result = uint8((seed >> 8) % words(id, n).results.length);
        for (uint256 k = 0; k < MEMBERS; k++) {
            uint8 i = uint8(((seed >> 16) + k) % MEMBERS);
            uint256 kind = (seed >> (24 + 2 * k)) % 3;
            address sender = kind == 0 ? account(i) : kind == 1 ? operator(i) : validator(i);
            if (accuseOne(id, n, result, i, sender)) break;
        }
        watch(id, n);
    }

    function accuseOne(bytes32 id, uint64 n, uint8 result, uint8 participant, address sender)
        private
        returns (bool)
    {
        (uint256 free,,) = vault.weiOf(account(participant));
        (, uint256 staked,) = vault.weiOf(sender);
        if (free < Bonds.ACCUSATION || (staked > 0 && staked < Bonds.ACCUSATION)) return false;
        vm.prank(ADJUDICATOR);
        try blocks.holdAccusation(id, n, result, participant, sender) returns (
            bytes32 hash, address accuser, bool isValidator
        ) {
            if (hash != words(id, n).results[result].outputHash) broken["decision"] = "another result";
            accusations.push(Accusation(id, n, result, accuser, isValidator));
            bondsOpen[accuser] += Bonds.ACCUSATION;
            WeiBook from = isValidator ? WeiBook.Stake : WeiBook.Free;
            pay(
                ADJUDICATOR,
                id,
                n,
                WeiMove(accuser, accuser, from, WeiBook.Locked, Reason.AccusationBond, Bonds.ACCUSATION)
            );
            did("accusation");
            return true;
        } catch (bytes memory why) {
            allow(why);
            return false;
        }
    }

    /// One that is open is upheld, fails, or is released because its result stands no more.
    function judgeSome(uint256 seed) external told {
        if (seed % 3 == 0 && accusations.length > 0) judge((seed >> 8) % accusations.length, seed >> 16);
    }

    function judge(uint256 k, uint256 seed) private {
        Accusation memory one = accusations[k];
        if (!stands(one)) {
            drop(k);
            dispose(ADJUDICATOR, one.id, one.n, fetch(one), one.accuser);
            freeOne(one);
            giveBack(one);
            did("released accusation");
        } else if (seed % 2 == 0) {
            vm.prank(ADJUDICATOR);
            Forfeit[] memory forfeits = blocks.fall(one.id, one.n, one.result);
            dispose(ADJUDICATOR, one.id, one.n, forfeits, one.accuser);
            freeAll(one);
            did("fall");
        } else {
            drop(k);
            freeOne(one);
            address to = (seed >> 8) % 3 == 0 ? BURN : person((seed >> 16) % (PEOPLE - 1));
            loseTo(ADJUDICATOR, one.id, one.n, one.accuser, to, Bonds.ACCUSATION);
            did("failed accusation");
        }
        watch(one.id, one.n);
    }

    function stands(Accusation memory one) private view returns (bool) {
        if (!blocks.isOpen(one.id, one.n)) return false;
        BlockWords memory all = words(one.id, one.n);
        if ((decisions[one.id][one.n].fallen >> one.result) & 1 == 1) return false;
        return !all.results[one.result].fallen && !all.results[one.result].withdrawn;
    }

    /// All that accuse the same result get their bonds back; the block is told once.
    function freeAll(Accusation memory fallen) private {
        uint8 count = 0;
        for (uint256 k = accusations.length; k > 0; k--) {
            Accusation memory one = accusations[k - 1];
            if (one.id != fallen.id || one.n != fallen.n || one.result != fallen.result) continue;
            drop(k - 1);
            giveBack(one);
            count++;
        }
        vm.prank(ADJUDICATOR);
        blocks.freeAccusations(fallen.id, fallen.n, count);
    }

    /// The last one of a block that is over burns what nobody fetched.
    function freeOne(Accusation memory one) private {
        uint256 fetchable = forfeitableIn(one.id, one.n);
        vm.prank(ADJUDICATOR);
        blocks.freeAccusations(one.id, one.n, 1);
        burnt += (fetchable - forfeitableIn(one.id, one.n)) * Bonds.OWN_RESULT;
    }

    function fetch(Accusation memory one) private returns (Forfeit[] memory) {
        vm.prank(ADJUDICATOR);
        return blocks.forfeitTakenBack(one.id, one.n, one.result);
    }

    function giveBack(Accusation memory one) private {
        bondsOpen[one.accuser] -= Bonds.ACCUSATION;
        WeiBook to = one.isValidator ? WeiBook.Stake : WeiBook.Free;
        pay(
            ADJUDICATOR,
            one.id,
            one.n,
            WeiMove(one.accuser, one.accuser, WeiBook.Locked, to, Reason.AccusationBond, Bonds.ACCUSATION)
        );
    }

    function drop(uint256 k) private {
        accusations[k] = accusations[accusations.length - 1];
        accusations.pop();
    }

    // ── questions ──

    function askSome(uint256 seed) external told {
        (bool isFound, bytes32 id, uint64 n) = pickBlock(seed, Stage.Dispute, Stage.Dispute);
        if (isFound) askIn(id, n, seed);
    }

    function askIn(bytes32 id, uint64 n, uint256 seed) private {
        for (uint256 k = 0; k < MEMBERS; k++) {
            uint8 part = uint8(((seed >> 8) + k) % MEMBERS);
            uint256 i = (seed >> 16) % MEMBERS;
            address sender = (seed >> 24) % 2 == 0 ? account(i) : operator(i);
            if (askOne(id, n, part, i, sender)) break;
        }
        watch(id, n);
    }

    function askOne(bytes32 id, uint64 n, uint8 part, uint256 i, address sender) private returns (bool) {
        (uint256 free,,) = vault.weiOf(account(i));
        if (free < Bonds.QUESTION) return false;
        vm.prank(QUESTIONS);
        try blocks.holdQuestion(id, n, part, sender) returns (uint8 participant, address asker, bytes27) {
            if (participant != i || asker != account(i)) broken["decision"] = "another asker";
            questions.push(Question(id, n, part, asker));
            questioned[id][n] |= 1 << (16 * uint256(part) + i);
            questionsOpen[id][n]++;
            bondsOpen[asker] += Bonds.QUESTION;
            pay(
                QUESTIONS,
                id,
                n,
                WeiMove(asker, asker, WeiBook.Free, WeiBook.Locked, Reason.QuestionBond, Bonds.QUESTION)
            );
            did("question");
            return true;
        } catch (bytes memory why) {
            allow(why);
            return false;
        }
    }

    /// One that is open is upheld, refuted, held by a panel, or over with its block.
    function concludeSome(uint256 seed) external told {
        if (questions.length > 0) conclude((seed >> 8) % questions.length, seed >> 16);
    }

    function conclude(uint256 k, uint256 seed) private {
        Question memory one = questions[k];
        address by = (seed >> 8) % 2 == 0 ? QUESTIONS : PANEL;
        if (!blocks.isOpen(one.id, one.n)) {
            dropQuestion(k);
            giveBack(by, one);
            did("released question");
        } else if (seed % 3 == 0) {
            vm.prank(by);
            blocks.strikePart(one.id, one.n, one.part, uint16(1 << indexOf(one.asker)));
            uint8 count = giveBackAll(by, one);
            vm.prank(by);
            blocks.freeQuestions(one.id, one.n, count);
            noteFreed(one, count);
            did("strike");
        } else {
            if (seed % 3 == 1) chargeOwner(by, one, 2 * uint96(seed % (Bonds.PART / 2)));
            dropQuestion(k);
            loseTo(by, one.id, one.n, one.asker, person((seed >> 16) % (PEOPLE - 1)), Bonds.QUESTION);
            vm.prank(by);
            blocks.freeQuestions(one.id, one.n, 1);
            noteFreed(one, 1);
            did("refutation");
        }
        watch(one.id, one.n);
    }

    function noteFreed(Question memory one, uint256 count) private {
        questionsOpen[one.id][one.n] -= count;
        resolvedAt[one.id][one.n] = block.timestamp;
        noteDecision(one.id, one.n);
    }

    function chargeOwner(address by, Question memory one, uint96 amount) private {
        vm.prank(by);
        (address owner, uint96 charged) = blocks.chargePart(one.id, one.n, one.part, amount);
        if (owner != account(one.part)) broken["decision"] = "another owner";
        Forfeit[] memory forfeits = new Forfeit[](1);
        forfeits[0] = Forfeit(owner, charged);
        if (charged > 0) dispose(by, one.id, one.n, forfeits, BURN);
    }

    function indexOf(address participant) private view returns (uint256 index) {
        while (account(index) != participant) index++;
    }

    function giveBackAll(address by, Question memory struck) private returns (uint8 count) {
        for (uint256 k = questions.length; k > 0; k--) {
            Question memory one = questions[k - 1];
            if (one.id != struck.id || one.n != struck.n || one.part != struck.part) continue;
            dropQuestion(k - 1);
            giveBack(by, one);
            count++;
        }
    }

    function giveBack(address by, Question memory one) private {
        bondsOpen[one.asker] -= Bonds.QUESTION;
        pay(
            by,
            one.id,
            one.n,
            WeiMove(one.asker, one.asker, WeiBook.Locked, WeiBook.Free, Reason.QuestionBond, Bonds.QUESTION)
        );
    }

    function dropQuestion(uint256 k) private {
        questions[k] = questions[questions.length - 1];
        questions.pop();
    }

    // ── the end of everything ──

    /// Of blocks that are over: all bonds come back, and what was taken back and nobody fetched goes to nobody.
    function releaseAll() internal {
        while (accusations.length > 0) judge(0, 0);
        while (questions.length > 0) conclude(0, 0);
        for (uint256 c = 0; c < CHANNELS; c++) {
            for (uint64 n = 0; n < BLOCKS; n++) {
                if (noted[idOf(c)][n].disputedAt == 0) continue;
                for (uint8 r = 0; r < words(idOf(c), n).results.length; r++) {
                    Accusation memory one = Accusation(idOf(c), n, r, BURN, false);
                    dispose(ADJUDICATOR, one.id, n, fetch(one), BURN);
                }
                watch(idOf(c), n);
            }
        }
    }

    // ── money ──

    /// Half to the prover, the rest to nobody.
    function dispose(address by, bytes32 id, uint64 n, Forfeit[] memory forfeits, address prover) private {
        for (uint256 i = 0; i < forfeits.length; i++) {
            uint96 half = forfeits[i].amount / 2;
            address from = forfeits[i].account;
            pay(by, id, n, WeiMove(from, prover, WeiBook.Locked, WeiBook.Free, Reason.Prover, half));
            pay(by, id, n, WeiMove(from, BURN, WeiBook.Locked, WeiBook.Free, Reason.Burnt, half));
            burnt += prover == BURN ? 2 * half : half;
        }
    }

    function loseTo(address by, bytes32 id, uint64 n, address from, address to, uint96 amount) private {
        bondsOpen[from] -= amount;
        if (to == BURN) burnt += amount;
        pay(by, id, n, WeiMove(from, to, WeiBook.Locked, WeiBook.Free, Reason.Prover, amount));
    }

    function pay(address by, bytes32 id, uint64 n, WeiMove memory one) private {
        WeiMove[] memory moves = new WeiMove[](1);
        moves[0] = one;
        vm.prank(by);
        vault.moveWei(id, n, moves);
    }
}
