// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {AccusationId, AccusationState, Turn} from "../../../src/disputes/IAdjudicator.sol";
import {Stage} from "../../../src/interfaces/ChannelTypes.sol";
import {HonestClock} from "./HonestClock.sol";
import {ToldTree} from "./ToldTree.sol";

/// The other three members, and anybody: whatever can be said and done, at random. Who is away does nothing.
abstract contract LyingSides is HonestClock {
    /// A bit for each member that has vanished.
    uint16 internal away;
    /// What lies are asked is answered, as far as it can be.
    bool internal doLiarsAnswer;
    mapping(uint256 who => bytes32) private seats;

    function isAnswered(bytes32 hash) internal view override returns (bool) {
        return isTrue(hash) || (doLiarsAnswer && toldOf[hash].hasTree);
    }

    function playAt() internal override {
        if (doLiarsAnswer) answerLies();
        super.playAt();
    }

    // ── whatever the stage asks for ──

    function lieOn(uint256 seed) external {
        seed = mixed(seed, 0);
        Stage stage = stageNow();
        if (stage == Stage.Collation) return postSome(seed);
        if (stage == Stage.Processing) {
            commitSome(seed);
            return revealSome(seed >> 8);
        }
        if (stage == Stage.Challenge) return ownSome(seed);
        if (stage != Stage.Dispute) return;
        uint256 kind = seed % 8;
        seed >>= 8;
        if (kind < 2) ownSome(seed);
        else if (kind < 4) accuseSome(seed);
        else if (kind < 6) askSome(seed);
        else if (kind == 6) showSome(seed);
        leadSome(seed);
    }

    // ── parts and seats ──

    function postSome(uint256 seed) public {
        for (uint256 who = 0; who < MEMBERS; who++) {
            uint256 random = mixed(seed, who);
            if (who == HONEST || has(away, who) || random % 4 == 0) continue;
            bool isBad = (random >> 8) % 2 == 0;
            postPart(who, isBad ? Fault((random >> 16) % FAULTS) : Fault.None);
        }
    }

    function commitSome(uint256 seed) public {
        if (stageNow() != Stage.Processing) return;
        for (uint256 who = 0; who < MEMBERS; who++) {
            uint256 random = mixed(seed, who);
            if (who == HONEST || has(away, who) || random % 3 == 0) continue;
            bytes32 hash = anyResult(random >> 8);
            if (commitFor(who, hash, (random >> 100) % 2 == 0)) seats[who] = hash;
        }
    }

    function revealSome(uint256 seed) public {
        if (stageNow() != Stage.Processing) return;
        for (uint256 who = 0; who < MEMBERS; who++) {
            if (who == HONEST || has(away, who) || seats[who] == 0 || mixed(seed, who) % 5 == 0) continue;
            Told memory told = toldOf[seats[who]];
            try blocks.revealResult(id, N, uint8(who), told.claim, told.opening, WORK, SALT) {
                did("reveal");
            } catch (bytes memory why) {
                allow(why);
            }
        }
    }

    // ── words ──

    /// The truth of some parts, or a lie about them.
    function anyResult(uint256 seed) private returns (bytes32) {
        uint16 parts = posted;
        if (seed % 3 == 0) parts &= ~bitOf((seed >> 8) % MEMBERS);
        if (seed % 9 == 0) parts &= ~bitOf((seed >> 16) % MEMBERS);
        if (seed % 5 == 1) parts &= goodParts();
        Now memory one = look();
        if (one.dispute.decided) parts = one.dispute.counted;
        return lie(parts & ~one.quarrel.struck, Lie((seed >> 24) % LIES), seed >> 32);
    }

    function ownSome(uint256 seed) public {
        Stage stage = stageNow();
        if (stage < Stage.Processing || stage > Stage.Dispute) return;
        for (uint256 who = 0; who < MEMBERS; who++) {
            uint256 random = mixed(seed, who);
            if (who == HONEST || has(away, who) || random % 2 == 0) continue;
            reveal(who, anyResult(random >> 8));
        }
    }

    function acceptSome(uint256 seed) public {
        Now memory one = look();
        if (one.count == 0) return;
        for (uint256 who = 0; who < MEMBERS; who++) {
            uint256 random = mixed(seed, who);
            if (who == HONEST || has(away, who) || random % 2 == 0) continue;
            bytes32 hash = one.hashes[(random >> 8) % one.count];
            vm.prank(account(who));
            try blocks.acceptResult(id, N, uint8(who), hash) {
                did("acceptance");
            } catch (bytes memory why) {
                allow(why);
            }
        }
    }

    // ── accusations ──

    /// Of anything that stands, true results among it.
    function accuseSome(uint256 seed) public {
        if (stageNow() != Stage.Dispute) return;
        Now memory one = look();
        for (uint8 who = 0; who < MEMBERS; who++) {
            uint256 random = mixed(seed, who);
            if (who == HONEST || has(away, who)) continue;
            uint8 result = uint8((random >> 8) % one.count);
            accuse(result, one.hashes[result], who, (random >> 16) % 3 == 0);
        }
    }

    /// Wherever an accusation may go.
    function leadSome(uint256 seed) public {
        if (stageNow() != Stage.Dispute) return;
        Now memory one = look();
        for (uint256 k = 0; k < accused.length; k++) {
            (uint8 result, uint8 slot) = (accused[k][0], accused[k][1]);
            if (slot % 16 == HONEST || has(away, slot % 16)) continue;
            (AccusationId memory which, AccusationState memory state) = caseOf(result, slot);
            if (state.turn == Turn.Accuser) leadOne(which, state, one.hashes[result], mixed(seed, k));
        }
    }

    function leadOne(AccusationId memory which, AccusationState memory state, bytes32 hash, uint256 random)
        private
    {
        if (!toldOf[hash].hasTree) return;
        ToldTree.Leaf[] memory leaves = leavesIn(hash);
        uint256 kind = random % 4;
        random >>= 8;
        if (state.level > 0) {
            name(which, state.accuser, leaves, random % leaves.length);
        } else if (kind < 2 && leaves.length > 0) {
            doubt(which, state.accuser, uint8(random % 4));
        } else if (kind == 2) {
            bytes[] memory all = recordsIn(ALL);
            show(which, state.accuser, leaves, state.index, all[random % all.length]);
        }
    }

    function answerLies() private {
        if (stageNow() != Stage.Dispute) return;
        Now memory one = look();
        for (uint256 k = 0; k < accused.length; k++) {
            if (!isTrue(one.hashes[accused[k][0]])) answerFor(one, k);
        }
        for (uint8 part = 0; part < MEMBERS; part++) {
            for (uint32 row = 0; row < 2 && has(posted, part) && !isGood(part); row++) {
                bool isRunning = rowNow(part, row).until > block.timestamp;
                if (isRunning && rowNow(part, row).publisher == address(0)) publish(part, row);
            }
        }
    }

    function answerSome(uint256 seed) public {
        if (stageNow() != Stage.Dispute || accused.length == 0) return;
        answerFor(look(), seed % accused.length);
    }

    // ── questions ──

    function askSome(uint256 seed) public {
        if (stageNow() != Stage.Dispute) return;
        for (uint256 who = 0; who < MEMBERS; who++) {
            uint256 random = mixed(seed, who);
            if (who == HONEST || has(away, who) || random % 2 == 0) continue;
            uint8 part = uint8((random >> 8) % MEMBERS);
            uint256 kind = (random >> 16) % 3;
            if (!has(posted, part)) continue;
            if (kind == 0) askPanel(who, part);
            else if (kind == 1 && faultOf[part] != Fault.Withheld) proveDisorder(who, part);
            else askRow(who, part, uint32((random >> 24) % 2));
        }
    }

    function showSome(uint256 seed) public {
        seed = mixed(seed, 0);
        uint8 part = uint8(seed % MEMBERS);
        if (!has(posted, part) || faultOf[part] == Fault.Withheld) return;
        if ((seed >> 8) % 4 == 0) disprove(part);
        else publish(part, uint32((seed >> 16) % 2));
    }

    function appealSome(uint256 seed) public {
        seed = mixed(seed, 0);
        uint256 who = (seed >> 8) % MEMBERS;
        if (who != HONEST && !has(away, who)) appeal(who, uint8(seed % MEMBERS));
    }

    /// Ends that are not due are refused.
    function endSome(uint256 seed) public {
        seed = mixed(seed, 0);
        uint256 kind = seed % 4;
        (uint8 a, uint8 b) = (uint8((seed >> 8) % MEMBERS), uint8((seed >> 16) % SLOTS));
        if (kind == 0) concludeRow(a, b % uint8(MEMBERS));
        if (kind == 1) concludePanel(a);
        if (kind == 2) releasePanel(a);
        if (kind == 3) endAccusation(AccusationId(id, N, a, b), (seed >> 24) % 2 == 0);
    }

    function mixed(uint256 seed, uint256 index) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed, index)));
    }
}
