// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Disproof, OpenedRow, RowWords} from "../../../src/disputes/IQuestions.sol";
import {PartFacts} from "../../../src/interfaces/BlockTypes.sol";
import {Bonds} from "../../../src/lib/Bonds.sol";
import {QuestionScene} from "./QuestionScene.sol";

/// Participants that ask about two parts, in any order: one is good; of the other one row does not decrypt to
/// what it says, and one does not open to anything. A stranger who holds the data answers for what is good, and
/// shows what is wrong, at the last second.
contract QuestionActors is QuestionScene {
    uint8 public constant GOOD = 1;
    uint8 public constant BAD = 2;
    uint32 private constant ROWS = 3;
    uint32 private constant UNSEALED = 1;
    uint32 private constant UNREADABLE = 2;

    mapping(uint8 part => PartFacts) private facts;
    mapping(uint8 part => mapping(uint32 row => OpenedRow)) private opened;
    Disproof private disproof;
    /// What of a rule was broken, in words; empty if nothing was.
    string public broken;
    mapping(string act => uint256) public taken;

    function setUp() public override {
        super.setUp();
        Part memory part = goodPart();
        keep(GOOD, part);
        part.stored[UNSEALED][100] ^= 0x10;
        // Its header names other records.
        part.segments[UNREADABLE][200] ^= 0x01;
        keep(BAD, part);
        disproof = disproofOf(part, UNSEALED, 6);
    }

    function keep(uint8 index, Part memory part) private {
        facts[index] = factsOf(part);
        doubtFacts(index, facts[index]);
        for (uint32 i = 0; i < ROWS; i++) {
            opened[index][i] = openedRow(part, i);
        }
    }

    // ── acts ──

    function askSome(uint256 seed) external {
        (uint8 part, uint8 participant) = (partOfSeed(seed), uint8((seed >> 8) % 4));
        (uint16 asked,,,) = questions.questionsOf(id, N, part);
        if ((asked >> participant) & 1 == 1 || !isDoubted(part)) return;
        uint32 rowIndex = uint32((seed >> 24) % ROWS);
        // Of what time has decided nobody has a share any more.
        RowWords memory row = questions.rowOf(id, N, part, rowIndex);
        if (row.until != 0 && row.publisher == address(0) && block.timestamp >= row.until) return;
        PartFacts memory told = facts[part];
        vm.prank((seed >> 16) % 2 == 0 ? account(participant) : operator(participant));
        questions.askRow(id, N, part, told, rowIndex);
        taken["ask"]++;
    }

    function publishSome(uint256 seed) external {
        publishOne(partOfSeed(seed), uint32((seed >> 8) % ROWS));
    }

    function disproveSome() external {
        disproveOne();
    }

    function concludeSome(uint256 seed) external {
        concludeOne(partOfSeed(seed), uint8((seed >> 8) % 4));
    }

    function panelStrikes(uint256 seed) external {
        uint8 part = partOfSeed(seed);
        if ((seed >> 8) % 32 > 0 || !isDoubted(part)) return;
        seams.strikePart(id, N, part, 1);
        taken["panel"]++;
    }

    function closeSome(uint256 seed) external {
        if (seed % 128 == 0) seams.closeBlock(id, N);
    }

    /// What is due is done before it is too late.
    function letTimePass(uint256 seed) external {
        uint256 next = block.timestamp + seed % 12;
        for (uint32 i = 0; i < ROWS; i++) {
            if (isDue(GOOD, i, next)) publishOne(GOOD, i);
            if (isDue(BAD, i, next)) publishOne(BAD, i);
        }
        if (isDue(BAD, UNSEALED, next)) disproveOne();
        vm.warp(next);
    }

    /// The block ends, and everybody is given what is theirs.
    function endAll() external {
        seams.closeBlock(id, N);
        for (uint8 i = 0; i < 4; i++) {
            concludeOne(GOOD, i);
            concludeOne(BAD, i);
        }
    }

    // ── what they see ──

    /// Bonds of questions that are open, and of parts that nobody disposed of.
    function owed() external view returns (uint256 sum, uint256 open_) {
        for (uint8 part = GOOD; part <= BAD; part++) {
            (, uint16 mask,,) = questions.questionsOf(id, N, part);
            for (; mask != 0; mask &= mask - 1) {
                open_++;
            }
            (,, uint96 bond,) = seams.partOf(id, N, part);
            sum += bond;
        }
        sum += open_ * Bonds.QUESTION;
    }

    function lockedInAll() external view returns (uint256 sum) {
        for (uint256 i = 0; i < 4; i++) {
            sum += lockedOf(account(i));
        }
    }

    function freeInAll() external view returns (uint256 sum) {
        sum = freeOf(STRANGER) + freeOf(Bonds.BURN);
        for (uint256 i = 0; i < 4; i++) {
            sum += freeOf(account(i));
        }
    }

    function heldInAll() external view returns (uint256) {
        return seams.questionsHeld(id, N);
    }

    function isBlockOpen() public view returns (bool) {
        return seams.isOpen(id, N);
    }

    // ── one act ──

    function publishOne(uint8 part, uint32 index) private {
        (RowWords memory row, bool isRunning) = running(part, index);
        if (!isRunning || row.publisher != address(0)) return;
        (PartFacts memory told, OpenedRow memory one) = (facts[part], opened[part][index]);
        vm.prank(STRANGER);
        try questions.publish(id, N, part, told, one) {
            if (part == BAD && index == UNREADABLE) broken = "what does not open was published";
            taken["publish"]++;
        } catch {
            if (part == GOOD || index != UNREADABLE) broken = "a good row was not taken";
        }
    }

    function disproveOne() private {
        (RowWords memory row, bool isRunning) = running(BAD, UNSEALED);
        if (!isRunning || row.publisher == address(0) || !isBlockOpen()) return;
        Disproof memory shown = disproof;
        vm.prank(STRANGER);
        questions.disproveText(id, N, BAD, UNSEALED, shown);
        taken["disprove"]++;
    }

    function concludeOne(uint8 part, uint8 participant) private {
        (, uint16 open_,, uint32[16] memory rows) = questions.questionsOf(id, N, part);
        if ((open_ >> participant) & 1 == 0) return;
        RowWords memory row = questions.rowOf(id, N, part, rows[participant]);
        if (block.timestamp < row.until && isBlockOpen()) return;
        uint256 paid = freeOf(STRANGER);
        questions.conclude(id, N, part, participant);
        taken["conclude"]++;
        (,, bool isStruckHere,) = questions.questionsOf(id, N, part);
        bool isRefuted = freeOf(STRANGER) > paid;
        if (isStruckHere && part == GOOD) broken = "a good part was struck";
        if (isRefuted && part == BAD && rows[participant] != 0) broken = "who was right lost a bond";
    }

    function isDue(uint8 part, uint32 index, uint256 next) private view returns (bool) {
        (RowWords memory row, bool isRunning) = running(part, index);
        return isRunning && next >= row.until;
    }

    function running(uint8 part, uint32 index) private view returns (RowWords memory row, bool isRunning) {
        row = questions.rowOf(id, N, part, index);
        isRunning = row.until > block.timestamp;
    }

    function isDoubted(uint8 part) private view returns (bool) {
        (,,, bool struck) = seams.partOf(id, N, part);
        return isBlockOpen() && !struck;
    }

    function partOfSeed(uint256 seed) private pure returns (uint8) {
        return seed % 2 == 0 ? GOOD : BAD;
    }
}
